"""Host functions for docs/host-functions.md: `:host docs/examples/hosts.py`."""

from jitrepl import host


@host("i32 (i32, i32)")
def add(a, b):
    return a + b


@host
def half(x: float) -> float:
    return x / 2


@host("i64 (ptr)", name="text.length")
def length(text: str):
    return len(text)


@host("{ i32, i32 } (i32, i32)")
def divide(a, b):
    return a // b, a % b


@host("void (i32)", pattern="trace_*")
def trace(name, value):
    print(f"{name}: {value}")


@host("i32 (i32)")
def checked(n):
    if n > 9:
        raise ValueError(f"{n} is more than 9")
    return n
