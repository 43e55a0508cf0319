"""What is said of an input that was loaded."""

from __future__ import annotations

from jitrepl import messages
from jitrepl.worker.linking.modules import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl.worker.linking.admission import Admission
    from jitrepl.worker.linking.modules import SessionModule


def loaded(admission: Admission, named: bool, others: tuple[str, ...], notes: tuple[str, ...]) -> messages.Loaded:
    """The reply to an input that has come into the session.

    Args:
        admission: how it came in.
        named: whether to say what it defines: to spell the names of 200 C++ functions takes 2 ms.
        others: what it adds besides symbols.
        notes: what was noted on the way.
    """
    module = admission.module
    state = "ready" if module.ready else "lazy"
    changed: tuple[str, ...] = ()
    if admission.previous:
        from jitrepl.worker.linking import compare

        changed = tuple(compare.changed(admission.previous, module))
    return messages.Loaded(
        module.name,
        tuple(describe(item, module.name, state) for item in (module.definitions() if named else ())),
        tuple(item.name for item in module.globals if not item.defined),
        tuple(admission.replaced),
        admission.previous is not None,
        changed,
        tuple(admission.gone),
        notes,
        others=others,
    )


def others_in(module: SessionModule) -> tuple[tuple[str, ...], list[str]]:
    """What a typed input adds besides symbols, and warnings of what later inputs will not see of it."""
    defines = any(True for _ in module.definitions())
    hidden = any(item.local and not item.used for item in module.globals)
    if not module.name.startswith("<") or (defines and not hidden):
        return (), []
    from jitrepl.worker import contents

    declares = any(not item.defined for item in module.globals)
    return contents.phrases(module) if not defines else (), list(contents.warnings(module, not (defines or declares)))
