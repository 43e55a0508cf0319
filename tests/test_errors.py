from __future__ import annotations

import inspect

import pytest

from jitrepl import errors
from jitrepl.errors import JitreplError, WorkerDied, by_name
from jitrepl.worker.jit import LinkError

TREE = [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, JitreplError)]


def test_the_drawing_shows_every_error_with_its_parent() -> None:
    parents: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        at = next((i for i, c in enumerate(line) if c.isalpha()), 0)
        name = line[at:].split(" ")[0]
        if not name.endswith(("Error", "Died", "Interrupted")) or line[:4] != "    ":
            continue
        depth = at // 4 - 1
        parents[depth:] = [name]
        parent = getattr(errors, name).__base__
        assert parent.__name__ == (parents[depth - 1] if depth else "Exception")
    drawn = (errors.__doc__ or "").split()
    assert [c.__name__ for c in TREE if c.__name__ not in drawn] == []


@pytest.mark.parametrize("kind", TREE)
def test_every_error_is_found_by_its_name_and_documented(kind: type[JitreplError]) -> None:
    assert by_name(kind.__name__) is kind
    assert kind.__doc__


def test_an_error_of_the_worker_alone_crosses_the_wire_as_what_it_is_here() -> None:
    assert errors.name_of(LinkError("Symbols not found: [ f ]", ("f",))) == "JITError"
    assert errors.name_of(errors.UndefinedError("no @f")) == "UndefinedError"


@pytest.mark.parametrize("name", ["", "Exception", "by_name", "__builtins__", "OSError", "annotations"])
def test_a_name_from_elsewhere_is_an_internal_error(name: str) -> None:
    assert by_name(name) is errors.InternalError


def test_message_and_hint_are_the_text() -> None:
    assert str(JitreplError("no @smu", "did you mean @sum?")) == "no @smu\ndid you mean @sum?"
    assert str(JitreplError("no @smu")) == "no @smu"


@pytest.mark.parametrize(
    ("kind", "status"), [("IRError", 1), ("UsageError", 2), ("Interrupted", 130), ("WorkerDied", 1)]
)
def test_an_error_knows_the_exit_status(kind: str, status: int) -> None:
    assert by_name(kind).exit_status == status


def test_a_death_knows_its_signal_and_status() -> None:
    died = WorkerDied("killed", signal=11)
    assert (died.signal, died.status, died.hint) == (11, 0, "")
