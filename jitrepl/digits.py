"""Integers and exact ratios from digits of any number, and back.

Python's int() and str() refuse more than 4300 decimal digits; LLVM's integers have up to 2**23 bits.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

# int() refuses longer decimals (sys.get_int_max_str_digits() is 4300 unless changed).
_INT_DIGITS: Final = 4000
# Every number of every format lies well inside 10**±5000 and 2**±17000; further out needs no arithmetic.
_FAR_DECIMAL: Final = 6000
_FAR_BINARY: Final = 20000
_HEX: Final = frozenset("0123456789abcdef")


def integer_text(value: int) -> str:
    """An integer in decimal; in hexadecimal when Python would refuse to print so many digits."""
    return int.__repr__(value) if value.bit_length() < 3 * _INT_DIGITS else hex(value)


def decimal_integer(text: str) -> int:
    """The integer that decimal digits spell, with optional sign and `_`, however many there are.

    Raises:
        ValueError: it holds anything else.
    """
    if len(text) <= _INT_DIGITS:
        return int(text)
    digits = text.removeprefix("-").removeprefix("+").replace("_", "")
    if not digits.isdecimal():
        raise ValueError(text[:40])
    low = len(digits) // 2
    value: int = decimal_integer(digits[:-low]) * 10**low + decimal_integer(digits[-low:])
    return -value if text[0] == "-" else value


def counted(text: str) -> int | None:
    """The number that decimal digits spell; None if there is anything else. What nobody can count is cut to 10**18."""
    return int(text.lstrip("0")[:19] or "0") if text.isdecimal() else None


def decimal_ratio(body: str) -> tuple[int, int] | None:
    """`2.5`, `.5`, `1e-3` without a sign as a ratio; None when it is no decimal."""
    mantissa, e, power = body.partition("e")
    whole, _, part = mantissa.partition(".")
    exponent = _power(power) if e else 0
    digits = whole + part
    if exponent is None or not digits.isdecimal() or not digits.isascii():
        return None
    exponent -= len(part)
    size = len(digits.lstrip("0")) + exponent
    if size < -_FAR_DECIMAL or not digits.strip("0"):
        return 0, 1
    if size > _FAR_DECIMAL:
        return 10**_FAR_DECIMAL, 1
    return decimal_integer(digits) * 10 ** max(exponent, 0), 10 ** max(-exponent, 0)


def hexadecimal_ratio(body: str) -> tuple[int, int] | None:
    """`1.8p3`, what follows `0x` in C's hexadecimal floats, as a ratio; None when it is none."""
    mantissa, p, power = body.partition("p")
    whole, _, part = mantissa.partition(".")
    exponent = _power(power) if p else None
    if exponent is None or not whole + part or not _HEX.issuperset(whole + part):
        return None
    value = int(whole + part, 16)
    exponent -= 4 * len(part)
    if not value or value.bit_length() + exponent < -_FAR_BINARY:
        return 0, 1
    if value.bit_length() + exponent > _FAR_BINARY:
        return 1 << _FAR_BINARY, 1
    return value << max(exponent, 0), 1 << max(-exponent, 0)


def _power(text: str) -> int | None:
    digits = text[1:] if text[:1] in ("-", "+") else text
    if not digits.isdecimal() or not digits.isascii():
        return None
    # Longer ones are astronomically far out, and int() would refuse the longest.
    return int(text[: len(text) - len(digits)] + (digits.lstrip("0") or "0")[:12])
