"""What a typed input consists of besides the symbols that it defines: what to say of it, and of what it will not do."""

from __future__ import annotations

import re

from jitrepl.filetypes import is_bitcode
from jitrepl.literal_tree import quoted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from jitrepl.worker.linking.modules import SessionModule
    from jitrepl.worker.reader import Global

_NAME = r'(?:[-a-zA-Z$._0-9]+|"[^"]*")'
# LangRef, "Module Structure": each stands at the top level, which is where lines begin.
_TYPES = re.compile(rf"^\s*(%{_NAME})\s*=\s*type\b", re.MULTILINE)
_INTRINSICS = re.compile(rf"^\s*declare\b[^@]*(@llvm\.{_NAME})", re.MULTILINE)
_ASSEMBLY = re.compile(r"^\s*module\s+asm\b", re.MULTILINE)
_WITHIN = re.compile(
    rf"^\s*(attributes\s+#\d+|![-a-zA-Z$._0-9]+(?=\s*=)|\${_NAME}(?=\s*=\s*comdat))",
    re.MULTILINE,
)
_MOST = 4


def phrases(module: SessionModule) -> tuple[str, ...]:
    """What an input without symbols has added: `defined %T`, `declared @llvm.trap`."""
    text = _text(module)
    hidden = [f"@{item.name}" if _unnamed(module, item) else quoted(item.name) for item in _hidden(module)]
    found = []
    if hidden or _TYPES.search(text):
        found.append(f"defined {_listed([*_TYPES.findall(text), *hidden])}")
    if _INTRINSICS.search(text):
        found.append(f"declared {_listed(_INTRINSICS.findall(text))}")
    if _ASSEMBLY.search(text):
        found.append("added module asm")
    return tuple(found)


def warnings(module: SessionModule, alone: bool) -> Iterator[str]:
    """What of an input cannot have the effect that it may be meant to have.

    Args:
        module: the input.
        alone: whether it has no symbols that others see.
    """
    for item in _hidden(module):
        if not item.used and _unnamed(module, item):
            yield f"warning: only this input sees @{item.name}; give it a name if later inputs are to use it"
        elif not item.used:
            word = "private" if item.private else "internal"
            yield (
                f"warning: only this input sees {quoted(item.name)}, which is {word}; "
                f"leave out `{word}` if later inputs are to use it"
            )
    if not alone or phrases(module):
        return
    entities = [" ".join(entity.split()) for entity in _WITHIN.findall(_text(module))]
    if entities:
        yield f"warning: later inputs do not see {_listed(entities)}: write it with what refers to it, as one input"


def _hidden(module: SessionModule) -> list[Global]:
    return [item for item in module.globals if item.defined and item.local and item.name]


def _unnamed(module: SessionModule, item: Global) -> bool:
    """Whether a number stands where others have a name: `define i32 @0()`."""
    return module.unnamed and item.name.isdecimal()


def _text(module: SessionModule) -> str:
    return "" if module.object or is_bitcode(module.data) else module.data.decode("utf-8", "surrogateescape")


def _listed(names: list[str]) -> str:
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return f"{', '.join(names[:_MOST])}{more}"
