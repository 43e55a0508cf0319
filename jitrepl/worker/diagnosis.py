"""LLVM's complaints, pointed at what the user typed."""

from __future__ import annotations

from struct import pack, unpack

from jitrepl.filetypes import is_bitcode
from jitrepl.worker.llvm import version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_UNDEFINED = "use of undefined value '@"
_FORMATS = (
    (b"\x7fELF", "an ELF object or program"),
    (b"!<arch>\n", "an archive"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O object"),
    (b"MZ", "a Windows program"),
    (b"\x1f\x8b", "gzip-compressed"),
    (b"PK\x03\x04", "a zip archive"),
)


class Location:
    """Where LLVM's parser stopped, and why.

    Args:
        name: what the input is called.
        line: counted from 1; 0 if LLVM named none.
        column: counted from 1.
        reason: LLVM's words.
    """

    __slots__ = ("column", "line", "name", "reason")

    def __init__(self, name: str, line: int, column: int, reason: str) -> None:
        self.name = name
        self.line = line
        self.column = column
        self.reason = reason

    @classmethod
    def parse(cls, message: str, name: str, shift: int = 0) -> Location:
        """Read `name:line:column: error: reason` and the source lines behind it.

        Args:
            message: LLVM's message.
            name: what the input was called when LLVM read it.
            shift: how many characters were put in front of the user's first line.
        """
        head = message.split("\n", 1)[0].removeprefix(f"{name}:")
        place, _, reason = head.partition(" error: ")
        numbers = [int(part) for part in place.split(":") if part.isdigit()]
        line, column = numbers if len(numbers) == 2 else (0, 0)
        if line == 1 and column > shift:
            column -= shift
        return cls(name, line, column, reason or head)

    @property
    def undefined(self) -> str | None:
        """The name of the global value that nobody defined, if that is the reason."""
        start = self.reason.find(_UNDEFINED)
        return self.reason[start + len(_UNDEFINED) : -1] if start >= 0 else None


def explain_parse(location: Location, text: str) -> str:
    """A parse error with the line that the user typed and a caret below it."""
    lines = text.rstrip("\n").split("\n")
    if 0 < location.line <= len(lines):
        # LLVM counts bytes.
        before = lines[location.line - 1].encode("utf-8", "surrogateescape")[: location.column - 1]
        location.column = len(before.decode("utf-8", "ignore")) + 1
    else:
        # Something is still open at the end; LLVM reports the place behind it.
        location.line = len(lines)
        location.column = len(lines[-1]) + 1
    return _pointed(location.name, location.line, location.column, location.reason, lines)


def constant_hint(location: Location, text: str) -> str:
    """What to write in the place of a floating-point constant that LLVM refuses; "" if that is not the reason.

    Decimals have to be exact for `float`, `half` and `bfloat`; in hexadecimal, a `float` has the bits of a `double`
    (LangRef, "Simple Constants").
    """
    import re

    if location.reason not in (_INEXACT, _NO_POINT):
        return ""
    line = text.split("\n")[location.line - 1]
    constant = re.match(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", line[location.column - 1 :])
    types = re.findall(r"\b(half|bfloat|float|double|i\d+)\b", line[: location.column - 1])
    if not constant or not types or types[-1] not in ("double", *_NEAREST):
        return ""
    if location.reason == _NO_POINT:
        exponent = constant[2] or ""
        return f"a {types[-1]} is written with a point: {constant[0].removesuffix(exponent)}.0{exponent}"
    try:
        nearest = _NEAREST[types[-1]](float(constant[0]))
    except (OverflowError, KeyError):
        return f"{constant[0]} is too large for {types[-1]}"
    return f"{constant[0]} has no exact value as {types[-1]}; the nearest is {nearest}"


def _float_bits(value: float) -> str:
    (bits,) = unpack("<Q", pack("<d", *unpack("<f", pack("<f", value))))
    return f"0x{bits:016X}"


def _half_bits(value: float) -> str:
    (bits,) = unpack("<H", pack("<e", value))
    return f"0xH{bits:04X}"


def _bfloat_bits(value: float) -> str:
    (bits,) = unpack("<I", pack("<f", value))
    return f"0xR{(bits + 0x7FFF + (bits >> 16 & 1)) >> 16:04X}"  # the upper half of a float, to nearest even


_NEAREST: dict[str, Callable[[float], str]] = {"float": _float_bits, "half": _half_bits, "bfloat": _bfloat_bits}
_INEXACT = "floating point constant invalid for type"
_NO_POINT = "integer constant must have integer type"


def _pointed(name: str, line: int, column: int, reason: str, lines: list[str]) -> str:
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    # Tabs stay tabs in the caret's line, so that both lines are indented alike.
    caret = "".join("\t" if c == "\t" else " " for c in source[: column - 1]).ljust(column - 1) + "^"
    return f"{name}:{line}:{column}: error: {reason}\n{source}\n{caret}"


def explain_verify(name: str, data: bytes, message: str) -> str:
    """The verifier's complaints, each at the line it is about where the input is text.

    The verifier prints the instructions that it means; the line with the same words is the one.
    """
    if is_bitcode(data):
        return f"{name}: error: the module is invalid\n{message}"
    lines = data.decode("utf-8", "replace").splitlines()
    places = {_squeezed(line): number for number, line in reversed(list(enumerate(lines, 1)))}
    parts = []
    for reason, operands in _complaints(message):
        number = next((places[_squeezed(o)] for o in operands if _squeezed(o) in places), 0)
        number = number or next(filter(None, (_definition(o, lines) for o in operands)), 0)
        rest = [
            f"  {operand.strip()}" for operand in operands if not number or operand.strip() != lines[number - 1].strip()
        ]
        if number:
            source = lines[number - 1]
            head = _pointed(name, number, len(source) - len(source.lstrip()) + 1, reason, lines)
        else:
            head = f"{name}: error: {reason}"
        parts.append("\n".join([head, *rest]))
    return "\n".join(parts)


def _complaints(message: str) -> Iterator[tuple[str, list[str]]]:
    """The verifier's sentences, each with the indented values below it."""
    reason, operands = "", []
    for line in message.splitlines():
        if line[:1].isspace() or line.startswith(("ptr ", "label ")):
            operands.append(line)
        else:
            if reason:
                yield reason, operands
            reason, operands = line, []
    if reason:
        yield reason, operands


def _squeezed(line: str) -> str:
    """A line without comments, metadata attachments and differences of spacing."""
    code = line.split(";", 1)[0].split(", !", 1)[0]
    return "".join(code.split())


def _definition(operand: str, lines: list[str]) -> int:
    """The line of the global or the label that an operand such as `ptr @f` or `label %a` names, or 0."""
    label = operand.strip().removeprefix("label %")
    if label != operand.strip():
        found = [number for number, line in enumerate(lines, 1) if line.split(";")[0].strip() == f"{label}:"]
        return found[0] if len(found) == 1 else 0
    start = operand.find("@")
    if start < 0:
        return 0
    name = operand[start:].split("(")[0].strip()
    for number, line in enumerate(lines, 1):
        head = line.lstrip().startswith(("define", "declare"))
        if (head and f"{name}(" in line) or line.startswith(f"{name} ="):
            return number
    return 0


def refuse_bytes(name: str, data: bytes, message: str) -> tuple[str, str]:
    """Why a file that is no readable bitcode or text was refused, and the next step.

    Args:
        name: what the file is called.
        data: its content.
        message: LLVM's message, if LLVM has read it.
    """
    recompile = "make it again, for instance with `clang -c -emit-llvm`"
    reason = message.removeprefix(f"{name}: ").removeprefix("error: ")
    if not data:
        return f"{name} is empty", recompile
    if reason.startswith("Incompatible epoch"):
        reason = f"{reason} (Producer: '{_producer(data)}' Reader: 'LLVM {version()}')"
    if f"(Producer: 'LLVM{version()}'" in reason:
        reason = reason.partition(" (Producer:")[0]  # this LLVM made it, and somebody else has changed it since
    elif "Producer:" in reason:
        return (
            f"{name} was made by another LLVM: {reason}",
            "make it with a compiler of this LLVM or an older one, or as textual IR",
        )
    if message:
        return f"{name} is truncated or corrupt bitcode: {reason}", recompile
    for magic, what in _FORMATS:
        if data.startswith(magic):
            return f"{name} is {what}, neither bitcode nor textual IR", recompile
    return f"{name} is neither bitcode nor textual IR (it starts with {data[:4].hex(' ')})", recompile


def _producer(bitcode: bytes) -> str:
    """What made a file of bitcode, as its identification block says; it comes first and is always written alike.

    The text is an array of 6-bit characters (LLVM Bitcode File Format, "Char6 Encoded Value"): its length lies in
    bits 128 to 133 of the file.
    """
    bits = int.from_bytes(bitcode[:64], "little") >> 128
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._"
    return "".join(letters[bits >> 6 * at & 63] for at in range(1, 1 + (bits & 31)))
