"""Random sequences of definitions, redefinitions, unloads and calls, against a model of a few lines."""

from __future__ import annotations

import random

import pytest

from jitrepl import messages
from jitrepl.errors import JITError, SymbolError, UndefinedError
from jitrepl.worker.engine import Engine

FUNCTIONS = [f"f{n}" for n in range(6)]
VARIABLES = [f"g{n}" for n in range(3)]
TYPES = {"i64": "{}", "[2 x i64]": "[i64 {}, i64 0]"}
"""Types of variables, and their initialisers; all are used as an `i64`."""

GETTER = "define i64 @through(ptr %p) {\n  %r = call i64 %p()\n  ret i64 %r\n}\n"


class Function:
    """A function of the model: a number plus what the functions and variables that it uses give.

    Args:
        constant: the number.
        uses: names of functions and variables.
        module: the number of the input that defines it.
    """

    def __init__(self, constant: int, uses: list[str], module: int) -> None:
        self.weak = False
        self.constant = constant
        self.uses = uses
        self.module = module

    def text(self, name: str) -> str:
        """It, as IR. It calls a function that only its module sees."""
        lines = [f"  %v0 = call i64 @helper(i64 {self.constant})"]
        for n, used in enumerate(self.uses):
            load = f"call i64 @{used}()" if used in FUNCTIONS else f"load i64, ptr @{used}"
            lines += [f"  %u{n} = {load}", f"  %v{n + 1} = add i64 %v{n}, %u{n}"]
        linkage = "weak " if self.weak else ""
        return "\n".join([f"define {linkage}i64 @{name}() {{", *lines, f"  ret i64 %v{len(self.uses)}", "}"])


class Model:
    """What the session should be like.

    Args:
        engine: the session.
        seed: of the random numbers.
    """

    def __init__(self, engine: Engine, seed: int) -> None:
        self.engine = engine
        self.random = random.Random(seed)
        self.functions: dict[str, Function] = {}
        self.waiting: dict[str, list[Function]] = {}
        """Weak definitions that came when there was one; they take over in order."""
        self.variables: dict[str, list[int]] = {}
        self.types: dict[str, str] = {}
        self.pointers: dict[str, int] = {}
        self.file: tuple[int, int] | None = None
        self.modules = 0
        self.load(GETTER)

    def load(self, text: str) -> None:
        self.modules += 1
        self.engine.answer(messages.Load(f"<input {self.modules}>", text.encode()))

    def call(self, name: str, *arguments: str) -> object:
        reply = self.engine.answer(messages.Call(name, arguments))
        assert isinstance(reply, messages.Called)
        return reply.value.data

    # Steps

    def define(self) -> None:
        """One to three functions, which use some of those behind them and some variables."""
        names = self.random.sample(FUNCTIONS, self.random.randint(1, 3))
        made = {}
        for name in names:
            others = FUNCTIONS[FUNCTIONS.index(name) + 1 :] + VARIABLES
            uses = self.random.sample(others, self.random.randint(0, min(3, len(others))))
            made[name] = Function(self.random.randrange(1000), uses, self.modules + 1)
            made[name].weak = self.random.random() < 0.2
        functions = {used for f in made.values() for used in f.uses if used in FUNCTIONS} - set(names)
        variables = {used for f in made.values() for used in f.uses if used in VARIABLES}
        lines = ["define internal i64 @helper(i64 %a) noinline {\n  ret i64 %a\n}"]
        lines += [f"declare i64 @{used}()" for used in sorted(functions)]
        lines += [f"@{used} = external global i64" for used in sorted(variables)]
        self.load("\n".join([*lines, *(function.text(name) for name, function in made.items())]))
        for name, function in made.items():
            if function.weak and name in self.functions:
                self.waiting.setdefault(name, []).append(function)
            else:
                self.functions[name] = function

    def set_variable(self) -> None:
        """Define a variable; one that starts with what it started with before keeps its value."""
        name, initial = self.random.choice(VARIABLES), self.random.randrange(3)
        type = self.random.choice(["i64", "i64", "[2 x i64]"])
        self.load(f"@{name} = global {type} {TYPES[type].format(initial)}")
        if name not in self.variables or (self.types[name], self.variables[name][0]) != (type, initial):
            self.variables[name] = [initial, initial]
        self.types[name] = type

    def store(self) -> None:
        """Change a variable's value."""
        if self.variables:
            name, value = self.random.choice(sorted(self.variables)), self.random.randrange(1000)
            self.load(f"define void @store(i64 %a) {{\n  store i64 %a, ptr @{name}\n  ret void\n}}")
            self.call("store", str(value))
            self.engine.answer(messages.Unload("store", True))
            self.variables[name][1] = value

    def point(self) -> None:
        """Take a function's address, which is to reach all its later bodies."""
        name = self.random.choice(FUNCTIONS)
        if name in self.functions and not self.missing(name):
            self.load(f"define ptr @address() {{\n  ret ptr @{name}\n}}")
            address = self.call("address")
            assert isinstance(address, int)
            assert self.pointers.setdefault(name, address) == address, "a function has one address"
            self.engine.answer(messages.Unload("address", True))

    def unload(self) -> None:
        """Take out a function or a variable that somebody may use."""
        name = self.random.choice(FUNCTIONS + VARIABLES)
        if name in self.functions or name in self.variables:
            self.engine.answer(messages.Unload(name, True))
            self.functions.pop(name, None)
            self.variables.pop(name, None)
            self.pointers.pop(name, None)
            if self.waiting.get(name):
                self.functions[name] = self.waiting[name].pop(0)
        else:
            with pytest.raises(SymbolError):
                self.engine.answer(messages.Unload(name, True))

    def fail(self) -> None:
        """An input that cannot be compiled, and replaces what is in use, leaves everything as it was."""
        name = self.random.choice(FUNCTIONS)
        if name in self.functions and not self.missing(name):
            self.call(name)
            variable = self.random.choice(VARIABLES)
            with pytest.raises(JITError):
                self.load(
                    f'define i64 @{name}() {{\n  call void asm "nonsense", ""()\n  ret i64 0\n}}\n'
                    f"@{variable} = global i64 77\ndefine i64 @f9() {{\n  ret i64 9\n}}"
                )

    def replace_file(self) -> None:
        """Load a module of one name again and again."""
        value = self.random.randrange(3)
        kept = self.random.randrange(2)
        text = f"""
@own = internal global i64 {kept}
@shown = global i64 {value}
define internal i64 @inner() {{
  %a = load i64, ptr @own
  %b = add i64 %a, 1
  store i64 %b, ptr @own
  ret i64 %b
}}
define i64 @file() {{
  %a = call i64 @inner()
  %b = load i64, ptr @shown
  %c = add i64 %a, %b
  ret i64 %c
}}
"""
        self.engine.answer(messages.Load("file.ll", text.encode()))
        before = self.file
        own = before[1] if before and before[0] == kept else kept
        self.file = (kept, own + 1)
        assert self.call("file") == own + 1 + value

    def check(self) -> None:
        """Call every function, by its name and by addresses that were taken earlier."""
        for name in FUNCTIONS:
            if name not in self.functions:
                continue
            missing = self.missing(name)
            if missing:
                with pytest.raises(UndefinedError) as caught:
                    self.call(name)
                for other in missing:
                    assert f"@{other} is used by" in caught.value.message
            else:
                assert self.call(name) == self.value(name)
                if name in self.pointers:
                    assert self.call("through", str(self.pointers[name])) == self.value(name)

    # The model

    def value(self, name: str) -> int:
        if name in self.variables:
            return self.variables[name][1]
        function = self.functions[name]
        return function.constant + sum(self.value(used) for used in function.uses)

    def missing(self, name: str) -> set[str]:
        """What nobody defines of all that the modules need which a function needs."""
        todo, seen, found = [self.functions[name].module], set[int](), set[str]()
        while todo:
            module = todo.pop()
            if module in seen:
                continue
            seen.add(module)
            for used in (u for f in self.functions.values() if f.module == module for u in f.uses):
                if used in self.functions:
                    todo.append(self.functions[used].module)
                elif used not in self.variables:
                    found.add(used)
        return found


STEPS = [
    *[Model.define] * 4,
    *[Model.set_variable] * 2,
    *[Model.store, Model.point, Model.unload, Model.fail, Model.replace_file],
    *[Model.check] * 3,
]


@pytest.mark.parametrize("seed", range(8))
def test_a_session_is_like_its_model(engine: Engine, seed: int) -> None:
    model = Model(engine, seed)
    for _ in range(80):
        model.random.choice(STEPS)(model)
    model.check()
