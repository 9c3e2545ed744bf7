"""A roster file: every fault at once, each naming file, line, field, value and what was expected; twice is once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from responders import roster_import
from responders.roster import DutyTable, officer_of, reachable
from responders.roster_import import RosterFaults
from responders.schema import contacts, duty, officers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.responders.room import Room

YAML = """\
officers:
  - name: 王建国
    contacts:
      - {address: "+12025550111"}
      - {address: "+12025550133", enabled: false}
  - {name: 李卫东, language: en, contacts: [{address: "+12025550122", channel: twilio}]}
duty:
  - {role: duty, officer: 王建国, from: 2026-08-26T08:00:00+08:00, to: 2026-08-27T08:00:00+08:00}
  - {role: leader, officer: 李卫东, from: "2026-08-26T08:00:00+08:00", to: "2026-08-27T08:00:00+08:00"}
"""
CSV = """\
record,name,language,officer,channel,address,position,enabled,role,from,to
officer,王建国,zh,,,,,,,,
officer,李卫东,en,,,,,,,,
contact,,,王建国,twilio,+12025550111,,,,,
contact,,,王建国,twilio,+12025550133,2,false,,,
contact,,,李卫东,,+12025550122,,,,,
duty,,,王建国,,,,,duty,2026-08-26T08:00:00+08:00,2026-08-27T08:00:00+08:00
duty,,,李卫东,,,,,leader,2026-08-26T08:00:00+08:00,2026-08-27T08:00:00+08:00
"""


def bring(room: Room, path: Path, text: str) -> roster_import.Imported:
    path.write_text(text, encoding="utf-8")
    read = roster_import.read(path)
    with room.store.write() as connection:
        return roster_import.load(connection, read)


@pytest.mark.parametrize(("name", "text"), [("r.yaml", YAML), ("r.csv", CSV), ("bom.csv", "\ufeff" + CSV)])
def test_a_file_is_imported_and_again_changes_nothing(room: Room, tmp_path: Path, name: str, text: str) -> None:
    assert bring(room, tmp_path / name, text) == roster_import.Imported(2, 3, 0, 2)
    first = [sorted(map(tuple, room.rows(table))) for table in (officers, contacts, duty)]
    assert bring(room, tmp_path / name, text) == roster_import.Imported(2, 3, 0, 0)
    assert [sorted(map(tuple, room.rows(table))) for table in (officers, contacts, duty)] == first
    with room.store.read() as connection:
        assert [c.address for c in reachable(connection, "王建国")] == ["+12025550111"]
        assert officer_of(connection, "twilio", "+12025550133") == "王建国"


def test_duty_is_half_open(room: Room, tmp_path: Path) -> None:
    bring(room, tmp_path / "r.yaml", YAML)
    with room.store.read() as connection:
        on = lambda at: DutyTable().on_duty(connection, ["duty"], datetime.fromisoformat(at))["duty"]  # noqa: E731
        assert on("2026-08-26T07:59:59+08:00") == ()
        assert on("2026-08-26T08:00:00+08:00") == ("王建国",)
        assert on("2026-08-26T23:59:59Z") == ("王建国",)
        assert on("2026-08-27T00:00:00Z") == ()


def test_a_contact_that_the_file_no_longer_has_is_removed(room: Room, tmp_path: Path) -> None:
    bring(room, tmp_path / "r.yaml", YAML)
    changed = YAML.replace('      - {address: "+12025550133", enabled: false}\n', "")
    assert bring(room, tmp_path / "r.yaml", changed).contacts_removed == 1


def test_an_address_of_somebody_who_is_not_in_the_file_is_refused(room: Room, tmp_path: Path) -> None:
    bring(room, tmp_path / "r.yaml", YAML)
    with pytest.raises(RosterFaults, match="expected an address that 李卫东 does not have"):
        bring(room, tmp_path / "s.yaml", 'officers: [{name: 赵敏, contacts: [{address: "+12025550122"}]}]')
    assert len(room.rows(officers)) == 2


def test_every_fault_at_once_in_yaml(room: Room, tmp_path: Path) -> None:
    text = """\
officers:
  - {name: 王建国, language: fr}
  - {name: 李卫东, contacts: [{address: "13800000000"}, {address: "+12025550122", position: 0}]}
  - {name: 李卫东}
  - {nmae: 赵敏}
duty:
  - {role: duty, officer: 李卫东, from: 2026-08-26T08:00:00, to: 2026-08-27T08:00:00+08:00}
  - {role: duty, officer: 李卫东, from: 2026-08-27T08:00:00+08:00, to: 2026-08-26T08:00:00+08:00}
rota: []
"""
    with pytest.raises(RosterFaults) as refused:
        bring(room, tmp_path / "bad.yaml", text)
    assert str(refused.value).splitlines() == [
        "bad.yaml:2 officer.language: got 'fr', expected zh or en",
        "bad.yaml:3 contact.address: got '13800000000', expected a number with + and country code,"
        " such as +8613800000000",
        "bad.yaml:3 contact.position: got '0', expected a number from 1 to 99",
        "bad.yaml:4 officer.name: got '李卫东', expected each officer once",
        "bad.yaml:5 officer.name: got '', expected a value",
        "bad.yaml:5 officer.nmae: got '赵敏', expected no such field",
        "bad.yaml:7 duty.from: got '2026-08-26 08:00:00', expected a time with its offset,"
        " such as 2026-08-26T08:00:00+08:00",
        "bad.yaml:8 duty.to: got '2026-08-26 08:00:00+08:00', expected a time after 2026-08-27 08:00:00+08:00",
        "bad.yaml:9 rota: got 'rota', expected officers or duty",
    ]
    assert room.rows(officers) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"name,phone\nx,1\n", "a.csv:1 header: got 'name,phone', expected a column named record"),
        ("a.csv", b"record,name\nofficer,x,too,many\n", "a.csv:2 line: got"),
        ("a.csv", b"record,name\nboss,x\n", "a.csv:2 record: got 'boss', expected officer, contact or duty"),
        ("a.csv", b"record,name\nofficer,\xff\n", "a.csv:1 file: got 'byte 20', expected text in UTF-8"),
        ("a.yaml", b"officers: [", "a.yaml:1 yaml: got"),
        ("a.yaml", b"- x", "a.yaml:1 file: got 'list', expected a mapping with officers and duty"),
        ("a.yaml", b"officers: 3", "a.yaml:1 officers: got '3', expected a list"),
        ("a.yaml", b"officers: [3]", "a.yaml:1 officer: got '3', expected a mapping"),
        ("a.yaml", b"officers: [{name: x, contacts: 3}]", "a.yaml:1 officer.contacts: got '3', expected a list"),
        ("a.yaml", b"officers: [{name: x, contacts: [3]}]", "a.yaml:1 contact: got '3', expected a mapping"),
        ("a.yaml", b"", "a.yaml:1 file: got 'NoneType', expected a mapping with officers and duty"),
    ],
)
def test_what_is_no_roster_is_refused_by_name(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RosterFaults) as refused:
        roster_import.read(path)
    assert str(refused.value).startswith(said)
