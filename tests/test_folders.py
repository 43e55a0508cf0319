"""Where jitrepl keeps things of the user."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from jitrepl.folders import cache_folder, state_folder


@pytest.mark.parametrize(
    ("folder", "variable", "usual"),
    [
        (cache_folder, "XDG_CACHE_HOME", "/home/somebody/.cache/jitrepl"),
        (state_folder, "XDG_STATE_HOME", "/home/somebody/.local/state/jitrepl"),
    ],
)
def test_a_folder_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, folder: Callable[[], str], variable: str, usual: str
) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.setenv(variable, "/elsewhere")
    assert folder() == "/elsewhere/jitrepl"
    for none in ("", "not/absolute"):
        monkeypatch.setenv(variable, none)
        assert folder() == usual
    monkeypatch.delenv(variable)
    assert folder() == usual
