from __future__ import annotations

import ctypes

import pytest

from jitrepl import Session
from jitrepl.errors import ThrownError
from jitrepl.worker import llvm
from jitrepl.worker.languages.one_unwinder import DEREGISTER, REGISTER, _slots, walker, walkers
from jitrepl.worker.library import open_libllvm


def test_libllvm_calls_ours() -> None:
    llvm.version()
    slots = _slots(open_libllvm()._handle, frozenset({REGISTER.encode(), DEREGISTER.encode()}))
    libgcc = ctypes.CDLL("libgcc_s.so.1")
    for name in (REGISTER, DEREGISTER):
        now = ctypes.c_void_p.from_address(slots[name.encode()]).value
        theirs = [ctypes.cast(library[name], ctypes.c_void_p).value for library in (libgcc, walkers[0])]
        assert now not in [None, *theirs]


def test_crashes_are_walked_by_the_other_one() -> None:
    llvm.version()
    assert walker("_Unwind_Backtrace") == ctypes.cast(walkers[0]["_Unwind_Backtrace"], ctypes.c_void_p).value


THROWING = """
declare ptr @__cxa_allocate_exception(i64)
declare void @__cxa_throw(ptr, ptr, ptr)
@_ZTIi = external constant ptr
define void @throw{n}() {{
  %e = call ptr @__cxa_allocate_exception(i64 4)
  store i32 {n}, ptr %e
  call void @__cxa_throw(ptr %e, ptr @_ZTIi, ptr null)
  unreachable
}}
define void @through{n}() {{
  call void @throw{n}()
  ret void
}}
"""


def test_tables_come_and_go(session: Session) -> None:
    for number in range(12):
        session.load(THROWING.format(n=number))
        there = [earlier for earlier in range(number) if earlier % 3 != 1]
        for thrown in (number, *there):
            with pytest.raises(ThrownError, match=f"int: {thrown}$"):
                session.call(f"through{thrown}")
        if number % 3 == 1:
            session.unload(session.symbols_by_name[f"through{number}"].module, force=True)
