from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pytest

from jitrepl.messages import Call, Load, Quit
from jitrepl.worker import cpu
from jitrepl.worker.engine import Engine
from jitrepl.worker.linking.runtime import LIBRARIES, Runtime
from jitrepl.worker.linking.tls import tls_index
from jitrepl.worker.process import symbol_address


@pytest.fixture
def runtime() -> Runtime:
    def compile(_kind: str, _write: object) -> int:
        raise AssertionError("nothing is to be compiled")

    return Runtime(compile)


def load(engine: Engine, text: str, name: str = "a.ll") -> None:
    engine.answer(Load(name, text.encode()))


def called(engine: Engine, name: str, *arguments: str) -> object:
    return engine.answer(Call(name, arguments)).value.data  # type: ignore[attr-defined]


def test_exit_handlers_go_to_libc_under_a_handle_for_each_module(runtime: Runtime) -> None:
    assert runtime.address("__cxa_atexit") == symbol_address("__cxa_atexit")
    first, second = runtime.address("__jitrepl.dso.a.ll"), runtime.address("__jitrepl.dso.b.ll")
    assert first and second and first != second
    assert runtime.address("__jitrepl.dso.a.ll") == first == runtime.handle("a.ll")
    assert runtime.handle("c.ll") == 0
    assert runtime.ids() == ["a.ll", "b.ll"]


@pytest.mark.parametrize(
    ("symbol", "library"),
    [
        ("_ZNSt3__14coutE", "libc++.so.1"),
        ("_ZSt4cout", "libstdc++.so.6"),
        ("__gxx_personality_v0", "libstdc++.so.6"),
        ("__atomic_load_16", "libatomic.so.1"),
    ],
)
def test_the_library_of_a_symbol(symbol: str, library: str) -> None:
    assert next(name for beginnings, name in LIBRARIES if symbol.startswith(beginnings)) == library


def test_a_library_is_opened_for_a_symbol_that_it_has(runtime: Runtime) -> None:
    assert not runtime.provides("_ZSt4cout")  # the process has it then
    assert symbol_address("_ZSt4cout")


def test_a_thread_local_variable_of_a_library_is_found_in_each_thread() -> None:
    address = symbol_address("_ZSt15__once_callable") if symbol_address("_ZSt4cout") else None
    if address is None:
        ctypes.CDLL("libstdc++.so.6", mode=ctypes.RTLD_GLOBAL)
        address = symbol_address("_ZSt15__once_callable")
    assert address
    index = tls_index(address)
    assert index
    get = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(symbol_address("__tls_get_addr") or 0)
    assert get((ctypes.c_size_t * 2)(*index)) == address
    assert tls_index(symbol_address("puts") or 0) is None


def test_code_reaches_a_librarys_thread_local_variable(engine: Engine) -> None:
    load(
        engine,
        """
        @_ZSt15__once_callable = external thread_local global ptr
        declare ptr @_ZSt4cout()
        define ptr @where() {
          %p = call ptr @llvm.threadlocal.address.p0(ptr @_ZSt15__once_callable)
          ret ptr %p
        }
        @own = thread_local global i32 5
        define i32 @mine() {
          %p = call ptr @llvm.threadlocal.address.p0(ptr @own)
          %v = load i32, ptr %p
          ret i32 %v
        }""",
    )
    assert called(engine, "where") == symbol_address("_ZSt15__once_callable")
    assert called(engine, "mine") == 5


def test_what_only_the_static_parts_of_libc_have(engine: Engine) -> None:
    load(
        engine,
        """
        declare i32 @pthread_atfork(ptr, ptr, ptr)
        declare i32 @at_quick_exit(ptr)
        define i32 @register() {
          %a = call i32 @pthread_atfork(ptr null, ptr null, ptr null)
          %b = call i32 @at_quick_exit(ptr @register)
          %r = add i32 %a, %b
          ret i32 %r
        }""",
    )
    assert called(engine, "register") == 0


def test_the_processor_is_described_as_compilers_expect(runtime: Runtime) -> None:
    features, model = runtime.address("__cpu_features2"), runtime.address("__cpu_model")
    assert features and model
    assert ctypes.c_uint32.from_address(model + 12).value >> 4 & 1  # SSE2
    assert ctypes.c_uint32.from_address(features + 4).value >> (95 - 64) & 1  # x86-64


def test_levels_of_x86_64_need_all_that_they_stand_for() -> None:
    base = {"cx8", "fxsr", "sse2"}
    second = base | {"cx16", "sahf", "popcnt", "ssse3", "sse4.2"}
    bit = 95 - 32  # x86-64, in the words behind those of __cpu_model

    def levels(features: set[str]) -> int:
        words = cpu._words(features)
        return sum(word << 32 * index for index, word in enumerate(words)) >> bit & 0xF

    assert levels(base) == 0b1
    assert levels(second) == 0b11
    assert levels(second - {"popcnt"}) == 0b1
    assert levels({"avx2"}) == 0


STRUCTOR = "appending global [1 x { i32, ptr, ptr }] [{ i32, ptr, ptr } { i32 1, ptr @%s, ptr null }]"


@pytest.fixture
def log(engine: Engine) -> Iterator[ctypes.c_int64]:
    """A number that `note` of the engine's session appends digits to."""
    value = ctypes.c_int64()
    load(
        engine,
        f"""
        define void @note(i64 %digit) {{
          %old = load i64, ptr inttoptr (i64 {ctypes.addressof(value)} to ptr)
          %tens = mul i64 %old, 10
          %new = add i64 %tens, %digit
          store i64 %new, ptr inttoptr (i64 {ctypes.addressof(value)} to ptr)
          ret void
        }}""",
        "log.ll",
    )
    yield value


NOTING = """
declare void @note(i64)
declare i32 @atexit(ptr)
define internal void @{name}_start() {{ call void @note(i64 {start}) %r = call i32 @atexit(ptr @{name}_exit) ret void }}
define internal void @{name}_exit() {{ call void @note(i64 {exit}) ret void }}
define internal void @{name}_end() {{ call void @note(i64 {end}) ret void }}
@llvm.global_ctors = {constructors}
@llvm.global_dtors = {destructors}
@{name} = global i32 0
"""


def noting(name: str, start: int) -> str:
    return NOTING.format(
        name=name,
        start=start,
        exit=start + 1,
        end=start + 2,
        constructors=STRUCTOR % f"{name}_start",
        destructors=STRUCTOR % f"{name}_end",
    )


def test_exit_handlers_run_at_the_end_before_destructors_the_last_module_first(
    engine: Engine, log: ctypes.c_int64
) -> None:
    load(engine, noting("a", 1))
    load(engine, noting("b", 4), "b.ll")
    assert log.value == 14
    engine.answer(Quit())
    assert log.value == 145623


def test_a_module_that_is_unloaded_runs_what_it_has_registered_once(engine: Engine, log: ctypes.c_int64) -> None:
    from jitrepl.messages import Unload

    load(engine, noting("a", 1))
    load(engine, noting("b", 4), "b.ll")
    engine.answer(Unload("a.ll"))
    assert log.value == 1423
    engine.answer(Quit())
    assert log.value == 142356
