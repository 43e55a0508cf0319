"""A thousand inputs, right ones and wrong ones, in an order that nobody thought of: the program reaches the last."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable

from transcripts import JITREPL, ROOT, TIMEOUT, environment

INPUTS, SEED = 1000, 22
LAST = ("define i32 @the_last() {\n  ret i32 4711\n}", ":call the_last")

CRASHES = {
    "null_store": "define void @null_store() {\n  store i32 1, ptr null\n  ret void\n}",
    "jump": "define void @jump() {\n  call void null()\n  ret void\n}",
    "trap": "declare void @llvm.trap()\ndefine void @trap() {\n  call void @llvm.trap()\n  unreachable\n}",
    "aborts": "declare void @abort()\ndefine void @aborts() {\n  call void @abort()\n  unreachable\n}",
    "exits": "declare void @exit(i32)\ndefine void @exits() {\n  call void @exit(i32 3)\n  unreachable\n}",
    "deep": "define i32 @deep() {\n  %r = call i32 @deep()\n  %s = add i32 %r, 1\n  ret i32 %s\n}",
}
# fmt: off
COMMANDS = (
    ":symbols", ":symbols f*", ":dump f1", ":dump input 1", ":help", ":help call", ":bt", ":again", ":call f1",
    ":call f2", ":undo", ":load tests/data/sum.ll", ":call sum 1 2", ":host tests/data/hosts.py", ":lib libz.so.1",
    ':call "double (double)" cos 1.0', "tests/data/counter.ll",
)
WRONG_COMMANDS = (
    ":", ": call f1", ":nonsense", ":call", ":call nothing", ":call f1 1 2 3", ":call f1 (1, 2", ':call "i32 (" f1',
    ':call "i32 ()"', ":call sum 1 x", ":call sum 1 2.5", ":dump nothing", ":dump %nothing", ":undo x", ":undo -1",
    ":undo 0", ":undo 9999", ":undo 1 2", ":load", ":load nothing.ll", ":load tests", ':load "', ":symbols [",
    ":host nothing.py", ":host tests/data/sum.ll", ":lib libnothing.so", ":help nothing", ":again 1 2 3 4 5",
    "nothing.ll", "./", "/", "~", "call f1", "sum", "%x = add i32 1, 2", "ret void", "define", "@", "@x", "}", "{",
)
# fmt: on


class Script:
    """Makes inputs; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.functions = 1

    def inputs(self, count: int) -> list[str]:
        """So many inputs, none of which is blank or leaves."""
        kinds: dict[Callable[[], str], int] = {
            self.definition: 25,
            self.redefinition: 5,
            self.call: 20,
            self.truncated: 10,
            self.misspelt: 10,
            self.garbage: 10,
            self.bytes: 3,
            self.crash: 8,
            self.crashing_definition: 4,
            lambda: self.chance.choice(COMMANDS): 12,
            lambda: self.chance.choice(WRONG_COMMANDS): 15,
            lambda: ":dump": 1,
            lambda: f":undo {self.chance.randint(2, 6)}": 1,
        }
        chosen = self.chance.choices(list(kinds), list(kinds.values()), k=2 * count)
        made = (kind() for kind in chosen)
        return [text for text in made if text.strip() and not re.match(r"\s*:(q|exit)", text)][:count]

    def definition(self) -> str:
        """A function that stores something and calls one that may be there."""
        self.functions += 1
        return self._function(self.functions)

    def redefinition(self) -> str:
        """A function that is there unless its input was undone."""
        return self._function(self.chance.randint(1, self.functions))

    def _function(self, number: int) -> str:
        other = self.chance.randint(1, number)
        return (
            f"@g{number} = global i32 0\n"
            f"define i32 @f{number}() {{\n"
            f"  store i32 {number}, ptr @g{number}\n"
            f"  %v = load i32, ptr @g{other}\n"
            f"  %w = {'call i32 @f' + str(other) + '()' if other < number else 'add i32 %v, 1'}\n"
            f"  ret i32 %w\n}}"
        )

    def call(self) -> str:
        """A call of a function that may be there."""
        return f":call f{self.chance.randint(1, self.functions)}"

    def truncated(self) -> str:
        """IR that ends too early."""
        text = self._function(self.functions)
        return text[: self.chance.randrange(1, len(text))]

    def misspelt(self) -> str:
        """IR with a character too few, too many, or another one."""
        text = self._function(self.functions + 1)
        at = self.chance.randrange(len(text))
        return text[:at] + self.chance.choice(["", "x", '"', "%", "@", "0", "}", "\n", "λ"]) + text[at + 1 :]

    def garbage(self) -> str:
        """Printable characters in any order."""
        return "".join(chr(self.chance.randint(32, 126)) for _ in range(self.chance.randint(1, 60)))

    def bytes(self) -> str:
        """Bytes that are no text."""
        return bytes(self.chance.randint(1, 255) for _ in range(self.chance.randint(1, 60))).decode(
            "utf-8", "surrogateescape"
        )

    def crash(self) -> str:
        """A call that ends the process, if it is defined."""
        return f":call {self.chance.choice(list(CRASHES))}"

    def crashing_definition(self) -> str:
        """A function that ends the process."""
        return self.chance.choice(list(CRASHES.values()))


def test_a_thousand_inputs_reach_the_last() -> None:
    inputs = [*CRASHES.values(), "tests/data/sum.ll"]
    inputs += [*Script(SEED).inputs(INPUTS - len(inputs) - len(LAST)), *LAST]
    assert len(inputs) == INPUTS
    done = subprocess.run(
        [JITREPL, "-k", "--echo", *(word for text in inputs for word in ("-e", text))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=environment(),
        timeout=TIMEOUT,
        check=False,
    )
    output = done.stdout.decode("utf-8", "backslashreplace")
    assert "Traceback" not in output, context(output, "Traceback")
    assert "please report this" not in output, context(output, "please report this")
    assert done.returncode == 1
    assert output.endswith("> :call the_last\ni32 4711\n")
    assert output.count("memory was reset") == 0
    assert len(re.findall(r"^error: @\w+ was killed by ", output, re.MULTILINE)) > 30


def context(output: str, text: str) -> str:
    """What was printed before and after a text."""
    at = output.find(text)
    return output[max(0, at - 2000) : at + 3000]
