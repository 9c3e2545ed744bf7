"""What a change of plans does to the alarms of one partition: each is looked at under the new plans at once.

An alarm that no plan asks for any more is withdrawn; one whose trigger has another name goes on under it. What was
there stays in the table as over until nothing that it caused can be read again: a worker killed half way finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rules.alerts import Words
from rules.entries import Entry, Outcome, Record, States, after
from rules.held import Held, KnownAlarm, again, alarm_key, is_alarm
from rules.in_force import changed, plans_key

if TYPE_CHECKING:
    from rules.alerts import Alert
    from rules.facts import PlanActivated
    from rules.library import Bound, Library


def activate(states: States, record: Record, message: PlanActivated, before: Library, library: Library) -> Outcome:
    """From `record` on `library` is in force in its partition, in place of `before`."""
    return _Activation(states, record, message, before, library).outcome()


class _Activation:
    def __init__(
        self, states: States, record: Record, message: PlanActivated, before: Library, library: Library
    ) -> None:
        self._states, self._record, self._message = states, record, message
        self._before, self._library = before, library
        self._entries: dict[str, Entry | None] = {}
        self._alerts: list[Alert] = []

    def outcome(self) -> Outcome:
        key = plans_key(self._record.topic, self._record.partition)
        there = self._states.get(key)
        if there is None or not there.seen(self._record):
            self._entries[key] = changed(there, self._record, self._message.content)
        for name in self._states.of_exercise(self._record, None):
            entry = self._states.get(name)
            if entry is not None and is_alarm(name):
                self._look(name, entry, KnownAlarm.read(name, entry))
        self._begin()
        return Outcome(self._entries, [*self._alerts, *again(self._states, self._record)])

    def _look(self, name: str, entry: Entry, known: KnownAlarm) -> None:
        record, seen = self._record, entry.seen(self._record)
        bound = self._library.named(known.detector, known.subject)
        renamed = self._renamed(known) if bound is None else None
        if known.held.over and not seen:
            self._let_go(name, entry)
        elif seen:
            if known.held.over and renamed is not None and self._free(renamed):
                self._move(known, *renamed)  # it was to go on under another name, and that was not written
        elif bound is not None and bound.watch.form == known.held.form:
            self._reconsider(name, entry, known, bound)
        elif renamed is not None and (self._free(renamed) or self._there(renamed)):
            if self._free(renamed):
                self._move(known, *renamed)
            self._entries[name] = _over(entry, record, known, [])
        else:
            self._withdraw(name, entry, known, bound or self._before.named(known.detector, known.subject))

    def _reconsider(self, name: str, entry: Entry, known: KnownAlarm, bound: Bound) -> None:
        change = bound.watch.reconsider(known.held.state, self._message.at)
        caused = known.alerts(bound, change.transitions, self._record)
        self._entries[name] = known.after(entry, self._record, change, caused)
        self._alerts += caused

    def _withdraw(self, name: str, entry: Entry, known: KnownAlarm, old: Bound | None) -> None:
        ends = old.watch.withdrawn(known.held.state, self._message.at) if old and known.held.state is not None else []
        caused = known.alerts(old, ends, self._record) if old else []
        self._entries[name] = _over(entry, self._record, known, caused)
        self._alerts += caused

    def _let_go(self, name: str, entry: Entry) -> None:
        """Nothing that it applied or caused comes again."""
        if all(one.offset < self._record.committed for one in entry.applied if one.topic == self._record.topic):
            self._entries[name] = None

    # -- an alarm that goes on under another name

    def _renamed(self, known: KnownAlarm) -> tuple[str, Bound] | None:
        """The alarm that goes on where this one ends, and its key."""
        bound = self._library.renamed(known.detector, known.subject)
        if bound is None or bound.watch.form != known.held.form:
            return None
        return alarm_key(known.county, None, bound.watch.id, known.subject), bound

    def _free(self, renamed: tuple[str, Bound]) -> bool:
        """Nothing stands under its name."""
        there = self._states.get(renamed[0])
        return there is None or self._ended(renamed[0], there)

    def _there(self, renamed: tuple[str, Bound]) -> bool:
        """It was written under its new name before a worker was killed."""
        there = self._states.get(renamed[0])
        return there is not None and there.seen(self._record)

    def _move(self, known: KnownAlarm, key: str, bound: Bound) -> None:
        at = self._message.at
        change = bound.watch.reconsider(known.held.state, at)
        told = change.transitions or [bound.watch.stands(change.state, at, _renamed(known.detector, bound))]
        alerts = known.alerts(bound, told, self._record)
        caused = [msgspec.structs.replace(alert, was=known.detector) for alert in alerts]
        held = msgspec.structs.replace(known.held, state=change.state, over=False)
        there = self._states.get(key)
        self._entries[key] = after(there, self._record, exercise=None, due=change.due, state=held, alerts=caused)
        self._alerts += caused

    # -- an alarm that waits for its first fact

    def _begin(self) -> None:
        """Silence counts from now on for what has never spoken."""
        record, at = self._record, self._message.at
        for county, (bound, about, where) in self._library.waiting(record.topic, self._message.counties):
            name = alarm_key(county, None, bound.watch.id, about.subject)
            there = self._entries.get(name) or self._states.get(name)
            if there is None or self._ended(name, there):
                change = bound.watch.begin(at)
                held = Held(where or about.subject, "", change.state, bound.watch.form)
                self._entries[name] = after(there, record, exercise=None, due=change.due, state=held, alerts=[])

    def _ended(self, name: str, there: Entry) -> bool:
        """Over by now, as against by something that came later in the log."""
        return KnownAlarm.read(name, there).held.over and (name in self._entries or not there.seen(self._record))


def _over(entry: Entry, record: Record, known: KnownAlarm, alerts: list[Alert]) -> Entry:
    """What was there, no longer watched."""
    held = msgspec.structs.replace(known.held, over=True)
    return after(entry, record, exercise=None, due=None, state=held, alerts=alerts)


def _renamed(was: str, bound: Bound) -> Words:
    old, new = was.partition("/")[2], bound.watch.id.partition("/")[2]
    return Words(zh=f"触发条件 {old} 更名为 {new}", en=f"trigger {old} is called {new} now")
