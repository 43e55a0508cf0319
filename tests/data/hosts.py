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


@host("{ i32, double } ({ i32, double })")
def swap_sign(pair):
    return (-pair[0], -pair[1])


@host("void (ptr, i32)", pattern="log_*")
def log(name, text: str, number):
    print(f"{name}: {text} {number}")


@host("i32 (i32)")
def checked(n):
    if n > 9:
        raise ValueError(f"{n} is more than 9")
    return n


@host("ptr (i32)")
def greeting(n):
    return "hello" if n else None


@host("i32 ()")
def leave():
    raise SystemExit(3)
