"""What every condition is: a pure automaton over readings in order of time.

Its memory is made of plain JSON or msgspec structs, so that it lives in an entry of the table. The order of readings,
late ones and corrections are none of its business: `rules.watch` reads them again from what is kept.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.limits import Verdict
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from rules.detector import Sample
    from rules.facts import AnyFact


KEPT = 32
"""How many readings of a subject are kept at the least, for those that come late (DESIGN: at least 32)."""


class Condition(ABC):
    """A leaf or a joint of a trigger's tree."""

    kept: int = KEPT
    """How many readings must be kept one by one, for those that come late or are corrected."""
    levels: frozenset[Severity]
    """What it can reach."""

    @property
    def form(self) -> str:
        """What its memory is made of, as far as that depends on how it is put together."""
        return type(self).__name__

    @property
    def timed(self) -> bool:
        """Whether time alone may change what it says."""
        return type(self).due is not Condition.due

    @property
    def waits(self) -> bool:
        """Whether it counts from when its plan comes into force, before any fact."""
        return False

    @abstractmethod
    def start(self) -> Any:
        """The memory before any reading."""

    def begin(self, at: datetime) -> Any:  # noqa: ARG002 - only silence counts from then
        """The memory of what has come into force at `at`, before any reading."""
        return self.start()

    def restore(self, plain: Any) -> Any:
        """The memory from what JSON made of it."""
        return plain

    @abstractmethod
    def extract(self, fact: AnyFact) -> Any:
        """What is kept of a fact, as plain JSON; None where it says nothing to this condition."""

    def gone(self, fact: AnyFact) -> Any:  # noqa: ARG002 - most series never leave their subject
        """What is kept of a version that says nothing here any more; None: there is nothing to take back."""
        return None

    @abstractmethod
    def read(self, memory: Any, sample: Sample, said: Any) -> Any:
        """The memory after a reading, which is not older than those before it. `said` is what was extracted."""

    def elapse(self, memory: Any, at: datetime) -> Any:  # noqa: ARG002 - most remember nothing of time
        """The memory at `at`, which is not beyond the next `due`."""
        return memory

    def due(self, memory: Any, clock: datetime) -> datetime | None:  # noqa: ARG002
        """The next instant after `clock` at which time alone may change the verdict."""
        return None

    @abstractmethod
    def verdict(self, memory: Any, at: datetime) -> Verdict:
        """What is reached at `at`."""

    @abstractmethod
    def explain(self, memory: Any, at: datetime, severity: Severity, *, estimated: bool) -> Words:
        """Why the alarm is at `severity`, in both languages: figures, bound, place."""


class Ladder:
    """Bounds of several severities on one scale: upper bounds include the number (以上), lower ones do not (以下).

    `exceeds`: nor does an upper one (超过).
    """

    def __init__(
        self,
        bounds: Mapping[Any, Decimal],
        *,
        side: str = "upper",
        exceeds: bool = False,
        deadband: Decimal = Decimal(0),
    ) -> None:
        self._upper = side == "upper"
        self._includes = self._upper and not exceeds
        slack = deadband if self._upper else -deadband
        self._rungs = sorted(((Severity.of(word), bound) for word, bound in bounds.items()), reverse=True)
        self._beyond = [(severity, bound, bound - slack) for severity, bound in self._rungs]
        self.levels = frozenset(severity for severity, _ in self._rungs)

    def verdict(self, value: Decimal) -> Verdict:
        """The gravest rung reached, and the gravest that is still held."""
        held = Severity.NORMAL
        for severity, bound, back in self._beyond:
            if self._is_beyond(value, bound):
                return Verdict(severity, max(severity, held))
            if not held and self._is_beyond(value, back):
                held = severity
        return Verdict(Severity.NORMAL, held)

    def _is_beyond(self, value: Decimal, bound: Decimal) -> bool:
        if self._includes:
            return value >= bound
        return value > bound if self._upper else value < bound

    def bound(self, severity: Severity) -> Decimal | None:
        """The bound of the gravest rung not above `severity`; of the lowest where there is none."""
        for level, bound in self._rungs:
            if level <= severity:
                return bound
        return self._rungs[-1][1] if self._rungs else None


def most(verdicts: Iterable[Verdict]) -> Verdict:
    """One of them is enough, and the gravest counts (下列情况之一)."""
    reached = held = Severity.NORMAL
    for one in verdicts:
        reached, held = max(reached, one.reached), max(held, one.held)
    return Verdict(reached, held)


def graded(severity: Severity) -> Words:
    """How a text ends: with its response level, or that all is well. Notices have no level to tell."""
    if severity in (Severity.APPROACH, Severity.LINE):
        return Words(zh="", en="")
    return Words(zh=f"，{severity.zh}", en=f", {severity.en}")
