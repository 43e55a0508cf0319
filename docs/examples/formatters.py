"""A formatter for docs/python.md: `:host docs/examples/formatters.py`."""

from jitrepl import formatter


@formatter("struct point")
def point(value):
    return int(value["x"]), int(value["y"])
