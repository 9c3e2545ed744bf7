"""The present figures of a subject: what its reports, warnings or counts say together at an instant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rules.alerts import Words
    from rules.detector import Sample
    from rules.facts import AnyFact

MOST = 128
"""How many reports, warnings or occurrences one subject knows one by one, so that no source outgrows the broker."""


class Figures(ABC):
    """What a table reads of one kind of fact. Its memory is plain JSON, in order of time."""

    kept: int = 32

    @abstractmethod
    def start(self) -> Any: ...

    @abstractmethod
    def extract(self, fact: AnyFact) -> dict[str, Any]:
        """What is kept of a fact."""

    @abstractmethod
    def read(self, memory: Any, sample: Sample, said: dict[str, Any]) -> Any: ...

    @abstractmethod
    def leave(self, memory: Any, key: str) -> Any:
        """Without what older versions of a series said: the newest says nothing here."""

    @abstractmethod
    def figures(self, memory: Any, at: datetime) -> Mapping[str, Any]:
        """Field to value, as `rules.measures` reads them; an unknown one is absent."""

    def due(self, memory: Any, clock: datetime) -> datetime | None:  # noqa: ARG002
        """The next instant after `clock` at which time alone changes the figures."""
        return None

    @abstractmethod
    def title(self, memory: Any, at: datetime, fields: tuple[str, ...] = ()) -> Words:
        """What it is about, for people: where the figures of `fields` come from, as far as that is known."""
