"""Officers, contacts and duties from a CSV or YAML file: every fault at once, and the same file again changes nothing.

YAML: `officers: [{name, language?, contacts: [{channel?, address, enabled?}]}]`, `duty: [{role, officer, from, to}]`.
CSV: one line each, column `record` says which: `officer` (name, language), `contact` (officer, channel, address,
position, enabled), `duty` (role, officer, from, to). Times with their offset from UTC.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import delete, insert, select, update

from responders.schema import contacts, duty, officers
from rules import identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

CHANNELS = ("twilio",)
"""The channels there are: a contact by any other would never be reached."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_ROLE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.ASCII)
_TRUTH = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_NAME_LIMIT = 64
_FIELDS = {
    "officer": ({"name"}, {"language"}),
    "contact": ({"officer", "address"}, {"channel", "position", "enabled"}),
    "duty": ({"role", "officer", "from", "to"}, set[str]()),
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong in the file."""

    file: str
    line: int
    field: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.field}: got {self.value!r}, expected {self.expected}"


class RosterFaults(ValueError):
    """Everything that is wrong in a roster file; nothing of it was imported."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


@dataclass(frozen=True)
class Record:
    """One line of the file, not yet judged."""

    kind: str
    line: int
    values: dict[str, Any]


@dataclass
class RosterFile:
    """A roster file that is in order."""

    officers: dict[str, str] = field(default_factory=dict)
    """Name → language."""
    contacts: list[dict[str, Any]] = field(default_factory=list)
    duties: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Imported:
    """What an import changed."""

    officers: int
    contacts: int
    contacts_removed: int
    duties: int


def read(path: Path) -> RosterFile:
    """Read and judge a file. Raises `RosterFaults` with every fault."""
    name = path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RosterFaults([Fault(name, 1, "file", f"byte {error.start}", "text in UTF-8")]) from None
    if path.suffix.lower() == ".csv":
        return _Judge(name).judge(_csv_records(name, text))
    return _Judge(name).judge(_yaml_records(name, text))


def load(connection: Connection, roster: RosterFile) -> Imported:
    """Bring the roster into the store: officers by name, an officer's contacts as the file says, duties added.

    Whoever is not in the file stays as he is. Raises `RosterFaults` when an address belongs to somebody else.
    """
    _refuse_taken(connection, roster)
    for name, language in roster.officers.items():
        done = connection.execute(update(officers).where(officers.c.name == name).values(language=language))
        if done.rowcount == 0:
            connection.execute(insert(officers).values(name=name, language=language))
    wanted = {row["id"] for row in roster.contacts}
    gone = connection.execute(
        delete(contacts).where(contacts.c.officer.in_(roster.officers), contacts.c.id.not_in(wanted))
    )
    for row in roster.contacts:
        done = connection.execute(update(contacts).where(contacts.c.id == row["id"]).values(row))
        if done.rowcount == 0:
            connection.execute(insert(contacts).values(row))
    known = set(connection.execute(select(duty.c.id)).scalars())
    fresh = [row for row in roster.duties if row["id"] not in known]
    if fresh:
        connection.execute(insert(duty), fresh)
    return Imported(len(roster.officers), len(roster.contacts), gone.rowcount, len(fresh))


def _refuse_taken(connection: Connection, roster: RosterFile) -> None:
    faults = []
    for row in roster.contacts:
        owner = connection.execute(
            select(contacts.c.officer).where(
                contacts.c.channel == row["channel"],
                contacts.c.address == row["address"],
                contacts.c.officer != row["officer"],
            )
        ).scalar_one_or_none()
        if owner is not None and owner not in roster.officers:
            faults.append(Fault("roster", 0, "address", row["address"], f"an address that {owner} does not have"))
        elif owner is not None:  # it moves between officers of this file: the old row makes way
            connection.execute(delete(contacts).where(contacts.c.channel == row["channel"],
                                                      contacts.c.address == row["address"]))  # fmt: skip
    known = set(connection.execute(select(officers.c.name)).scalars()) | roster.officers.keys()
    faults += [
        Fault("roster", 0, "duty.officer", row["officer"], "an officer of this file or of the roster")
        for row in roster.duties
        if row["officer"] not in known
    ]
    if faults:
        raise RosterFaults(faults)


class _Judge:
    """Collects faults; a record with a fault is left out, so that one mistake is said once."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._faults: list[Fault] = []
        self._roster = RosterFile()
        self._addresses: dict[tuple[str, str], str] = {}

    def judge(self, records: Iterable[Record]) -> RosterFile:
        later = []
        for record in records:
            if record.kind == "fault":
                self._say(record, record.values["field"], record.values["value"], record.values["expected"])
            elif record.kind == "officer":
                self._officer(record)
            else:
                later.append(record)
        for record in later:
            if record.kind == "contact":
                self._contact(record)
            elif record.kind == "duty":
                self._duty(record)
            else:
                self._say(record, "record", record.kind, "officer, contact or duty")
        if self._faults:
            raise RosterFaults(sorted(self._faults, key=lambda fault: fault.line))
        return self._roster

    def _say(self, record: Record, name: str, value: object, expected: str) -> None:
        self._faults.append(Fault(self._file, record.line, name, "" if value is None else str(value), expected))

    def _fields(self, record: Record) -> bool:
        """Whether exactly the fields of its kind are there."""
        required, optional = _FIELDS[record.kind]
        before = len(self._faults)
        for name in sorted(required - record.values.keys()):
            self._say(record, f"{record.kind}.{name}", None, "a value")
        for name in sorted(record.values.keys() - required - optional):
            self._say(record, f"{record.kind}.{name}", record.values[name], "no such field")
        return len(self._faults) == before

    def _officer(self, record: Record) -> None:
        if not self._fields(record):
            return
        name, language = record.values["name"], record.values.get("language", "zh")
        if not isinstance(name, str) or not name.strip() or len(name) > _NAME_LIMIT:
            self._say(record, "officer.name", name, f"a name of at most {_NAME_LIMIT} characters")
        elif name.strip() in self._roster.officers:
            self._say(record, "officer.name", name, "each officer once")
        elif language not in {"zh", "en"}:
            self._say(record, "officer.language", language, "zh or en")
        else:
            self._roster.officers[name.strip()] = language

    def _contact(self, record: Record) -> None:
        if not self._fields(record):
            return
        values = record.values
        officer, address, channel = (
            str(values["officer"]).strip(),
            str(values["address"]),
            values.get("channel", "twilio"),
        )
        before = len(self._faults)
        if officer not in self._roster.officers:
            self._say(record, "contact.officer", officer, "an officer of this file")
        if not _E164.fullmatch(address):
            self._say(record, "contact.address", address, "a number with + and country code, such as +8613800000000")
        if channel not in CHANNELS:
            self._say(record, "contact.channel", channel, " | ".join(CHANNELS))
        position = self._number(record, values.get("position"))
        enabled = _TRUTH.get(str(values.get("enabled", "true")).lower())
        if enabled is None:
            self._say(record, "contact.enabled", values["enabled"], "true or false")
        owner = self._addresses.setdefault((str(channel), address), officer)
        if owner != officer:
            self._say(record, "contact.address", address, f"an address that {owner} does not have")
        if len(self._faults) > before or position is None:
            return
        self._roster.contacts.append({
            "id": str(identity.name("contact", [officer, channel, address])), "officer": officer,
            "channel": channel, "address": address, "position": position, "enabled": enabled,
        })  # fmt: skip

    def _number(self, record: Record, value: Any) -> int | None:
        if value is None:
            officer = str(record.values["officer"]).strip()
            return 1 + sum(bool(row["officer"] == officer) for row in self._roster.contacts)
        if not re.fullmatch(r"[1-9][0-9]?", str(value), re.ASCII):
            self._say(record, "contact.position", value, "a number from 1 to 99")
            return None
        return int(str(value))

    def _duty(self, record: Record) -> None:
        if not self._fields(record):
            return
        values = record.values
        role, officer = str(values["role"]).strip(), str(values["officer"]).strip()
        starts, ends = self._instant(record, "from"), self._instant(record, "to")
        if not _ROLE.fullmatch(role):
            self._say(record, "duty.role", role, "lower-case letters, digits, - and _")
            return
        if starts is None or ends is None:
            return
        if starts >= ends:
            self._say(record, "duty.to", values["to"], f"a time after {values['from']}")
            return
        self._roster.duties.append({
            "id": str(identity.name("duty", [role, officer, starts, ends])), "role": role, "officer": officer,
            "starts_at": starts, "ends_at": ends,
        })  # fmt: skip

    def _instant(self, record: Record, name: str) -> datetime | None:
        value = record.values[name]
        try:
            at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self._say(record, f"duty.{name}", value, "a time with its offset, such as 2026-08-26T08:00:00+08:00")
            return None
        return at


def _csv_records(file: str, text: str) -> Iterator[Record]:
    reader = csv.DictReader(io.StringIO(text))
    if "record" not in (reader.fieldnames or []):
        raise RosterFaults([Fault(file, 1, "header", ",".join(reader.fieldnames or []), "a column named record")])
    for row in reader:
        cells = {key: value.strip() for key, value in row.items() if isinstance(value, str) and value.strip()}
        extra = row.get(None)
        if extra:
            yield Record(
                "fault", reader.line_num, {"field": "line", "value": extra, "expected": "no more cells than columns"}
            )
            continue
        if cells:
            yield Record(cells.pop("record", ""), reader.line_num, cells)


def _yaml_records(file: str, text: str) -> Iterator[Record]:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RosterFaults([Fault(file, line, "yaml", error.problem or "", "YAML")]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise RosterFaults([Fault(file, 1, "yaml", str(error)[:80], "YAML")]) from None
    if not isinstance(content, dict) or not isinstance(root, yaml.MappingNode):
        raise RosterFaults([Fault(file, 1, "file", type(content).__name__, "a mapping with officers and duty")])
    for key, node in root.value:
        kind = {"officers": "officer", "duty": "duty"}.get(key.value)
        line = key.start_mark.line + 1
        if kind is None:
            yield Record("fault", line, {"field": key.value, "value": key.value, "expected": "officers or duty"})
        elif not isinstance(content[key.value], list):
            yield Record("fault", line, {"field": key.value, "value": content[key.value], "expected": "a list"})
        else:
            for item, at in zip(content[key.value], node.value, strict=True):
                yield from _yaml_record(kind, item, at)


def _yaml_record(kind: str, item: Any, node: Any) -> Iterator[Record]:
    line = node.start_mark.line + 1
    if not isinstance(item, dict):
        yield Record("fault", line, {"field": kind, "value": item, "expected": "a mapping"})
        return
    values = {str(key): value for key, value in item.items()}
    listed = values.pop("contacts", [])
    yield Record(kind, line, values)
    if not isinstance(listed, list):
        yield Record("fault", line, {"field": "officer.contacts", "value": listed, "expected": "a list"})
        return
    nodes: list[Any] = next((value.value for key, value in node.value if key.value == "contacts"), [])
    for contact, at in zip(listed, nodes, strict=True):
        where = at.start_mark.line + 1
        if isinstance(contact, dict):
            yield Record("contact", where, {**contact, "officer": values.get("name", "")})
        else:
            yield Record("fault", where, {"field": "contact", "value": contact, "expected": "a mapping"})
