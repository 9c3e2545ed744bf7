"""What should have come of some facts, worked out without broker, database or process: the engine and a mapping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rules import decoding
from rules.engine import Engine
from rules.entries import MappingStates, Record
from rules.facts import Fact, PlanActivated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from rules.alerts import Alert
    from rules.entries import Entry
    from rules.library import Library


def alerts_of(
    library: Library, facts: Iterable[Mapping[str, Any]], *, in_force_since: datetime | None = None
) -> list[Alert]:
    """The alerts that these facts cause when each arrives in its turn and once.

    `in_force_since`: as in a system that told its log then that the library is in force, before any of the facts.
    """
    engine = Engine(library, lambda _: library)
    table: dict[str, Entry] = {}
    states = MappingStates(table)
    found: list[Alert] = []
    messages: list[tuple[str, Fact | PlanActivated]] = []
    for values in facts:
        fact = decoding.decode(json.dumps(values).encode())
        assert isinstance(fact, Fact)
        messages.append((fact.topic, fact))
    if in_force_since is not None:
        activated = PlanActivated(content="0" * 64, counties=list(library.site.counties), at=in_force_since)
        messages = [(topic, activated) for topic in sorted({topic for topic, _ in messages})] + messages
    for offset, (topic, message) in enumerate(messages):
        arrived = message.observed_at if isinstance(message, Fact) else message.at
        outcome = engine.apply(states, Record(topic, "reckoned", 0, offset, arrived, offset - 10), message)
        assert outcome.rejected is None, outcome.rejected
        for key, entry in outcome.entries.items():
            if entry is None:
                table.pop(key, None)
            else:
                table[key] = entry
        found += outcome.alerts
    return found
