"""Dry runs that touch the pages the next input will write to: at the start, and after each input.

After a copy was left, the first write to each page waits until that page is copied. Better now, when nobody waits, than
in the next input.
"""

from __future__ import annotations

from jitrepl import messages, wire
from jitrepl.errors import JitreplError
from jitrepl.worker.owned import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl.worker.engine import Engine

_INPUT = messages.Load("<rehearsal>", b"define i32 @f(i32 %x) {\n  %r = add i32 %x, 1\n  ret i32 %r\n}\n")


def warm_up(engine: Engine) -> None:
    """Do ahead what the first call and the first crash would wait for."""
    engine.run_nothing()
    if engine.snapshots:
        import jitrepl.worker.crashes.report  # noqa: F401 - a woken copy has it then


def rehearse(engine: Engine) -> None:
    """Receive and read an input, call a function, and make a reply, all of which is thrown away."""
    trace, engine.jit.trace = engine.jit.trace, None
    try:
        request = wire.decode(wire.encode(_INPUT))
        assert isinstance(request, messages.Load)
        module, _ = parse(request.data, request.name)
        if module:
            module.close()
        engine.run_nothing()
        wire.decode(wire.encode(messages.Called("abs", messages.Value("i32", "0", 0))))
    except JitreplError:
        pass  # the next input will be told
    finally:
        engine.jit.trace = trace
