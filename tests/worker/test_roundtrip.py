"""Random values of random first-class types through the whole session, as arguments and as results."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jitrepl import Session
from jitrepl.worker import floats

FLOATS = {"half": (2, "0xH"), "bfloat": (2, "0xR"), "float": (4, ""), "double": (8, "0x"), "fp128": (16, "0xL")}
Sample = tuple[str, str, object]
"""A type, a value of it as the user types it, and as Python sees it."""


@st.composite
def integers(draw: st.DrawFn) -> Sample:
    bits = draw(st.sampled_from([1, 2, 7, 8, 9, 16, 24, 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 200]))
    value = draw(st.integers(-1 << bits - 1, (1 << bits) - 1))
    signed = value - (1 << bits) if value >= 1 << bits - 1 else value
    spellings = [str(value), hex(value), str(signed)] + (["true" if value else "false"] if bits == 1 else [])
    return f"i{bits}", draw(st.sampled_from(spellings)), bool(value) if bits == 1 else signed


@st.composite
def floating(draw: st.DrawFn) -> Sample:
    kind = draw(st.sampled_from([*FLOATS, "x86_fp80"]))
    if kind == "x86_fp80":
        exponent, fraction = draw(st.integers(0, 0x7FFF)), draw(st.integers(0, (1 << 63) - 1))
        whole = exponent > 0  # the integer bit; other combinations are no numbers (Intel SDM, "Unsupported")
        bits = draw(st.booleans()) << 79 | exponent << 64 | whole << 63 | fraction
        data = bits.to_bytes(10, "little").ljust(16, b"\0")
    else:
        data = draw(st.binary(min_size=FLOATS[kind][0], max_size=FLOATS[kind][0]))
    return kind, floats.decode(kind, data), floats.to_python(kind, data)


pointers = st.integers(0, (1 << 64) - 1).map(lambda a: ("ptr", hex(a) if a else "null", a))
scalars = st.one_of(integers(), floating(), pointers)


@st.composite
def vectors(draw: st.DrawFn) -> Sample:
    element = draw(scalars.filter(lambda sample: sample[0] != "x86_fp80"))[0]
    # LLVM 22 cannot call what returns `<1 x i1>` on AVX-512 ("Cannot emit physreg copy instruction"), nor return
    # a large struct with `<9 x bfloat>` in it ("Do not know how to soft promote this operator's operand").
    least, most = 2 if element == "i1" else 1, 2 if element in ("half", "bfloat") else 9
    items = draw(st.lists(of_type(element), min_size=least, max_size=most))
    return f"<{len(items)} x {element}>", f"<{', '.join(i[1] for i in items)}>", tuple(i[2] for i in items)


def of_type(type: str) -> st.SearchStrategy[Sample]:
    """Values of one scalar type."""
    if type == "ptr":
        return pointers
    if type[0] == "i":
        bits = int(type[1:])
        values = st.integers(-1 << bits - 1, (1 << bits - 1) - 1)
        return values.map(lambda v: (type, str(v), bool(v) if bits == 1 else v))
    return st.binary(min_size=FLOATS[type][0], max_size=FLOATS[type][0]).map(
        lambda data: (type, floats.decode(type, data), floats.to_python(type, data))
    )


def arrays(items: st.SearchStrategy[Sample]) -> st.SearchStrategy[Sample]:
    def array(item: Sample, count: int) -> Sample:
        type, text, value = item
        values: object = (value,) * count
        if type == "i8":
            values = bytes(v & 0xFF for v in values)  # type: ignore[attr-defined]
        return f"[{count} x {type}]", f"[{', '.join([text] * count)}]", values

    return st.builds(array, items, st.integers(0, 5))


def structs(items: st.SearchStrategy[Sample]) -> st.SearchStrategy[Sample]:
    def struct(fields: list[Sample], packed: bool, typed: bool) -> Sample:
        types = ", ".join(type for type, _, _ in fields)
        typed |= set("{}<>, ").issuperset(types)  # `{ {} }` is a type and its value: parentheses are not enough
        inside = ", ".join(f"{type} {text}" if typed else text for type, text, _ in fields)
        body, text = (f"{{ {types} }}", f"{{ {inside} }}") if fields else ("{}", "{}")
        if packed:
            body, text = f"<{body}>", f"<{text}>"
        return body, text if typed else f"({inside})", tuple(value for _, _, value in fields)

    return st.builds(struct, st.lists(items, max_size=5), st.booleans(), st.booleans())


samples = st.recursive(st.one_of(scalars, vectors()), lambda inner: arrays(inner) | structs(inner), max_leaves=8)


class Identities:
    """Functions that return their argument, one for each type, in one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._made: dict[str, str] = {}

    def call(self, type: str, text: str) -> tuple[str, object]:
        """What came back, as text and for Python."""
        name = self._made.get(type)
        if name is None:
            name = self._made[type] = f"id.{len(self._made)}"
            self.session.load(f"define {type} @{name}({type} %x) {{ ret {type} %x }}")
        value = self.session.ask_call(name, (text,)).value
        assert value.type == type
        return value.text, value.data


@pytest.fixture(scope="module")
def identities() -> Iterator[Identities]:
    with Session(snapshots=False) as session:
        yield Identities(session)


# The same examples in every run: for others, LLVM's code generator has bugs enough to stop the project's tests.
@settings(deadline=None, max_examples=300, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(sample=samples)
def test_a_value_comes_back_and_its_text_reads_back(identities: Identities, sample: Sample) -> None:
    type, text, value = sample
    printed, data = identities.call(type, text)
    assert repr(data) == repr(value)
    assert repr(identities.call(type, printed)) == repr((printed, data))
    assert identities.call(type, f"{type} {printed}")[0] == printed
