"""How long inputs take."""

from __future__ import annotations


class Times:
    """How long inputs that changed the session took, from the request to the reply, in seconds."""

    def __init__(self) -> None:
        self.start = 0.0
        """How long the first worker took to be ready."""
        self.last = 0.0
        self._total = 0.0
        self._count = 0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.last = seconds
        self._total += seconds
        self._count += 1

    @property
    def mean(self) -> float:
        """The mean of all; 0 if there was none."""
        return self._total / self._count if self._count else 0.0

    def figures(self) -> dict[str, float]:
        """What `:stats` shows of them, in seconds."""
        return {"start": self.start, "last input": self.last, "mean input": self.mean}
