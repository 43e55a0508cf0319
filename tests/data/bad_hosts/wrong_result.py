"""Returns what its signature does not say."""

from jitrepl import host


@host("i32 ()")
def wrong_result():
    return "text"


@host("i8 ()")
def too_big():
    return 1000


@host("i32 ()")
def nothing():
    return None


@host("i32 (i32)")
def too_few_parameters():
    return 1
