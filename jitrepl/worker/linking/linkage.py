"""What a definition does to one of the same name that was there before: linkers' rules, and those of a session.

Source: LangRef, "Linkage Types"; what the session adds is that a later strong definition replaces an earlier one.
"""

from __future__ import annotations

from jitrepl.worker.linking import rewrite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl.worker.linking.modules import SessionModule
    from jitrepl.worker.owned import Module
    from jitrepl.worker.reader import Global

KEEP, SHARE, RESET, REPLACE, REFUSE = "keep", "share", "reset", "replace", "refuse"
"""Verdicts.

keep: the earlier definition stands for the new one, as linkers merge them.
share: the variable goes on as it is, with its value.
reset: the variable gets the new initial value, where it is; there is no such place for a constant, which code may
    have been compiled with, or a thread_local variable.
replace: everybody is to use the new one. A function's former body leads there; who refers to anything else that was
    replaced is compiled again.
refuse: both cannot be.
"""


def verdict(old: Global, new: Global, replace: bool, again: bool, same_initial: bool, fresh: bool) -> str:
    """What a new definition does to an old one.

    Args:
        old, new: the definitions.
        replace: whether a later strong definition replaces an earlier one; else that is a duplicate.
        again: whether they are of two versions of one module.
        same_initial: whether they are variables with the same initialiser, or the new one has none to speak of.
        fresh: whether the new module has static constructors, which want memory that nobody has used.
    """
    larger = old.common and new.common and new.type.size > old.type.size
    if new.weak and not again and not larger:
        return KEEP
    if not replace and not old.weak:
        return KEEP if old.comdat and new.comdat else REFUSE
    if old.kind != "variable" or new.kind != "variable" or old.thread_local != new.thread_local:
        return REPLACE
    if old.type.text != new.type.text or old.constant != new.constant or fresh:
        return REPLACE
    if same_initial:
        return SHARE
    return REPLACE if new.constant or new.thread_local else RESET


def same_initial(old: SessionModule, new: Module, name: str) -> bool:
    """Whether a variable that two modules define starts with the same value in both."""
    later = rewrite.initial_value(new.ptr, name)
    if later.endswith((" undef", " poison")):
        return True
    with old.parse() as parsed:
        return rewrite.initial_value(parsed.ptr, name) == later
