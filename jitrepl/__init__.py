"""jitrepl: a REPL for LLVM IR.

    from jitrepl import Session

    with Session() as session:
        session.load("sum.ll")
        session.call("sum", 1, 2)      # 3

`Session` runs a session from Python, `host` makes Python functions callable from JITed code, `formatter` says how
values of a source type are shown, and `errors` has the exceptions. Nothing is imported before it is used: the start
of the program is on the user's time.
"""

from __future__ import annotations

__version__ = "0.1.0"
__all__ = ["JitreplError", "Session", "__version__", "errors", "formatter", "host"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl import errors
    from jitrepl.errors import JitreplError
    from jitrepl.formatting import formatter
    from jitrepl.hosting import host
    from jitrepl.shell.session import Session

_HOME = {
    "Session": "jitrepl.shell.session",
    "JitreplError": "jitrepl.errors",
    "formatter": "jitrepl.formatting",
    "host": "jitrepl.hosting",
}


def __getattr__(name: str) -> object:
    if name in _HOME:
        from importlib import import_module

        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'jitrepl' has no attribute {name!r}")
