"""Which state `:undo` goes back to, and why some cannot be reached."""

from __future__ import annotations

from jitrepl.errors import UndoError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from jitrepl.shell.copies import Copies


def state_before(copies: Copies, last: int, count: int, depth: int, snapshots: bool) -> int:
    """The number of the state before the last inputs.

    Args:
        copies: what there is a way back to.
        last: the number of the state that the session is in.
        count: how many inputs are to be taken back.
        depth: how many may be.
        snapshots: whether there are copies at all.

    Raises:
        UndoError: if the session does not remember that far back.
    """
    target = last - count
    known = [number for number in copies.older_than(last) if number >= last - depth]
    if target in known:
        return target
    most = last - min(known) if known else 0
    why = "" if snapshots else "; snapshots are off"
    if not most:
        raise UndoError(f"there is nothing to undo{why}")
    if count < most:
        reached = last - max(number for number in known if number < target)
        raise UndoError(f"that state was not kept, because {copies.missing}", f"`:undo {reached}` can be done")
    inputs = "1 input" if most == 1 else f"the last {most} inputs"
    hint = "`:set undo-memory` says how much memory older copies may take" if copies.given_up else ""
    raise UndoError(f"{inputs} can be undone, not {count}", hint)
