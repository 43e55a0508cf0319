"""Exact conversion between text and the bytes of LLVM's floating-point types.

Integer arithmetic throughout: Python's own floats know only `double`. Formats and hexadecimal spellings are
LangRef's ("Floating-Point Types", "Simple Constants"), checked against LLVM 22: `0xL` has its low 64 bits
first, `0xM` the larger double first, `0xK` the sign and exponent first, and `0x` always spells a double.
"""

from __future__ import annotations

import struct

from jitrepl.digits import decimal_ratio, hexadecimal_ratio
from jitrepl.errors import ArgumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal
    from typing import Final

# The hexadecimal spellings of one type, by the letter after `0x`.
_LETTERS: Final = {"h": "half", "r": "bfloat", "k": "x86_fp80", "l": "fp128", "m": "ppc_fp128"}
_HEX: Final = frozenset("0123456789abcdef")
# A ppc_fp128 may need hundreds of digits (1 + 2**-1074); beyond these hexadecimal reads better.
_MOST_DIGITS: Final = 40


class Format:
    """A binary format: sign, `exponent` bits, `fraction` bits; `size` bytes of storage.

    In this module its `bits` leave out the sign and, for x86_fp80, the integer bit, which is implied.
    """

    __slots__ = ("exponent", "fraction", "infinity", "least", "size")

    def __init__(self, exponent: int, fraction: int, size: int) -> None:
        self.exponent = exponent
        self.fraction = fraction
        self.size = size
        self.infinity = ((1 << exponent) - 1) << fraction
        # The smallest subnormal is 2**least.
        self.least = 2 - (1 << (exponent - 1)) - fraction


FORMATS: Final = {
    "half": Format(5, 10, 2),
    "bfloat": Format(8, 7, 2),
    "float": Format(8, 23, 4),
    "double": Format(11, 52, 8),
    "x86_fp80": Format(15, 63, 10),
    "fp128": Format(15, 112, 16),
    # Each half is a double, the value is their sum (PowerPC's long double).
    "ppc_fp128": Format(11, 52, 16),
}
_DOUBLE: Final = FORMATS["double"]


def encode(name: str, text: str) -> bytes:
    """The storage of the number that `text` spells, rounded to nearest, ties to even; too large is infinity.

    Args:
        name: the IR name of the type.
        text: decimal (`2.5`, `-1e-3`, `.5`, `1`), `inf`, `nan`, a C hexadecimal float (`0x1.8p3`) or IR's
            hexadecimal bits (`0x` with the 16 digits of a double, `0xH…`, `0xR…`, `0xK…`, `0xL…`, `0xM…`).

    Returns:
        As many little-endian bytes as the format has, without padding: 10 for x86_fp80.

    Raises:
        ArgumentError: the text is none of these, or IR's bits are not exactly a value of this type.
    """
    lower = text.lower()
    negative = lower.startswith("-")
    body = lower[1:] if lower[:1] in ("-", "+") else lower
    if body in ("inf", "infinity"):
        return _store(name, negative, FORMATS[name].infinity)
    if body == "nan":
        return _store(name, negative, FORMATS[name].infinity | 1 << FORMATS[name].fraction - 1)
    if body.startswith("0x"):
        ratio = hexadecimal_ratio(body[2:])
        if not ratio and body == lower:
            return _from_ir(name, text, lower)
    else:
        ratio = decimal_ratio(body)
    if not ratio:
        raise _unreadable(name, text)
    return _round(name, negative, *ratio)


def decode(name: str, data: bytes) -> str:
    """The shortest decimal that `encode` reads back to the same bytes, spelt as Python spells floats.

    A value that no decimal reads back to, such as a NaN with another sign or payload than `nan`, comes in
    IR's hexadecimal spelling.

    Args:
        name: the IR name of the type.
        data: its storage; bytes beyond it are ignored.
    """
    data = data[: FORMATS[name].size]
    if name == "double" and data[7] & 0x7F != 0x7F:
        return repr(float(struct.unpack("<d", data)[0]))
    if name == "float" and (short := _short_float(data)):
        return short
    ratio = _ratio(name, data)
    if not ratio:
        return next((word for word in ("inf", "-inf", "nan") if encode(name, word) == data), ir_hex(name, data))
    negative, numerator, denominator = ratio
    sign = "-" * negative
    if not numerator:
        return f"{sign}0.0" if encode(name, f"{sign}0") == data else ir_hex(name, data)
    found = _shortest(numerator, denominator, lambda num, den: _round(name, negative, num, den) == data)
    return sign + _spell(*found) if found else ir_hex(name, data)


def ir_hex(name: str, data: bytes) -> str:
    """IR's hexadecimal spelling of any value (LangRef, "Simple Constants")."""
    bits = int.from_bytes(data[: FORMATS[name].size], "little")
    if name == "float":
        sign, exponent, fraction = bits >> 31, bits >> 23 & 0xFF, bits & 0x7FFFFF
        if exponent == 0xFF:
            return f"0x{sign << 63 | 0x7FF << 52 | fraction << 29:016X}"
        return f"0x{struct.unpack('<Q', struct.pack('<d', struct.unpack('<f', data[:4])[0]))[0]:016X}"
    if name == "double":
        return f"0x{bits:016X}"
    if name in ("fp128", "ppc_fp128"):
        return f"0x{'L' if name == 'fp128' else 'M'}{bits & (1 << 64) - 1:016X}{bits >> 64:016X}"
    return f"0x{ {'half': 'H', 'bfloat': 'R', 'x86_fp80': 'K'}[name] }{bits:0{2 * FORMATS[name].size}X}"


def to_python(name: str, data: bytes) -> float | Decimal:
    """The exact value: a float up to double, a `decimal.Decimal` for the wider types."""
    if name in ("half", "float", "double"):
        return float(struct.unpack({"half": "<e", "float": "<f"}.get(name, "<d"), data[: FORMATS[name].size])[0])
    if name == "bfloat":
        return float(struct.unpack("<f", b"\0\0" + data[:2])[0])
    from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
    from math import gcd

    ratio = _ratio(name, data)
    if not ratio:
        text = decode(name, data)
        return Decimal(text if text.endswith("inf") else "nan")
    negative, numerator, denominator = ratio
    divisor = gcd(numerator, denominator)
    numerator, denominator = numerator // divisor, denominator // divisor
    # The denominator is 2**n, so the value is numerator * 5**n / 10**n, in at most 16,500 digits.
    places = denominator.bit_length() - 1
    exact = Context(prec=17000, Emax=MAX_EMAX, Emin=MIN_EMIN)
    value = exact.scaleb(Decimal(numerator * 5**places), -places)
    return value.copy_negate() if negative else value


def _store(name: str, negative: bool, bits: int) -> bytes:
    size = FORMATS[name].size
    if name == "x86_fp80":
        bits = _explicit(bits)
    if name == "ppc_fp128":
        return (bits | negative << 63).to_bytes(8, "little") + bytes(8)
    return (bits | negative << 8 * size - 1).to_bytes(size, "little")


def _explicit(bits: int) -> int:
    """x86_fp80 with its integer bit between exponent and fraction, set unless the exponent is zero."""
    exponent, fraction = bits >> 63, bits & (1 << 63) - 1
    return exponent << 64 | (exponent > 0) << 63 | fraction


def _round(name: str, negative: bool, numerator: int, denominator: int) -> bytes:
    bits = _nearest(FORMATS[name], numerator, denominator)
    data = _store(name, negative, bits)
    if name != "ppc_fp128" or bits >= _DOUBLE.infinity:
        return data
    _, high, over = _finite(_DOUBLE, bits)
    rest = numerator * over - high * denominator
    if not rest:
        return data
    low = _nearest(_DOUBLE, abs(rest), denominator * over)
    return data[:8] + (low | (negative ^ (rest < 0)) << 63 if low else 0).to_bytes(8, "little")


def _nearest(form: Format, numerator: int, denominator: int) -> int:
    """The bits of the value nearest to a ratio that is not negative."""
    if not numerator:
        return 0
    # The weight of the last bit, so that the quotient has `fraction + 1` bits, fewer when subnormal.
    last = max(numerator.bit_length() - denominator.bit_length() - form.fraction - 1, form.least)
    while True:
        over = denominator << last if last > 0 else denominator
        quotient, rest = divmod(numerator << -last if last < 0 else numerator, over)
        if quotient >> form.fraction + 1 == 0:
            break
        last += 1
    if 2 * rest > over or (2 * rest == over and quotient & 1):
        quotient += 1
    # The leading one of a normal quotient adds itself to the exponent, and so does a carry.
    return min((last - form.least << form.fraction) + quotient, form.infinity)


def _finite(form: Format, bits: int) -> tuple[bool, int, int]:
    """Bits with a sign as (negative, numerator, power of two)."""
    exponent = bits >> form.fraction & (1 << form.exponent) - 1
    mantissa = bits & (1 << form.fraction) - 1 | (exponent > 0) << form.fraction
    last = max(exponent, 1) - 1 + form.least
    return (
        bool(bits >> form.fraction + form.exponent),
        mantissa << max(last, 0),
        1 << max(-last, 0),
    )


def _ratio(name: str, data: bytes) -> tuple[bool, int, int] | None:
    """The exact value as (negative, numerator, power of two); None for infinities and NaNs."""
    form = FORMATS[name]
    bits = int.from_bytes(data[: form.size], "little")
    if name == "ppc_fp128":
        parts = [bits & (1 << 64) - 1, bits >> 64]
        if any(part & _DOUBLE.infinity == _DOUBLE.infinity for part in parts):
            return None
        (negative, high, over), (low_negative, low, low_over) = (_finite(_DOUBLE, part) for part in parts)
        value = high * low_over * (-1 if negative else 1) + low * over * (-1 if low_negative else 1)
        return (value < 0 if value else negative), abs(value), over * low_over
    if name == "x86_fp80":
        exponent, integer = bits >> 64 & 0x7FFF, bits >> 63 & 1
        if exponent and not integer:
            return None  # an "unnormal": the processor treats it as a NaN
        # With a zero exponent the integer bit counts as in exponent 1 ("pseudo-denormal").
        bits = bits >> 79 << 78 | max(exponent, integer) << 63 | bits & (1 << 63) - 1
    return None if bits & form.infinity == form.infinity else _finite(form, bits)


def _short_float(data: bytes) -> str:
    """`decode` for most floats, ten times faster; "" for the others."""
    bits = int.from_bytes(data, "little")
    # At powers of two and among subnormals fewer digits may do than `%g` finds.
    if not bits & 0x7FFFFF or not bits & 0x7F800000 or bits & 0x7F800000 == 0x7F800000:
        return ""
    value = struct.unpack("<f", data)[0]
    for text in (f"{value:.6g}", f"{value:.7g}", f"{value:.8g}", f"{value:.9g}"):
        double = float(text)
        # A double half-way between two floats may hide on which side of it the decimal is.
        if _tail(double) == 1 << 28:
            return ""
        if struct.pack("<f", double) == data:
            return repr(double)
    return ""


def _tail(value: float) -> int:
    """The bits of a double that a float has no room for."""
    return int.from_bytes(struct.pack("<d", value), "little") & (1 << 29) - 1


def _shortest(num: int, den: int, reads_back: Callable[[int, int], bool]) -> tuple[str, int] | None:
    """The fewest digits whose value reads back, the nearest of them, and the power of ten of the first."""
    # 10**top <= num / den < 10**(top + 1); 30103 / 100000 is log10(2).
    top = (num.bit_length() - den.bit_length()) * 30103 // 100000
    while num * 10 ** max(-top, 0) < den * 10 ** max(top, 0):
        top -= 1
    while num * 10 ** max(-top - 1, 0) >= den * 10 ** max(top + 1, 0):
        top += 1

    def attempt(count: int) -> tuple[str, int] | None:
        up, down = 10 ** max(count - 1 - top, 0), 10 ** max(top - count + 1, 0)
        digits, rest = divmod(num * up, den * down)
        # Of two equally near take the even one, as Python does.
        past = 2 * rest - den * down
        both = (digits + 1, digits) if past > 0 or (past == 0 and digits & 1) else (digits, digits + 1)
        for value in both:
            if reads_back(value * down, up):
                text = str(value)
                return text.rstrip("0"), top + len(text) - count
        return None

    # Once enough digits read back, so do more: look for the border.
    low, high = 1, _MOST_DIGITS
    best = attempt(high)
    while best and low < high:
        middle = (low + high) // 2
        if found := attempt(middle):
            best, high = found, middle
        else:
            low = middle + 1
    return best


def _spell(digits: str, top: int) -> str:
    """`digits`, the first of them worth 10**top, as Python's repr places point and exponent."""
    if not -4 <= top < 16:
        return f"{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{'-' if top < 0 else '+'}{abs(top):02}"
    if top < 0:
        return f"0.{'0' * (-top - 1)}{digits}"
    return f"{digits[: top + 1].ljust(top + 1, '0')}.{digits[top + 1 :] or '0'}"


def _from_ir(name: str, text: str, lower: str) -> bytes:
    """IR's hexadecimal bits; `lower` is `text` in lower case."""
    letter = lower[2:3]
    meant, digits = (_LETTERS[letter], lower[3:]) if letter in _LETTERS else ("double", lower[2:])
    size = FORMATS[meant].size
    if len(digits) != 2 * size or not _HEX.issuperset(digits):
        raise _unreadable(name, text)
    bits = int(digits, 16)
    if meant in ("fp128", "ppc_fp128"):
        bits = bits >> 64 | (bits & (1 << 64) - 1) << 64
    if meant == name:
        return bits.to_bytes(size, "little")
    if meant != "double" or name not in ("half", "bfloat", "float"):
        raise ArgumentError(f"{text} is a {meant}, not a {name}", _examples(name))
    form = FORMATS[name]
    negative, fraction = bool(bits >> 63), bits & (1 << 52) - 1
    if bits & _DOUBLE.infinity == _DOUBLE.infinity:
        kept = fraction >> 52 - form.fraction
        exact = kept << 52 - form.fraction == fraction
        data = _store(name, negative, form.infinity | kept)
    else:
        _, numerator, denominator = _finite(_DOUBLE, bits)
        data = _round(name, negative, numerator, denominator)
        back = _ratio(name, data)
        exact = back is not None and back[1] * denominator == numerator * back[2]
    if not exact:
        raise ArgumentError(f"{text} is a double that {name} cannot hold exactly", "write it in decimal to round it")
    return data


def _unreadable(name: str, text: str) -> ArgumentError:
    shown = text if len(text) <= 40 else f"{text[:40]}…"
    return ArgumentError(f"{name} wants a number, not {shown}", _examples(name))


def _examples(name: str) -> str:
    return f"for example 2.5, -1e-3, inf, nan, 0x1.8p3, or its bits: {ir_hex(name, encode(name, '2.5'))}"
