"""Signal stacks for the threads that JITed code starts, so that a stack overflow in one can be told.

A signal stack belongs to a thread (sigaltstack(2)), and the thread has to set it up itself. So JITed code gets a
`pthread_create` that has it done before the thread's function runs. Libraries that start threads on behalf of JITed
code (`std::thread` lives in libstdc++) call libc's by their own tables, in which it is replaced.
"""

from __future__ import annotations

import ctypes
import mmap
import os
from struct import iter_unpack, unpack_from

from jitrepl.worker.crashes.crash_watch import STARTERS, THREAD_STARTER
from jitrepl.worker.jit import Jit
from jitrepl.worker.linking.lowering import PREFIX
from jitrepl.worker.owned import own_module
from jitrepl.worker.process import symbol_address
from jitrepl.worker.shared_libraries import Library, libraries

_SIZE = 1 << 18
"""Bytes of a signal stack; those that are not used take no memory."""


class ThreadStarter:
    """The `pthread_create` that gives a thread its signal stack.

    Args:
        jit: compiles it.
    """

    def __init__(self, jit: Jit) -> None:
        self._jit = jit
        self._patched: set[int] = set()
        self.address: int | None = None
        """Where it is, once somebody may need it."""

    def prepare(self) -> None:
        """Make it ready, and enter it in the tables of the libraries that start threads."""
        original = symbol_address(THREAD_STARTER)
        if original is None:
            return
        if self.address is None:
            name = f"{PREFIX}thread"
            self._jit.add(own_module(_starter(name, original), name))
            self.address = self._jit.lookup(name)
        files = tuple(STARTERS)
        for library in libraries():
            file = os.fsdecode(library.name or b"").rpartition("/")[2]
            if library.base not in self._patched and file.startswith(files):
                self._patched.add(library.base)
                _Imports(library).replace(THREAD_STARTER, self.address)


def _starter(name: str, original: int) -> str:
    """The IR of it.

    The stack is unmapped by the destructor of a thread-specific value, however the thread ends. Without memory for
    it, the thread has to do without.
    """
    return f"""
@key = internal global i32 0
@once = internal global i32 0
declare i32 @pthread_once(ptr, ptr)
declare i32 @pthread_key_create(ptr, ptr)
declare i32 @pthread_setspecific(i32, ptr)
declare ptr @malloc(i64)
declare void @free(ptr)
declare ptr @mmap(ptr, i64, i32, i32, i32, i64)
declare i32 @munmap(ptr, i64)
declare i32 @sigaltstack(ptr, ptr)
define internal void @make_key() noinline optnone uwtable {{
  call i32 @pthread_key_create(ptr @key, ptr @drop)
  ret void
}}
define internal void @drop(ptr %memory) noinline optnone uwtable {{
  %none = alloca {{ ptr, i32, i64 }}
  store {{ ptr, i32, i64 }} {{ ptr null, i32 {_DISABLE}, i64 0 }}, ptr %none
  call i32 @sigaltstack(ptr %none, ptr null)
  call i32 @munmap(ptr %memory, i64 {_SIZE})
  ret void
}}
define internal ptr @"{name}.run"(ptr %start) noinline optnone uwtable {{
  %function = load ptr, ptr %start
  %argument.at = getelementptr ptr, ptr %start, i64 1
  %argument = load ptr, ptr %argument.at
  call void @free(ptr %start)
  %memory = call ptr @mmap(ptr null, i64 {_SIZE}, i32 {mmap.PROT_READ | mmap.PROT_WRITE}, i32 {_PRIVATE}, i32 -1, i64 0)
  %failed = icmp eq ptr %memory, inttoptr (i64 -1 to ptr)
  br i1 %failed, label %run, label %set
set:
  %key = load i32, ptr @key
  call i32 @pthread_setspecific(i32 %key, ptr %memory)
  %stack = alloca {{ ptr, i32, i64 }}
  store {{ ptr, i32, i64 }} {{ ptr null, i32 0, i64 {_SIZE} }}, ptr %stack
  store ptr %memory, ptr %stack
  call i32 @sigaltstack(ptr %stack, ptr null)
  br label %run
run:
  %result = musttail call ptr %function(ptr %argument)
  ret ptr %result
}}
define i32 @"{name}"(ptr %thread, ptr %attributes, ptr %function, ptr %argument) noinline optnone uwtable {{
  call i32 @pthread_once(ptr @once, ptr @make_key)
  %start = call ptr @malloc(i64 16)
  %failed = icmp eq ptr %start, null
  br i1 %failed, label %full, label %create
full:
  ret i32 {_EAGAIN}
create:
  store ptr %function, ptr %start
  %argument.at = getelementptr ptr, ptr %start, i64 1
  store ptr %argument, ptr %argument.at
  %pthread_create = inttoptr i64 {original} to ptr
  %error = call i32 %pthread_create(ptr %thread, ptr %attributes, ptr @"{name}.run", ptr %start)
  %bad = icmp ne i32 %error, 0
  br i1 %bad, label %not, label %done
not:
  call void @free(ptr %start)
  br label %done
done:
  ret i32 %error
}}
"""


_DISABLE, _EAGAIN = 2, 11  # SS_DISABLE, <errno.h>
_PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


# The tables of open libraries (System V ABI, "Dynamic Section"; <link.h>)


_DYNAMIC_SEGMENT, _RELRO_SEGMENT = 2, 0x6474E552  # PT_DYNAMIC, PT_GNU_RELRO
_STRINGS, _SYMBOLS, _RELA, _RELA_SIZE, _PLT_SIZE, _PLT = 5, 6, 7, 8, 2, 23  # DT_
_GLOB_DAT, _JUMP_SLOT = 6, 7  # R_X86_64_
_PAGE = 4096


class _Imports:
    """What a shared library has the loader import.

    Args:
        library: the library.
    """

    def __init__(self, library: Library) -> None:
        self.base: int = library.base
        self._segments = library.segments[: library.count]

    def replace(self, name: str, address: int) -> None:
        """Make the library's calls of an imported function go to an address."""
        wanted = name.encode() + b"\0"
        table = self._dynamic()
        for start, size in ((_PLT, _PLT_SIZE), (_RELA, _RELA_SIZE)):
            data = ctypes.string_at(table[start], table[size]) if table.get(size) else b""
            for place, info, _ in iter_unpack("<QQq", data):  # Elf64_Rela
                if info & 0xFFFFFFFF in (_GLOB_DAT, _JUMP_SLOT):
                    symbol = ctypes.c_uint32.from_address(table[_SYMBOLS] + 24 * (info >> 32)).value  # st_name
                    if ctypes.string_at(table[_STRINGS] + symbol, len(wanted)) == wanted:
                        self._write(self.base + place, address)

    def _dynamic(self) -> dict[int, int]:
        """The dynamic section, with addresses as the loader has made them: absolute."""
        for segment in self._segments:
            if segment.type == _DYNAMIC_SEGMENT:
                data = ctypes.string_at(self.base + segment.address, segment.size)
                return dict(unpack_from("<QQ", data, at) for at in range(0, len(data), 16))
        return {}

    def _write(self, place: int, value: int) -> None:
        """Write to a slot, which the dynamic loader may have made read-only."""
        relro = any(
            segment.type == _RELRO_SEGMENT and 0 <= place - self.base - segment.address < segment.size
            for segment in self._segments
        )
        page = place & -_PAGE
        libc = ctypes.CDLL(None)
        if relro and libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(_PAGE), mmap.PROT_READ | mmap.PROT_WRITE):
            return
        ctypes.c_uint64.from_address(place).value = value
        if relro:
            libc.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(_PAGE), mmap.PROT_READ)
