"""A roster file: every fault at once, each naming file, line, field, value and what was expected; twice is once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from responders import roster_import
from responders.roster import DutyTable, officer_of, reachable
from responders.roster_file import read
from responders.schema import contacts, duty, officers
from rules.yaml_file import BadFiles

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

REQUIRED = "未填写，应为一个值（此项必填） (got nothing, expected a value: the field is required)"
NO_CONTACT = (
    "未填写，应为至少一个联系方式：没有则呼叫不到"
    " (got nothing, expected at least one contact: without one nobody is reached)"
)
MAPPING = "应为“键: 值”形式的映射"
NOBODY = "未填写，应为至少一名人员或一个班次 (got nothing, expected at least one officer or duty)"
UNKNOWN, UNKNOWN_EN = "应为本文件或名册中的人员", "expected an officer of this file or of the roster"


def bring(room: Room, path: Path, text: str) -> roster_import.Imported:
    path.write_text(text, encoding="utf-8")
    with room.store.write() as connection:
        return roster_import.bring(connection, path)[1]


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


@pytest.mark.parametrize("number", ["+861380000000", "+86138000000000", "+8657987660000", "+120255", "+"])
def test_a_number_that_no_text_can_reach_is_refused(room: Room, tmp_path: Path, number: str) -> None:
    """Too short, too long, a landline: known before it is needed."""
    with pytest.raises(BadFiles, match="expected a mobile number with"):
        bring(room, tmp_path / "r.yaml", f'officers: [{{name: 赵敏, contacts: [{{address: "{number}"}}]}}]')


def test_a_role_that_the_site_does_not_have_is_refused(room: Room, tmp_path: Path) -> None:
    """Nobody would notice that a slip of the pen leaves a role without anybody."""
    path = tmp_path / "r.yaml"
    path.write_text(YAML, encoding="utf-8")
    with room.store.write() as connection, pytest.raises(BadFiles) as refused:
        roster_import.bring(connection, path, ["duty", "head"])
    assert str(refused.value) == (
        "r.yaml:9 duty[1].role: 得到 'leader'，应为 duty | head (got 'leader', expected duty | head)"
    )


def test_whoever_has_left_is_not_reached_any_more_and_stays_on_record(room: Room, tmp_path: Path) -> None:
    """The shift that runs ends now, those to come are gone, the one that was is kept."""
    next_day = YAML + (
        "  - {role: duty, officer: 王建国, from: 2026-08-25T08:00:00+08:00, to: 2026-08-26T08:00:00+08:00}\n"
        "  - {role: duty, officer: 王建国, from: 2026-08-28T08:00:00+08:00, to: 2026-08-29T08:00:00+08:00}\n"
    )
    bring(room, tmp_path / "r.yaml", next_day)
    with room.store.write() as connection:
        assert not roster_import.retire(connection, "张三", room.clock())
        assert roster_import.retire(connection, "王建国", room.clock())
        assert reachable(connection, "王建国") == []
        assert DutyTable().on_duty(connection, ["duty"], room.clock())["duty"] == ()
    his = sorted((row.starts_at, row.ends_at) for row in room.rows(duty) if row.officer == "王建国")
    assert [end for _, end in his] == [datetime.fromisoformat("2026-08-26T08:00:00+08:00"), room.clock()]
    assert len(room.rows(officers)) == 2


def test_an_address_of_somebody_who_is_not_in_the_file_is_refused(room: Room, tmp_path: Path) -> None:
    bring(room, tmp_path / "r.yaml", YAML)
    with pytest.raises(BadFiles, match="expected an address that 李卫东 does not have"):
        bring(room, tmp_path / "s.yaml", 'officers: [{name: 赵敏, contacts: [{address: "+12025550122"}]}]')
    assert len(room.rows(officers)) == 2


def test_every_fault_at_once_in_yaml(room: Room, tmp_path: Path) -> None:
    text = """\
officers:
  - {name: 王建国, language: fr}
  - {name: 李卫东, contacts: [{address: "13800000000"}, {address: "+12025550122", position: 0}]}
  - {name: 李卫东}
  - {nmae: 赵敏, contacts: [{address: "+12025550199"}]}
  - {name: 孙丽}
duty:
  - {role: duty, officer: 李卫东, from: 2026-08-26T08:00:00, to: 2026-08-27T08:00:00+08:00}
  - {role: duty, officer: 李卫东, from: 2026-08-27T08:00:00+08:00, to: 2026-08-26T08:00:00+08:00}
  - {role: duty, officer: 钱亮, from: 2026-08-26T08:00:00+08:00, to: 2026-08-27T08:00:00+08:00}
rota: []
"""
    with pytest.raises(BadFiles) as refused:
        bring(room, tmp_path / "bad.yaml", text)
    assert str(refused.value).splitlines() == [
        "bad.yaml:2 officers[0].language: 得到 'fr'，应为 en | zh (got 'fr', expected en | zh)",
        "bad.yaml:3 officers[1].contacts[0].address: 得到 '13800000000'，应为带 + 和国家代码的手机号码，"
        "如 +8613800000000 (got '13800000000', expected a mobile number with + and country code,"
        " such as +8613800000000)",
        "bad.yaml:3 officers[1].contacts[1].position: 得到 '0'，应为 1 至 99 的整数"
        " (got '0', expected a whole number from 1 to 99)",
        "bad.yaml:4 officers[2].name: 得到 '李卫东'，应为每名人员一次 (got '李卫东', expected each officer once)",
        f"bad.yaml:5 officers[3].name: {REQUIRED}",
        "bad.yaml:5 officers[3].nmae: 多出此项，应为 name | language (got this field, expected name | language)",
        f"bad.yaml:6 officers[4].contacts: {NO_CONTACT}",
        "bad.yaml:8 duty[0].from: 得到 '2026-08-26T08:00:00'，应为带时区的 RFC 3339 时间，如 2026-08-26T16:09:13+08:00"
        " (got '2026-08-26T08:00:00', expected a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00)",
        "bad.yaml:9 duty[1].to: 得到 '2026-08-26T08:00:00+08:00'，应为晚于 2026-08-27T08:00:00+08:00 的时间"
        " (got '2026-08-26T08:00:00+08:00', expected a time after 2026-08-27T08:00:00+08:00)",
        f"bad.yaml:10 duty[2].officer: 得到 '钱亮'，{UNKNOWN} (got '钱亮', {UNKNOWN_EN})",
        "bad.yaml:11 rota: 多出此项，应为 officers | duty (got this field, expected officers | duty)",
    ]
    assert room.rows(officers) == []


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.csv", b"name,phone\nx,1\n",
            "a.csv:1: 得到 'name,phone'，应为名为 record 的列 (got 'name,phone', expected a column named record)",
        ),
        (
            "a.csv", b"record,name\nofficer,x,too,many\n",
            "a.csv:2: 格数多于列数，应为至多与列数相同的格数"
            " (got more cells than columns, expected at most as many cells as columns)",
        ),
        (
            "a.csv", b"record,name\nboss,x\n",
            "a.csv:2 record: 得到 'boss'，应为 officer | contact | duty"
            " (got 'boss', expected officer | contact | duty)",
        ),
        (
            "a.csv", b"record,name\nofficer,\xff\n",
            "a.csv:2: 第 20 字节为 0xff，应为 UTF-8 编码的文字 (got byte 0xff at 20, expected text in UTF-8)",
        ),
        ("a.csv", b"record,name\nofficer,x\n", f"a.csv:2 officer.contacts: {NO_CONTACT}"),
        ("a.csv", b"record,name\n", f"a.csv:1: {NOBODY}"),
        ("a.csv", b"", "a.csv:1: 文件为空，应为名为 record 的列 (got an empty file, expected a column named record)"),
        (
            "a.yaml", b"officers: [",
            "a.yaml:2: 此处文字，应为合法的 YAML (got this text, expected YAML (did not find expected node content))",
        ),
        ("a.yaml", b"- x", f'a.yaml:1: 得到 ["x"]，{MAPPING} (got ["x"], expected a mapping)'),
        ("a.yaml", b"officers: 3", "a.yaml:1 officers: 得到 '3'，应为列表 (got '3', expected a list)"),
        ("a.yaml", b"officers: [3]", f"a.yaml:1 officers[0]: 得到 '3'，{MAPPING} (got '3', expected a mapping)"),
        (
            "a.yaml", b"officers: [{name: x, contacts: 3}]",
            "a.yaml:1 officers[0].contacts: 得到 '3'，应为列表 (got '3', expected a list)",
        ),
        (
            "a.yaml", b"officers: [{name: x, contacts: [3]}]",
            f"a.yaml:1 officers[0].contacts[0]: 得到 '3'，{MAPPING} (got '3', expected a mapping)",
        ),
        ("a.yaml", b"officers: []", f"a.yaml:1: {NOBODY}"),
        ("a.yaml", b"", f"a.yaml:1: 文件为空，{MAPPING} (got an empty file, expected a mapping)"),
    ],
)  # fmt: skip
def test_what_is_no_roster_is_refused_by_name(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadFiles) as refused:
        read(path)
    assert str(refused.value) == said


def test_a_duty_of_somebody_who_is_in_the_roster_already_is_taken(room: Room, tmp_path: Path) -> None:
    """A month's duties are a file of their own."""
    bring(room, tmp_path / "r.yaml", YAML)
    duties = "duty: [{role: duty, officer: 王建国, from: 2026-09-01T08:00:00+08:00, to: 2026-09-02T08:00:00+08:00}]"
    assert bring(room, tmp_path / "september.yaml", duties) == roster_import.Imported(0, 0, 0, 1)


def test_an_address_may_move_within_the_file(room: Room, tmp_path: Path) -> None:
    """The two officers change phones."""
    bring(room, tmp_path / "r.yaml", YAML)
    changed = YAML.replace("0111", "0000").replace("0122", "0111").replace("0000", "0122")
    bring(room, tmp_path / "r.yaml", changed)
    with room.store.read() as connection:
        assert officer_of(connection, "twilio", "+12025550111") == "李卫东"
        assert officer_of(connection, "twilio", "+12025550122") == "王建国"
