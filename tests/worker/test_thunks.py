from __future__ import annotations

import pytest

from jitrepl.errors import ArgumentError
from jitrepl.worker.calls import SessionMemory
from jitrepl.worker.engine import Engine
from jitrepl.worker.languages.unwinding import WayOut
from jitrepl.worker.owned import parse
from jitrepl.worker.signatures import Signature
from jitrepl.worker.thunks import Thunks, call_thunk, host_thunk, offsets_of
from jitrepl.worker.types import Int, Pointer


@pytest.fixture
def memory(engine: Engine) -> SessionMemory:
    return SessionMemory(engine.dylib, engine.dylib.reader.types)


SIGNATURES = [
    "void ()",
    "i32 (i32, ptr, ...)",
    "{ i8, <3 x i7> } ([2 x half], fp128)",
    "void (ptr sret({ i64, i64, i64 }) align 8, ptr byval({ i32 }) align 4)",
    "signext i8 (i8 zeroext)",
    "x86_fp80 (x86_fp80)",
    "[0 x i32] ({})",
]


@pytest.mark.parametrize("text", SIGNATURES)
@pytest.mark.parametrize("catches", [False, True])
def test_a_call_thunk_is_valid_ir(memory: SessionMemory, text: str, catches: bool) -> None:
    module, message = parse(call_thunk("t", memory.signature_of(text), (), catches).encode(), "t")
    assert module is not None, message
    module.close()


@pytest.mark.parametrize("text", [text for text in SIGNATURES if "..." not in text])
@pytest.mark.parametrize("returns", [True, False])
def test_a_host_thunk_is_valid_ir(engine: Engine, memory: SessionMemory, text: str, returns: bool) -> None:
    text = host_thunk("t", memory.signature_of(text), 1, 4096, WayOut(engine.jit), returns)
    module, message = parse(text.encode(), "t")
    assert module is not None, message
    module.close()


def test_arguments_lie_one_behind_the_other_without_gaps() -> None:
    assert offsets_of((Int(8, 1), Int(64, 8), Pointer(0, 8))) == ((0, 1, 9), 17)
    assert offsets_of(()) == ((), 0)


def test_functions_of_one_signature_share_a_thunk(engine: Engine, memory: SessionMemory) -> None:
    thunks = Thunks(engine.jit)
    one = thunks.for_call(memory.signature_of("i32 (i32)"), ())
    assert thunks.for_call(memory.signature_of("i32 (i32)"), ()) is one
    assert thunks.for_call(memory.signature_of("i32 (i64)"), ()) is not one
    assert thunks.for_call(memory.signature_of("signext i32 (i32)"), ()) is not one


def test_a_thunk_from_before_exceptions_is_not_used_after(engine: Engine, memory: SessionMemory) -> None:
    thunks = Thunks(engine.jit)
    before = thunks.for_call(memory.signature_of("i32 ()"), ())
    thunks.way_out.catch()
    assert thunks.for_call(memory.signature_of("i32 ()"), ()) is not before


def test_variadic_calls_have_a_thunk_for_each_list_of_types(engine: Engine, memory: SessionMemory) -> None:
    thunks, signature = Thunks(engine.jit), memory.signature_of("i32 (ptr, ...)")
    one = thunks.for_call(signature, (Int(32, 4),))
    assert thunks.for_call(signature, (Int(64, 8),)) is not one


def test_a_host_function_takes_no_ellipsis(engine: Engine, memory: SessionMemory) -> None:
    with pytest.raises(ArgumentError, match=r"cannot take `\.\.\.`"):
        host_thunk("t", memory.signature_of("void (...)"), 1, 4096, WayOut(engine.jit))


@pytest.mark.parametrize("text", ["void (<vscale x 4 x i32>)", "<vscale x 4 x i32> ()"])
def test_types_without_values_are_refused(memory: SessionMemory, text: str) -> None:
    signature: Signature = memory.signature_of(text)
    with pytest.raises(ArgumentError, match="cannot be passed from here"):
        call_thunk("t", signature)
