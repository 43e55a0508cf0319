"""Python's memory in a place of its own, so that where compiled code lies does not depend on what Python did.

A woken copy repeats inputs, and what it compiles has to get the addresses that it had. Linux gives each mapping the
highest gap that is large enough, so every mapping matters. LLVM makes the same ones each time. Python maps an arena
from time to time; the copy has done a little besides, and there it might come one function sooner.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_SIZE = 1 << 28
"""Bytes of the place; when it is full, arenas are taken from anywhere, as before."""
_NONE, _READ_WRITE = 0x0, 0x3  # PROT_ of <sys/mman.h>
_PRIVATE_ANONYMOUS, _NO_RESERVE = 0x22, 0x4000  # MAP_ of <sys/mman.h>, Linux
_DONT_NEED = 4  # MADV_DONTNEED


def arena_code(name: str) -> str:
    """The IR of the allocator: functions `NAME.begin`, `NAME.take` and `NAME.give`.

    What was given back is the first to be taken again, by who wants as much: CPython takes the stacks of its own frames
    from here, too, which are smaller than arenas (`_PyObject_VirtualAlloc`). The first bytes of what is free say which
    is the next, and how large it is.

    Args:
        name: what their names begin with.
    """
    return f"""
@"{name}.free" = internal global ptr null
@"{name}.next" = internal global i64 0
@"{name}.end" = internal global i64 0
declare ptr @mmap(ptr, i64, i32, i32, i32, i64)
declare i32 @mprotect(ptr, i64, i32)
declare i32 @munmap(ptr, i64)
declare i32 @madvise(ptr, i64, i32)
define i32 @"{name}.begin"() noinline optnone {{
  %place = call ptr @mmap(ptr null, i64 {_SIZE}, i32 {_NONE}, i32 {_PRIVATE_ANONYMOUS | _NO_RESERVE}, i32 -1, i64 0)
  %start = ptrtoint ptr %place to i64
  %failed = icmp eq i64 %start, -1
  br i1 %failed, label %no, label %yes
yes:
  %end = add i64 %start, {_SIZE}
  store i64 %start, ptr @"{name}.next"
  store i64 %end, ptr @"{name}.end"
  ret i32 1
no:
  ret i32 0
}}
define ptr @"{name}.take"(ptr %context, i64 %size) noinline optnone {{
  br label %search
search:
  %link = phi ptr [ @"{name}.free", %0 ], [ %freed, %next ]
  %freed = load ptr, ptr %link
  %none = icmp eq ptr %freed, null
  br i1 %none, label %look, label %compare
compare:
  %length = getelementptr i64, ptr %freed, i64 1
  %has = load i64, ptr %length
  %fits = icmp eq i64 %has, %size
  br i1 %fits, label %again, label %next
next:
  br label %search
again:
  %other = load ptr, ptr %freed
  store ptr %other, ptr %link
  ret ptr %freed
look:
  %start = load i64, ptr @"{name}.next"
  %end = load i64, ptr @"{name}.end"
  %behind = add i64 %start, %size
  %full = icmp ugt i64 %behind, %end
  br i1 %full, label %elsewhere, label %new
new:
  %arena = inttoptr i64 %start to ptr
  %refused = call i32 @mprotect(ptr %arena, i64 %size, i32 {_READ_WRITE})
  %good = icmp eq i32 %refused, 0
  br i1 %good, label %taken, label %nothing
taken:
  store i64 %behind, ptr @"{name}.next"
  ret ptr %arena
elsewhere:
  %mapped = call ptr @mmap(ptr null, i64 %size, i32 {_READ_WRITE}, i32 {_PRIVATE_ANONYMOUS}, i32 -1, i64 0)
  %address = ptrtoint ptr %mapped to i64
  %failed = icmp eq i64 %address, -1
  br i1 %failed, label %nothing, label %found
found:
  ret ptr %mapped
nothing:
  ret ptr null
}}
define void @"{name}.give"(ptr %context, ptr %arena, i64 %size) noinline optnone {{
  %start = ptrtoint ptr %arena to i64
  %end = load i64, ptr @"{name}.end"
  %from = sub i64 %end, {_SIZE}
  %offset = sub i64 %start, %from
  %ours = icmp ult i64 %offset, {_SIZE}
  br i1 %ours, label %keep, label %unmap
keep:
  call i32 @madvise(ptr %arena, i64 %size, i32 {_DONT_NEED})
  %other = load ptr, ptr @"{name}.free"
  store ptr %other, ptr %arena
  %length = getelementptr i64, ptr %arena, i64 1
  store i64 %size, ptr %length
  store ptr %arena, ptr @"{name}.free"
  ret void
unmap:
  call i32 @munmap(ptr %arena, i64 %size)
  ret void
}}
"""


class _Allocator(ctypes.Structure):
    """`PyObjectArenaAllocator` of CPython's <cpython/objimpl.h>."""

    _fields_ = (("context", ctypes.c_void_p), ("take", ctypes.c_void_p), ("give", ctypes.c_void_p))


def use_arenas(name: str, address_of: Callable[[str], int]) -> None:
    """Make Python take its arenas from the place; where it cannot be reserved, nothing changes.

    Args:
        name: as for `arena_code`, whose module was added.
        address_of: gives the address of a symbol.
    """
    if ctypes.CFUNCTYPE(ctypes.c_int)(address_of(f"{name}.begin"))():
        allocator = _Allocator(None, address_of(f"{name}.take"), address_of(f"{name}.give"))
        ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(allocator))
