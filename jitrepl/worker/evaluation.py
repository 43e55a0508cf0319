"""Evaluate one instruction: it becomes the body of a function, which is compiled, called, and taken out again.

What it yields can be used by later ones under the name that it was given, or as `%_`. LLVM says what is wrong with it
at the line and column that were typed: what is put around it is on the same line.
"""

from __future__ import annotations

import ctypes
import re

from jitrepl import messages
from jitrepl.errors import InputError, IRError, SymbolError
from jitrepl.literal_tree import quoted
from jitrepl.worker import llvm
from jitrepl.worker.linking.initialisers import NULLARY
from jitrepl.worker.linking.missing import suggestion
from jitrepl.worker.linking.removal import Removal
from jitrepl.worker.reader import Reading, names_of_types
from jitrepl.worker.types import Array, Type, Unsupported, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from jitrepl.worker.calls import Caller, SessionMemory
    from jitrepl.worker.linking.dylib import SessionDylib
    from jitrepl.worker.linking.modules import SessionModule

_NAME = r'%(?:"([^"]+)"|([-\w.$]+))'
_TARGET = re.compile(rf"\s*{_NAME}\s*=\s*")
_USE = re.compile(_NAME)
_COMMENT = re.compile(r";[^\"\n]*$", re.MULTILINE)
_UNDEFINED = re.compile(r"use of undefined value '%([^']*)'")
_ENDS = "br callbr catchret catchswitch cleanupret indirectbr invoke resume switch"
_BEGINS = "catchpad cleanuppad landingpad phi"
_NEEDS_BLOCKS = frozenset(f"{_ENDS} {_BEGINS}".split())
_RESULT = '%"the result"'
_LAST = "_"
"""The name of what was yielded last, as in Python."""
_ENTRY = '"the beginning"'
_LARGEST = 1 << 30
"""Bytes that an `alloca` may ask for."""
_HIGHEST_ALIGNMENT = 1 << 32
"""In bytes (LangRef, "alloca"). LLVM-C's 32 bits have no room for it and say 0."""
_ROOM = 64
"""Bytes beside a value, for its alignment."""
_SHOWN = 100
"""How many elements of an array variable are shown."""


class Bound:
    """What a name stands for.

    Args:
        type: the type.
        spelled: how IR spells it here; names of structs included.
        address: where the value lies.
        definition: what that spelling stood for when the value was made.
    """

    __slots__ = ("address", "definition", "spelled", "type")

    def __init__(self, type: Type, spelled: str, address: int, definition: str) -> None:
        self.type = type
        self.definition = definition
        self.spelled = spelled
        self.address = address

    def load(self, name: str) -> str:
        """The instruction that has the value under a name."""
        return f"{_written(name)} = load {self.spelled}, ptr {_at(self.address)}, align 1 "


class _Statement:
    """An instruction, and the function that it becomes.

    Args:
        typed: all that was typed.
        name: the name that its value is given, or "".
        text: the instruction, in its columns.
        opcode: its first word.
        input: the name of the input.
        symbol: the function.
        used: the values that it uses.
    """

    __slots__ = ("head", "input", "name", "opcode", "symbol", "text", "typed", "used")

    def __init__(
        self, typed: str, name: str, text: str, opcode: str, input: str, symbol: str, used: list[tuple[str, Bound]]
    ) -> None:
        self.typed = typed
        self.name = name
        self.text = text
        self.opcode = opcode
        self.input = input
        self.symbol = symbol
        self.used = used
        self.head = f"define void {quoted(symbol)}() {{ {_ENTRY}: {''.join(bound.load(name) for name, bound in used)}"


class Evaluator:
    """The values of a session, and what makes more of them.

    Args:
        dylib: the session's symbols.
        caller: calls what was compiled.
        memory: keeps the values that have names.
        finalize: runs what a module wants done before it goes.
        note: takes a remark.
    """

    def __init__(
        self,
        dylib: SessionDylib,
        caller: Caller,
        memory: SessionMemory,
        finalize: Callable[[SessionModule], None],
        note: Callable[[str], object],
    ) -> None:
        self._dylib = dylib
        self._caller = caller
        self._memory = memory
        self._finalize = finalize
        self._note = note
        self._bound: dict[str, Bound] = {}
        self._over = ""

    def answer(self, request: messages.Evaluate | messages.Show) -> messages.Evaluated:
        """Execute an instruction, or show what a name stands for.

        Raises:
            JitreplError: as `evaluate` and `show`.
        """
        return self.show(request.what) if isinstance(request, messages.Show) else self.evaluate(request)

    def evaluate(self, request: messages.Evaluate) -> messages.Evaluated:
        """Do what an instruction says.

        Raises:
            IRError: if LLVM refuses it.
            InputError: if there is none, or it cannot stand alone.
            UndefinedError, JITError: if it cannot be compiled or linked.
            HostError, ThrownError: as a call.
        """
        statement = self._statement(request)
        reading = self._read(statement, statement.head, "\nret void\n}")
        with reading.module, self._dylib.reader.types.context() as reader:
            result, count = _last_instruction(reading)
            if count > len(statement.used) + 1:
                raise InputError("more than one instruction", "enter them one at a time")
            for note in reading.notes:
                self._note(note)
            type: Type = reader.type(llvm.type_of(result)) if result else Void()
            spelled = llvm.text_of(llvm.print_type(llvm.type_of(result))).partition(" = ")[0] if result else "void"
            if statement.opcode == "alloca" and result:
                address = self._allocated(result, statement.used, reader.type(llvm.allocated_type(result)))
                return self._yielded(statement.name, type, spelled, address.to_bytes(type.size, "little"))
        if isinstance(type, Unsupported):
            raise InputError(f"a value of type {type.text} cannot be kept", "put it into a function: define … { … }")
        if isinstance(type, Void):
            self._run(statement, reading.data)
            return messages.Evaluated("", messages.Value("void", "", None))
        return self._yielded(statement.name, type, spelled, self._result(statement, type, spelled))

    def _statement(self, request: messages.Evaluate) -> _Statement:
        """What was typed, taken apart.

        Raises:
            InputError: if it is no instruction that can stand alone.
        """
        typed = request.text
        target = _TARGET.match(typed)
        name = (target[1] or target[2]) if target else ""
        # Blanks in its place: what follows stays in its column.
        text = " " * target.end() + typed[target.end() :] if target else typed
        opcode = next(iter(text.split(None, 1)), "")
        if not opcode:
            raise InputError("there is no instruction", "for example: %x = add i32 1, 2")
        if opcode in _NEEDS_BLOCKS:
            raise InputError(f"`{opcode}` needs blocks around it", "put it into a function: define i32 @f() { … }")
        if opcode == "ret":
            text = _returned(text)
        return _Statement(typed, name, text, opcode, request.name, self._free_symbol(request.name), self._used(text))

    def _result(self, statement: _Statement, type: Type, spelled: str) -> bytes:
        """Run an instruction whose type is known by now, and which is read again with a `store` behind it."""
        kept = ctypes.create_string_buffer(type.size + _ROOM)
        place = ctypes.addressof(kept) + -ctypes.addressof(kept) % _ROOM
        tail = f"\nstore {spelled} {_RESULT}, ptr {_at(place)}, align 1\nret void\n}}"
        reading = self._read(statement, f"{statement.head}{_RESULT} = ", tail)
        reading.module.close()
        self._run(statement, reading.data)
        return ctypes.string_at(place, type.size)

    def show(self, what: str) -> messages.Evaluated:
        """What a name stands for: a value (`%x`), a variable (`@v`), or a function.

        Raises:
            SymbolError: if there is none of that name.
            UndefinedError, JITError: if a variable cannot be linked.
        """
        sigil, name = what[0], what[1:].strip('"')
        if sigil == "%":
            found = self._known(name)
            return messages.Evaluated(name, self._value(found))
        defined = self._dylib.find(name)
        item = defined[1] if defined else self._dylib.declared(name)
        if item is None:
            raise SymbolError(f"no {quoted(name)}", suggestion(name, self._dylib.names()) or "`:symbols` lists them")
        if item.signature is not None:
            text = self._caller.sources.describe(name) or f"{quoted(name)}: {item.type.text}"
            return messages.Evaluated("", messages.Value("ptr", quoted(name), None, shown=text))
        if item.thread_local:
            return self.evaluate(messages.Evaluate(f"<value of {name}>", f"load {item.type.text}, ptr {quoted(name)}"))
        address = self._memory.address_of(name)
        known = self._caller.sources.variable(name, address) if item.described else None
        return messages.Evaluated("", known or self._read_variable(item.type, address))

    def _read_variable(self, type: Type, address: int) -> messages.Value:
        if isinstance(type, Unsupported):
            raise InputError(f"a value of type {type.text} cannot be shown")
        if isinstance(type, Array) and type.count > _SHOWN:
            self._note(f"the first {_SHOWN} of {type.count} elements:")
            type = Array(_SHOWN, type.element, _SHOWN * type.element.size)
        return self._caller.of_ir(type, ctypes.string_at(address, type.size))

    def _yielded(self, name: str, type: Type, spelled: str, data: bytes) -> messages.Evaluated:
        """Keep a value, under its name if it has one."""
        bound = Bound(type, spelled, self._memory.keep(data, _ROOM), self._definition(spelled))
        self._bound[_LAST] = bound
        if name:
            self._bound[name] = bound
        return messages.Evaluated(name, self._value(bound))

    def _read(self, statement: _Statement, head: str, tail: str) -> Reading:
        try:
            return self._dylib.reader.read(llvm.encoded(statement.text), statement.input, head, tail)
        except IRError as problem:
            read, typed = (text.split("\n", 1)[0] for text in (statement.text, statement.typed))
            problem.message = problem.message.replace(read, typed)
            undefined = _UNDEFINED.search(problem.message)
            if undefined:
                problem.hint = suggestion(undefined[1], list(self._bound)) or _values(self._bound)
            raise

    def _run(self, statement: _Statement, data: bytes) -> None:
        admission = self._dylib.add(data, statement.input)
        for note in admission.notes:
            self._note(note)
        self._over = statement.input
        try:
            self._caller.run(NULLARY, self._memory.address_of(statement.symbol), b"")
        except Exception:
            self.clear()
            raise
        # Not `finally`: any other exception is of Python itself in its end, which is no time to run finalizers.
        self.clear()

    def clear(self) -> None:
        """Take out what is over. Of an instruction that crashed, the copy that goes on is asked first what it knows."""
        name, self._over = self._over, ""
        if name:
            Removal(self._dylib, name).run(self._finalize)

    def _used(self, statement: str) -> list[tuple[str, Bound]]:
        """The values that a statement uses; numbers in ascending order, as LLVM wants them.

        Raises:
            InputError: if the type of one is another one by now.
        """
        text = _COMMENT.sub("", statement)
        names = {found[1] or found[2] for found in _USE.finditer(text)} & self._bound.keys()
        used = [(name, self._bound[name]) for name in sorted(names, key=lambda n: (n.isdigit(), len(n), n))]
        for name, bound in used:
            if self._definition(bound.spelled) != bound.definition:
                problem = f"{bound.spelled} has been redefined; {_written(name)} still has the old type"
                raise InputError(problem, f"compute it again: {_written(name)} = …")
        return used

    def _definition(self, spelled: str) -> str:
        return self._dylib.lender.type_definitions(names_of_types(spelled)) if "%" in spelled else ""

    def _allocated(self, instruction: int, used: list[tuple[str, Bound]], type: Type) -> int:
        """The address of what an `alloca` asks for: it stays, while a function's stack would be gone now."""
        if isinstance(type, Unsupported):
            raise InputError(f"{type.text} has no size that is known", "allocate bytes instead: alloca i8, i64 64")
        align = llvm.alignment(instruction) or _HIGHEST_ALIGNMENT
        size = type.size * self._count(llvm.operand(instruction, 0), used)
        beside = align if align > _ROOM else 0
        if size + beside > _LARGEST:
            aligned = f" at a multiple of {align:,}" if beside else ""
            raise InputError(
                f"{size:,} bytes{aligned} are too much for one value", f"no more than {_LARGEST:,} can be allocated"
            )
        self._caller.limit.begin()  # this memory is the user's
        try:
            return self._memory.room(size, max(_ROOM, align))
        finally:
            self._caller.limit.end()

    def _count(self, operand: int, used: list[tuple[str, Bound]]) -> int:
        """How many an `alloca` asks for: a number, or the value that a name stands for; it has no sign (LangRef)."""
        bits: int = llvm.int_width(llvm.type_of(operand))
        if llvm.as_constant_int(operand):
            number = llvm.text_of(llvm.print_value(operand)).split()[1]
            return {"true": 1, "false": 0}[number] if bits == 1 else int(number) % (1 << bits)
        instruction = llvm.first_instruction(llvm.instruction_block(operand)) if llvm.as_instruction(operand) else None
        for _, bound in used:  # loaded one after the other before the `alloca`
            if instruction == operand:
                return int.from_bytes(ctypes.string_at(bound.address, bound.type.size), "little") % (1 << bits)
            instruction = llvm.next_instruction(instruction)
        raise InputError("how many to allocate is not known", "give a number, or a value: %n = …, alloca i32, i32 %n")

    def _free_symbol(self, name: str) -> str:
        """The function that an input becomes: `input 3`, unless the session has something of that name."""
        symbol = name.strip("<>")
        while self._dylib.find(symbol) or self._dylib.declared(symbol):
            symbol += "'"
        return symbol

    def _known(self, name: str) -> Bound:
        found = self._bound.get(name)
        if found is None:
            raise SymbolError(f"no {_written(name)}", suggestion(name, list(self._bound)) or _values(self._bound))
        return found

    def _value(self, bound: Bound) -> messages.Value:
        return self._caller.of_ir(bound.type, ctypes.string_at(bound.address, bound.type.size))


def _written(name: str) -> str:
    """The name of a value as IR writes it."""
    return quoted(name, "%")


def _at(address: int) -> str:
    return f"inttoptr (i64 {address} to ptr)"


def _returned(statement: str) -> str:
    """`ret i32 1` as an instruction that yields what it returns."""
    _, _, rest = _COMMENT.sub("", statement).partition("ret")
    return "" if rest.split() == ["void"] else f"freeze{rest}"


def _last_instruction(reading: Reading) -> tuple[int | None, int]:
    """The last instruction before the `ret void` of the only function that a module defines, and how many there are."""
    function = llvm.first_function(reading.module.ptr)
    while llvm.is_declaration(function):
        function = llvm.next_function(function)
    found, count, instruction = None, 0, llvm.first_instruction(llvm.first_block(function))
    while following := llvm.next_instruction(instruction):
        found, instruction, count = instruction, following, count + 1
    return found, count


def _values(bound: dict[str, Bound]) -> str:
    names = [_written(name) for name in bound if name != _LAST]
    return f"known values: {', '.join(names[-8:])}" if names else "give a value its name first: %x = add i32 1, 2"
