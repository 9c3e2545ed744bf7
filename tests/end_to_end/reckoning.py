"""What should have come of some facts, worked out without broker, database or process: the engine and a mapping."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rules import decoding
from rules import facts as all_facts
from rules.engine import Engine
from rules.entries import MappingStates, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from rules.alerts import Alert
    from rules.entries import Entry
    from rules.library import Library


def alerts_of(library: Library, facts: Iterable[Mapping[str, Any]]) -> list[Alert]:
    """The alerts that these facts cause when each arrives in its turn and once."""
    engine = Engine(library)
    table: dict[str, Entry] = {}
    states = MappingStates(table)
    found: list[Alert] = []
    for offset, values in enumerate(facts):
        fact = decoding.decode(json.dumps(values).encode())
        assert isinstance(fact, all_facts.Fact)
        arrived = fact.observed_at
        outcome = engine.apply(states, Record(fact.topic, "reckoned", 0, offset, arrived, offset - 10), fact)
        assert outcome.rejected is None, outcome.rejected
        for key, entry in outcome.entries.items():
            if entry is None:
                table.pop(key, None)
            else:
                table[key] = entry
        found += outcome.alerts
    return found
