from jitrepl import host


@host("i32 (i32)"
def f(x):
    return x
