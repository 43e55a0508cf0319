from __future__ import annotations

from jitrepl.worker.linking.lowering import entries, lower, table_symbol
from jitrepl.worker.linking.sections import CONSTRUCTORS, DESTRUCTORS, complete, listed
from jitrepl.worker.owned import Module, parse, verify

LISTS = """
declare void @f()
@a = internal global ptr @f, section ".init_array.120"
@b = internal global [3 x ptr] [ptr @f, ptr null, ptr @f], section ".init_array"
@c = internal global ptr @f, section ".preinit_array"
@d = internal global [2 x ptr] [ptr @f, ptr @f], section ".fini_array.7"
@none = internal global [2 x ptr] zeroinitializer, section ".init_array"
@elsewhere = external global ptr, section ".init_array"
@data = internal global ptr @f, section "init_array"
@llvm.global_ctors = appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 5, ptr @f, ptr null }]
"""
BOUNDS = """
@__stop_things = external global i8
@kept = internal constant i32 1, section "things"
@other = internal constant i32 1, section "stuff"
"""


def module_of(text: str) -> Module:
    module, message = parse(text.encode(), "a.ll")
    assert module is not None, message
    module.identifier = "a.ll"
    return module


def test_what_is_listed_and_when_it_is_due() -> None:
    with module_of(LISTS) as module:
        found = listed(module.ptr)
        assert {kind: [due for due, _ in pairs] for kind, pairs in found.items()} == {
            CONSTRUCTORS: [120, 65535, 65535, -1],
            DESTRUCTORS: [7, 7],
        }


def test_the_lists_join_the_tables() -> None:
    with module_of(LISTS) as module:
        assert entries(module) == (5, 2)
        lower(module, "x86_64")
        assert verify(module) == ""
        text = module.text()
        assert f"@{table_symbol(CONSTRUCTORS, 'a.ll')} = global [5 x " in text
        assert f"@{table_symbol(DESTRUCTORS, 'a.ll')} = global [2 x " in text


def test_tables_of_two_fields() -> None:
    table = (
        "@llvm.global_ctors = appending global [1 x { i32, ptr }] [{ i32, ptr } { i32 5, ptr @f }] declare void @f()"
    )
    with module_of(table) as module:
        assert "third field" in verify(module)
        complete(module.ptr)
        assert verify(module) == ""
        assert "{ i32 5, ptr @f, ptr null }" in module.text()


def test_what_lies_between_bounds_is_kept() -> None:
    with module_of(BOUNDS) as module:
        lower(module, "x86_64")
        text = module.text()
        assert 'hidden constant i32 1, section "things"' in text
        assert "@other = internal constant" in text
