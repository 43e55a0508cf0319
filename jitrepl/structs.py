"""How a struct of the source language comes to Python: a tuple whose items have names."""

from __future__ import annotations


class Struct(tuple[object, ...]):
    """A struct, class, union or enum variant with fields: a tuple, as without debug info, whose items have names.

    >>> point = Struct("Point", ("x", "y"), (1, 2))
    >>> point.x, point[1], point == (1, 2)
    (1, 2, True)

    Args:
        name: its type as the source spells it; of a Rust enum the variant, `Shape::Circle`.
        names: a name for each item, "" for one without.
        values: the items.
    """

    _name: str
    _fields: tuple[str, ...]

    def __new__(cls, name: str, names: tuple[str, ...], values: tuple[object, ...]) -> Struct:
        """A tuple of `values`."""
        made = super().__new__(cls, values)
        made._name = name
        made._fields = names
        return made

    def __getattribute__(self, name: str) -> object:
        if name[:1] != "_":  # fields first: tuples have methods called `count` and `index`
            fields = super().__getattribute__("_fields")
            if name in fields:
                return self[fields.index(name)]
        return super().__getattribute__(name)

    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"{self._name} has no field {name!r}; it has {', '.join(self._fields) or 'none'}")

    def _asdict(self) -> dict[str, object]:
        """The items by their names."""
        return dict(zip(self._fields, self, strict=True))

    def __reduce__(self) -> tuple[object, ...]:
        return Struct, (self._name, self._fields, tuple(self))

    def __repr__(self) -> str:
        parts = [f"{name}={value!r}" if name else repr(value) for name, value in zip(self._fields, self, strict=True)]
        return f"{self._name or 'Struct'}({', '.join(parts)})"
