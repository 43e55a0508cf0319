"""The `:` commands. A command is a function: its docstring is the help, its signature is the grammar.

Parameters are read from the line one after the other, each by what its annotation names in
`jitrepl.shell.arguments`. A command returns what is to be shown; nothing here prints. The order below is that of
the help.
"""

from __future__ import annotations

from jitrepl.shell.commands import running  # isort: skip
from jitrepl.shell.commands import looking  # isort: skip
from jitrepl.shell.commands import compiling  # isort: skip
from jitrepl.shell.commands import modules  # isort: skip
from jitrepl.shell.commands import editing  # isort: skip
from jitrepl.shell.commands import steering  # isort: skip
from jitrepl.shell.commands.registry import ALIASES, COMMANDS, run_command

__all__ = [
    "ALIASES",
    "COMMANDS",
    "compiling",
    "editing",
    "looking",
    "modules",
    "run_command",
    "running",
    "steering",
]
