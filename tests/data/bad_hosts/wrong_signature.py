"""Has a signature that is no IR type."""

from jitrepl import host


@host("int (int)")
def f(x):
    return x
