"""Officers, contacts and duties in a CSV or YAML file, read and judged: every fault at once, each with its line.

YAML: `officers: [{name, language?, contacts: [{channel?, address, position?, enabled?}]}]`,
`duty: [{role, officer, from, to}]`. CSV: one line each, column `record` says which: `officer` (name, language),
`contact` (officer, channel, address, position, enabled), `duty` (role, officer, from, to). Times with their offset.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from rules import expectations, identity
from rules.alerts import Words
from rules.expectations import choice, saying
from rules.fault import NOTHING, ROOT, Fault, fault
from rules.misfit import misfits
from rules.vocabulary import Role, Strict
from rules.yaml_file import BadFiles, Document, decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

NAME = saying("至多 64 个字符的姓名", "a name of at most 64 characters")
ADDRESS = saying(
    "带 + 和国家代码的手机号码，如 +8613800000000", "a mobile number with + and country code, such as +8613800000000"
)
ONCE = Words(zh="每名人员一次", en="each officer once")
OF_FILE = Words(zh="本文件中的人员", en="an officer of this file")
OF_ROSTER = Words(zh="本文件或名册中的人员", en="an officer of this file or of the roster")
A_CONTACT = Words(zh="至少一个联系方式：没有则呼叫不到", en="at least one contact: without one nobody is reached")
SOMEBODY = Words(zh="至少一名人员或一个班次", en="at least one officer or duty")
RECORDS = choice(("officer", "contact", "duty"))
HEADER = Words(zh="名为 record 的列", en="a column named record")
MORE_CELLS = Words(zh="格数多于列数", en="more cells than columns")
AS_COLUMNS = Words(zh="至多与列数相同的格数", en="at most as many cells as columns")

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"\S", extra=NAME)]
# +86 and a mobile's 11 digits (国家电信网编号计划: 1 and a second digit from 3 to 9); E.164 for all others.
Address = Annotated[str, Meta(pattern=r"^\+(861[3-9][0-9]{9}|(?!86)[1-9][0-9]{6,14})$(?!\n)", extra=ADDRESS)]
Truth = Annotated[
    str, Meta(pattern=r"(?i)^(true|false|yes|no|1|0)$(?!\n)", extra=saying("true | false", "true | false"))
]
_TRUE = ("true", "yes", "1")


class OfficerRow(Strict, frozen=True, kw_only=True):
    """One officer as written."""

    name: Name
    language: Literal["zh", "en"] = "zh"


class ContactRow(Strict, frozen=True, kw_only=True):
    """One contact as written. By any other channel it would never be reached."""

    officer: Name
    address: Address
    channel: Literal["twilio"] = "twilio"
    position: Annotated[int, Meta(ge=1, le=99)] | None = None
    enabled: Truth = "true"


class DutyRow(Strict, frozen=True, kw_only=True):
    """One duty as written."""

    role: Role
    officer: Name
    since: str = msgspec.field(name="from")
    to: str


class Standing(NamedTuple):
    """What a file is judged against: the roster's names, whose an address of a channel is, and the site's roles."""

    officers: frozenset[str] = frozenset()
    owners: Mapping[tuple[str, str], str] = {}
    roles: frozenset[str] = frozenset()
    """Empty: any."""


NOBODY = Standing()


@dataclass
class RosterFile:
    """A roster file that is in order."""

    officers: dict[str, str] = field(default_factory=dict)
    """Name → language."""
    contacts: list[dict[str, Any]] = field(default_factory=list)
    duties: list[dict[str, Any]] = field(default_factory=list)


class _Record(NamedTuple):
    """One entry of either format, not yet judged: a fault of it stands at `line` and begins with `path`."""

    kind: str
    path: str
    values: Any
    line: Callable[[str], int]


def read(path: Path, standing: Standing = NOBODY) -> RosterFile:
    """Read and judge a file beside what stands in the roster. Raises `BadFiles` with every fault."""
    text = decoded(path.name, path.read_bytes())
    judge = _Judge(path.name, standing)
    records = _csv_records if path.suffix.lower() == ".csv" else _yaml_records
    return judge.judge(list(records(path.name, text, judge.faults)))


class _Judge:
    """Collects faults; a record with a fault is left out, so that one mistake is said once."""

    def __init__(self, file: str, standing: Standing) -> None:
        self._file, self._standing = file, standing
        self.faults: list[Fault] = []
        self._roster = RosterFile()
        self._named: dict[str, _Record] = {}
        self._reached: set[str] = set()
        self._owners: dict[tuple[str, str], str] = {}

    def judge(self, records: list[_Record]) -> RosterFile:
        for kind, row_type, take in (
            ("officer", OfficerRow, self._officer),
            ("contact", ContactRow, self._contact),
            ("duty", DutyRow, self._duty),
        ):
            for record in (one for one in records if one.kind == kind):
                self._take(record, row_type, take)
        for name, record in self._named.items():
            if name not in self._reached and not self._told(record):
                self._say(record, ".contacts", NOTHING, A_CONTACT)
        if not records and not self.faults:
            self.faults.append(fault(ROOT, NOTHING, SOMEBODY, self._file, 1))
        if self.faults:
            raise BadFiles(sorted(self.faults, key=lambda one: one.line or 0))
        return self._roster

    def _take(self, record: _Record, row_type: Any, take: Callable[[_Record, Any], None]) -> None:
        if record.kind == "contact" and isinstance(record.values, dict):
            self._reached.add(_name(record.values.get("officer")))  # a wrong contact is told as such
        wrong = list(misfits(record.values, row_type, record.path))
        for path, value, expected in wrong:
            self._say(record, path.removeprefix(record.path), value, expected)
        if not wrong:
            take(record, msgspec.convert(record.values, row_type, strict=False))
        elif record.kind == "officer" and isinstance(record.values, dict):
            self._named.setdefault(_name(record.values.get("name")), record)

    def _told(self, record: _Record) -> bool:
        """Whether something of the record itself is wrong. In a CSV all records of a kind have one path."""
        within = [one for one in self.faults if one.path.startswith(record.path)]
        return any(record.path.endswith("]") or one.line == record.line(record.path) for one in within)

    def _say(self, record: _Record, inner: str, value: object, expected: Words) -> None:
        path = f"{record.path}{inner}"
        self.faults.append(fault(path, value, expected, self._file, record.line(path)))

    def _officer(self, record: _Record, row: OfficerRow) -> None:
        name = row.name.strip()
        if name in self._named:
            self._say(record, ".name", row.name, ONCE)
        self._named.setdefault(name, record)
        self._roster.officers[name] = row.language

    def _contact(self, record: _Record, row: ContactRow) -> None:
        officer = row.officer.strip()
        if officer not in self._named:
            self._say(record, ".officer", row.officer, OF_FILE)
        key = (row.channel, row.address)
        owner = self._owners.setdefault(key, officer)
        standing = self._standing.owners.get(key, officer)
        other = owner if owner != officer else standing
        if other != officer and (owner != officer or standing not in self._named):
            self._say(record, ".address", row.address, _not_of(other))
        taken = sum(one["officer"] == officer for one in self._roster.contacts)
        self._roster.contacts.append({
            "id": str(identity.name("contact", [officer, row.channel, row.address])), "officer": officer,
            "channel": row.channel, "address": row.address, "position": row.position or 1 + taken,
            "enabled": row.enabled.lower() in _TRUE,
        })  # fmt: skip

    def _duty(self, record: _Record, row: DutyRow) -> None:
        officer = row.officer.strip()
        starts, ends = self._instant(record, "from", row.since), self._instant(record, "to", row.to)
        if officer not in self._named.keys() | self._standing.officers:
            self._say(record, ".officer", row.officer, OF_ROSTER)
        if self._standing.roles and row.role not in self._standing.roles:
            self._say(record, ".role", row.role, choice(sorted(self._standing.roles)))
        if starts is None or ends is None:
            return
        if starts >= ends:
            self._say(record, ".to", row.to, _after(row.since))
        self._roster.duties.append({
            "id": str(identity.name("duty", [row.role, officer, starts, ends])), "role": row.role, "officer": officer,
            "starts_at": starts, "ends_at": ends,
        })  # fmt: skip

    def _instant(self, record: _Record, name: str, text: str) -> datetime | None:
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            self._say(record, f".{name}", text, expectations.TIME)
            return None
        return at


def _name(said: Any) -> str:
    """Also of an officer who was given none, so that the same is not told of his contacts again."""
    return str(said or "?").strip() or "?"


def _not_of(owner: str) -> Words:
    return Words(zh=f"{owner} 所没有的号码", en=f"an address that {owner} does not have")


def _after(since: str) -> Words:
    return Words(zh=f"晚于 {since} 的时间", en=f"a time after {since}")


def _csv_records(file: str, text: str, faults: list[Fault]) -> Iterator[_Record]:
    reader = csv.DictReader(io.StringIO(text))
    if "record" not in (reader.fieldnames or []):
        raise BadFiles([fault(ROOT, ",".join(reader.fieldnames or []) or expectations.EMPTY, HEADER, file, 1)])
    for row in reader:
        number = reader.line_num
        cells = {key: value.strip() for key, value in row.items() if isinstance(value, str) and value.strip()}
        kind = cells.pop("record", None)
        if row.get(None):
            faults.append(fault(ROOT, MORE_CELLS, AS_COLUMNS, file, number))
        elif kind in ("officer", "contact", "duty"):
            yield _Record(kind, kind, cells, lambda _, number=number: number)  # type: ignore[misc]
        elif kind or cells:
            faults.append(fault("record", kind or NOTHING, RECORDS, file, number))


def _yaml_records(file: str, text: str, faults: list[Fault]) -> Iterator[_Record]:
    document = Document(file, text)
    faults += [document.fault(*one) for one in misfits(document.value, _Shape)]
    for i, officer in enumerate(_listed(document, "officers")):
        if not isinstance(officer, dict):
            continue  # told with the shape
        path = f"officers[{i}]"
        own = {name: value for name, value in officer.items() if name != "contacts"}
        yield _Record("officer", path, own, lambda at: document.line(f"$.{at}"))
        for j, contact in enumerate(_listed(document, f"{path}.contacts")):
            values = {**contact, "officer": _name(officer.get("name"))} if isinstance(contact, dict) else contact
            yield _Record("contact", f"{path}.contacts[{j}]", values, lambda at: document.line(f"$.{at}"))
    for i, duty in enumerate(_listed(document, "duty")):
        yield _Record("duty", f"duty[{i}]", duty, lambda at: document.line(f"$.{at}"))


def _listed(document: Document, path: str) -> Iterable[Any]:
    found = document.at(f"$.{path}")
    return found if isinstance(found, list) else ()


class _Officer(msgspec.Struct):
    """So much of an officer as holds the lists together; the rest is judged record by record."""

    contacts: list[Any] = []


class _Shape(msgspec.Struct, forbid_unknown_fields=True):
    officers: list[_Officer] = []
    duty: list[Any] = []
