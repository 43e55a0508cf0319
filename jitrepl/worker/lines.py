"""Line numbers for IR that somebody typed: each instruction gets the line that it stands on as its debug location.

With that, a crash report names the line, as it does for C. Only text without debug info of its own is treated so.
Source: LangRef, "Source Level Debugging with LLVM"; llvm-c/DebugInfo.h.
"""

from __future__ import annotations

import re

from jitrepl.worker import llvm, llvm_debug
from jitrepl.worker.owned import Module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LONGEST = 20_000
"""Texts of more lines are files that a program wrote; they are left as they are."""

# Types that the session lent stand in front of the first line.
_DEFINE = re.compile(r'(?:^|\s)define\b[^@]*@(?:([-\w$.]+)|"([^"]*)")\s*\(')
_LABEL = re.compile(r'^\s*(?:[-\w$.]+|"[^"]*"):')
_LANGUAGE_C99, _FULL_DEBUG = 11, 1  # LLVMDWARFSourceLanguage, LLVMDWARFEmissionKind
_WARNING = 1  # LLVMModuleFlagBehavior
_DEBUG_INFO_VERSION = 3


def stamp_lines(module: Module, name: str, text: str, folder: str = "") -> None:
    """Give the instructions of a module the lines of its text.

    Args:
        module: what was read from the text.
        name: what reports call the text, as if it were a file.
        text: the text.
        folder: where a debugger looks for a file of that name.
    """
    lines = text.split("\n")
    if len(lines) > _LONGEST or "DICompileUnit" in text or module.context is None:
        return
    bodies = dict(_bodies(lines))
    if not bodies:
        return
    builder = llvm_debug.builder(module.ptr)
    file = llvm_debug.file(builder, *_text(name), *_text(folder))
    # Every unit has its texts: producer, flags, split name, sysroot and SDK, of which only the first says something.
    llvm_debug.unit(
        builder, _LANGUAGE_C99, file, *_text("jitrepl"), 0, *_text(""), 0, *_text(""), _FULL_DEBUG, 0, 0, 0,
        *_text(""), *_text(""),
    )  # fmt: skip
    type = llvm_debug.subroutine_type(builder, file, None, 0, 0)
    for function_name, (first, places) in bodies.items():
        function = llvm.named_function(module.ptr, llvm.encoded(function_name))
        if not function:
            continue
        label = _text(function_name)
        scope = llvm_debug.function(builder, file, *label, *label, file, first, type, 0, 1, first, 0, 0)
        llvm_debug.set_subprogram(function, scope)
        instructions = list(_instructions(function))
        if len(places) != len(instructions):
            places = [first] * len(instructions)  # several on a line, or a form that is not known here
        for instruction, line in zip(instructions, places, strict=True):
            location = llvm_debug.location(module.context.ptr, line, 0, scope, None)
            llvm_debug.set_location(instruction, location)
    version = llvm.const_int(llvm.int32_type(module.context.ptr), _DEBUG_INFO_VERSION, 0)
    llvm.add_module_flag(module.ptr, _WARNING, *_text("Debug Info Version"), llvm.as_metadata(version))
    llvm_debug.finalize(builder)
    llvm_debug.dispose(builder)


def _text(text: str) -> tuple[bytes, int]:
    data = llvm.encoded(text)
    return data, len(data)


def _bodies(lines: list[str]) -> Iterator[tuple[str, tuple[int, list[int]]]]:
    """For each function that is defined: its name, the line of its `define`, and the lines that begin instructions."""
    name, first, places, depth = "", 0, list[int](), 0
    for number, line in enumerate(lines, 1):
        code = line.partition(";")[0]
        if not name:
            match = _DEFINE.search(code)
            if match:
                name, first, places, depth = match[1] or match[2], number, [], 0
                if code.rstrip().endswith("}"):
                    yield name, (first, [])
                    name = ""
            continue
        code = _LABEL.sub("", code).strip()
        if code.startswith("}") and not depth:
            yield name, (first, places)
            name = ""
        elif code and code != "{":
            if not depth and not code.startswith("#dbg_"):
                places.append(number)
            depth += sum(code.count(c) for c in "([{") - sum(code.count(c) for c in ")]}")


def _instructions(function: int) -> Iterator[int]:
    block = llvm.first_block(function)
    while block:
        instruction = llvm.first_instruction(block)
        while instruction:
            yield instruction
            instruction = llvm.next_instruction(instruction)
        block = llvm.next_block(block)
