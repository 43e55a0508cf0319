"""What has changed between two versions of a module."""

from __future__ import annotations

import re

from jitrepl.worker import llvm
from jitrepl.worker.linking.modules import SessionModule
from jitrepl.worker.linking.rewrite import value_named

_NUMBERED = re.compile(r"[#!]\d+")


def changed(old: SessionModule, new: SessionModule) -> list[str]:
    """The functions and variables that both versions define, and that read differently.

    Line numbers do not count, nor how attribute groups and metadata are numbered.
    """
    if old.object or new.object:
        same = old.data == new.data
        return [] if same else [item.name for item in new.definitions()]
    before, after = _texts(old), _texts(new)
    return [name for name, text in after.items() if before.get(name, text) != text]


def _texts(module: SessionModule) -> dict[str, str]:
    with module.parse() as parsed:
        llvm.strip_debug_info(parsed.ptr)
        values = {item.name: value_named(parsed.ptr, item.name) for item in module.globals if item.defined}
        texts = {name: llvm.text_of(llvm.print_value(value)) for name, value in values.items() if value}
    return {name: _NUMBERED.sub("", text) for name, text in texts.items()}
