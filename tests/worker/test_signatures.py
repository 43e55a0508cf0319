from __future__ import annotations

import pytest

from jitrepl.worker import llvm
from jitrepl.worker.engine import Engine
from jitrepl.worker.owned import parse
from jitrepl.worker.signatures import Signature, TypeReader
from jitrepl.worker.types import Array, Struct, Unsupported


def signature(engine: Engine, text: str) -> Signature:
    module, message = parse(text.encode(), "test")
    assert module is not None, message
    with module, TypeReader(engine.jit.layout).context() as reader:
        return reader.signature(llvm.first_function(module.ptr))


@pytest.mark.parametrize(
    ("type", "size"),
    [
        ("i1", 1),
        ("i7", 1),
        ("i33", 8),
        ("i128", 16),
        ("half", 2),
        ("x86_fp80", 16),
        ("ptr", 8),
        ("<4 x i1>", 1),
        ("<3 x i32>", 16),
        ("[3 x i16]", 6),
        ("{ i8, i64 }", 16),
        ("<{ i8, i64 }>", 9),
        ("{}", 0),
        ("[0 x i32]", 0),
    ],
)
def test_types_keep_their_spelling_and_have_their_size(engine: Engine, type: str, size: int) -> None:
    (param,) = signature(engine, f"declare void @f({type})").params
    assert (param.text, param.size) == (type, size)


@pytest.mark.parametrize(("around", "inside"), [("[1 x ", "]"), ("{ i8, ", " }")])
def test_a_type_that_is_nested_too_deeply_has_no_values(engine: Engine, around: str, inside: str) -> None:
    for depth, kind in ((100, Struct if around[0] == "{" else Array), (2000, Unsupported)):
        type = around * depth + "i32" + inside * depth
        (param,) = signature(engine, f"declare void @f({type})").params
        assert isinstance(param, kind)
        assert param.text == type


def test_named_types_are_their_bodies(engine: Engine) -> None:
    text = "%a = type { i32, %b }\n%b = type { i8 }\ndeclare %a @f()"
    assert signature(engine, text).result.text == "{ i32, { i8 } }"


def test_fields_have_their_offsets(engine: Engine) -> None:
    struct = signature(engine, "declare { i8, i64, { i8, i32 } } @f()").result
    assert isinstance(struct, Struct)
    assert struct.offsets == (0, 8, 16)


def test_one_context_after_another_has_its_own_layouts(engine: Engine) -> None:
    # LLVM's layout remembers structs by address, and a new context may have another struct there.
    for _ in range(50):
        for body, offset in (("{ i32, double }", 8), ("{ i32, { i8, i8 } }", 4), ("{ i8, i8 }", 1)):
            struct = signature(engine, f"declare {body} @f()").result
            assert isinstance(struct, Struct)
            assert struct.offsets[1] == offset


def test_sret_is_the_result_and_byval_a_value(engine: Engine) -> None:
    found = signature(engine, "declare void @f(ptr sret({ i32, i32 }) align 4, ptr byval({ i8 }) align 8, i32)")
    assert found.result.text == "{ i32, i32 }"
    assert [type.text for type in found.params] == ["{ i8 }", "i32"]


@pytest.mark.parametrize(
    "text",
    [
        "declare i32 @f(i32, ptr, ...)",
        "declare signext i8 @f(i16 zeroext, i32 inreg)",
        "declare void @f(ptr sret({ i32, i32 }) align 4, ptr byval({ i8 }) align 8)",
        "declare cc 8 i32 @f(i32)",
        "declare cc 10 i32 @f(i32)",
        "declare void @f(ptr swiftself, ptr nest)",
    ],
)
def test_a_declaration_keeps_what_a_caller_must_know(engine: Engine, text: str) -> None:
    written = signature(engine, text).declaration("@f")
    assert sorted(written.split()) == sorted(text.split())
    assert signature(engine, written).key == signature(engine, text).key


def test_other_attributes_are_left_out(engine: Engine) -> None:
    text = 'declare noundef i32 @f(ptr noundef nonnull captures(none) "key"="value") nounwind'
    assert signature(engine, text).declaration("@f") == "declare i32 @f(ptr)"


@pytest.mark.parametrize("type", ["<vscale x 4 x i32>", 'target("spirv.Event")', "{ <vscale x 1 x i8> }"])
def test_types_without_values_are_kept_by_name(engine: Engine, type: str) -> None:
    (param,) = signature(engine, f"declare void @f({type})").params
    assert (param.text, param.size) == (type, 0)
