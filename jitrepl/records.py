"""Frozen records of plain data: a record's fields are its annotations, in order.

`dataclasses` would do the same and costs 12 ms of a 25 ms start, so `Record` is forty lines here
(docs/decisions/0005). `jitrepl.wire` carries any record by class name.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, dataclass_transform
else:

    def dataclass_transform(**_):
        return lambda cls: cls


RECORDS: dict[str, type[Record]] = {}


@dataclass_transform(frozen_default=True)
class Record:
    """A frozen value whose fields are the annotations of its class, in order; class attributes are defaults."""

    _fields: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063 - `inspect` is slow
        if cls.__name__ in RECORDS:
            raise TypeError(f"there are two records named {cls.__name__}: the wire could not tell them apart")
        RECORDS[cls.__name__] = cls

    def __init__(self, *values: Any, **named: Any) -> None:
        fields = self._fields
        if len(values) == len(fields) and not named:  # as the wire makes them
            self.__dict__.update(zip(fields, values, strict=True))
            return
        if len(values) > len(fields):
            raise TypeError(f"{type(self).__name__} takes {len(fields)} values, not {len(values)}")
        state = dict(zip(fields, values, strict=False))
        for name, value in named.items():
            if name in state or name not in fields:
                raise TypeError(f"{type(self).__name__}: unexpected or repeated field {name!r}")
            state[name] = value
        if len(state) < len(fields):
            for name in fields:
                if name not in state:
                    try:
                        state[name] = getattr(type(self), name)
                    except AttributeError:
                        raise TypeError(f"{type(self).__name__} lacks its field {name!r}") from None
        self.__dict__.update(state)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is frozen")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self), tuple(self.__dict__[name] for name in self._fields)))

    def __repr__(self) -> str:
        inside = ", ".join(f"{name}={self.__dict__[name]!r}" for name in self._fields)
        return f"{type(self).__name__}({inside})"
