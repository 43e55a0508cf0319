from __future__ import annotations

import pytest

from jitrepl.errors import InputError
from jitrepl.worker.linking.lowering import entries, has_ifuncs, lower, table_symbol
from jitrepl.worker.linking.sections import CONSTRUCTORS, DESTRUCTORS
from jitrepl.worker.owned import Module, parse, verify

STRUCTORS = """
define void @f() {{ ret void }}
@{name} = appending global [2 x {{ i32, ptr, ptr }}] [
  {{ i32, ptr, ptr }} {{ i32 1, ptr @f, ptr null }}, {{ i32, ptr, ptr }} {{ i32 2, ptr @f, ptr null }}
]
"""
IFUNC = """
define internal i32 @impl(i32 %x) { ret i32 %x }
define internal ptr @choose() { ret ptr @impl }
@chosen = weak hidden ifunc i32 (i32), ptr @choose
@also = alias i32 (i32), ptr @chosen
@table = global ptr @chosen
define i32 @use(i32 %x) {
  %r = call i32 @chosen(i32 %x)
  ret i32 %r
}
"""


def module_of(text: str) -> Module:
    module, message = parse(text.encode(), "a.ll")
    assert module is not None, message
    module.identifier = "a.ll"
    return module


@pytest.mark.parametrize("kind", [CONSTRUCTORS, DESTRUCTORS])
def test_a_table_of_initialisers_becomes_a_variable_that_can_be_looked_up(kind: str) -> None:
    with module_of(STRUCTORS.format(name=kind)) as module:
        assert entries(module) == ((2, 0) if kind == CONSTRUCTORS else (0, 2))
        lower(module, "x86_64")
        assert verify(module) == ""
        assert f'@"{table_symbol(kind, "a.ll")}" = global' in module.text() or (
            f"@{table_symbol(kind, 'a.ll')} = global" in module.text()
        )
        assert kind not in module.text()


def test_a_module_without_any_of_it_stays_as_it_is() -> None:
    with module_of("define i32 @f() { ret i32 1 }") as module:
        before = module.text()
        lower(module, "x86_64")
        assert module.text() == before


def test_an_ifunc_becomes_a_function_that_jumps() -> None:
    with module_of(IFUNC) as module:
        assert has_ifuncs(module)
        lower(module, "x86_64")
        assert verify(module) == ""
        assert not has_ifuncs(module)
        text = module.text()
        assert "define weak hidden i32 @chosen(i32" in text
        assert "@also = alias i32 (i32), ptr @chosen" in text
        assert "@table = global ptr @chosen" in text


def test_a_machine_without_a_way_for_ifuncs_refuses_them() -> None:
    with module_of(IFUNC) as module, pytest.raises(InputError, match="ifuncs do not work on riscv64"):
        lower(module, "riscv64")


def test_exit_handlers_are_registered_under_a_handle_of_the_module() -> None:
    text = """
    @__dso_handle = external hidden global i8
    declare i32 @__cxa_atexit(ptr, ptr, ptr)
    declare i32 @atexit(ptr)
    define void @f() {
      %a = call i32 @__cxa_atexit(ptr @f, ptr null, ptr @__dso_handle)
      %b = call i32 @atexit(ptr @f)
      ret void
    }"""
    with module_of(text) as module:
        lower(module, "x86_64")
        assert verify(module) == ""
        lowered = module.text()
        assert "@__jitrepl.dso.a.ll = external hidden global" in lowered
        assert "__dso_handle" not in lowered
        assert "define internal i32 @__jitrepl.atexit(ptr" in lowered
        assert "call i32 @atexit" not in lowered


def test_a_function_of_the_users_called_atexit_is_left_alone() -> None:
    with module_of("define i32 @atexit(ptr %f) { ret i32 7 }\ndeclare void @g()") as module:
        lower(module, "x86_64")
        assert "define i32 @atexit(ptr %f)" in module.text()


def test_a_thread_local_alias_gives_way_to_its_variable() -> None:
    text = """
    @x = thread_local global i32 1
    @y = thread_local alias i32, ptr @x
    define i32 @f() {
      %p = call ptr @llvm.threadlocal.address.p0(ptr @y)
      %v = load i32, ptr %p
      ret i32 %v
    }"""
    with module_of(text) as module:
        lower(module, "x86_64")
        assert verify(module) == ""
        assert "address.p0(ptr @x)" in module.text()
