"""`fenghuo roster show` and `fenghuo officer test`, as they are typed; no responder runs here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import insert, update

from infra import clock
from infra.cli import fenghuo
from infra.doctor import in_words
from infra.site_files import copy_example, example_roster
from responders.migrations import migrate
from responders.roster_import import bring
from responders.schema import contacts, inbound
from responders.standing import standing
from responders.store import Store
from rules.yaml_file import BadFiles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JIA = "+12025550111"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The example site with its roster, in a directory without settings."""
    monkeypatch.chdir(tmp_path)
    copy_example(tmp_path / "site")
    (tmp_path / "var").mkdir()
    store = Store(f"sqlite:///{tmp_path / 'var' / 'fenghuo.db'}")
    migrate(store)
    store.run(lambda connection: bring(connection, example_roster()))
    yield store
    store.close()


def said(*arguments: str) -> Result:
    return CliRunner().invoke(fenghuo, arguments)


def stops(store: Store) -> None:
    """甲 has texted STOP."""
    with store.write() as connection:
        connection.execute(
            insert(inbound).values(
                id="SM1", channel="twilio", phone=JIA, body="STOP", received_at=clock.utc_now(), outcome="stopped"
            )
        )


def test_roster_show_says_where_no_text_arrives(store: Store) -> None:
    """Stopped by its owner, or disabled in the roster; the rest stands without a remark."""
    stops(store)
    with store.write() as connection:
        connection.execute(update(contacts).where(contacts.c.address == "+12025550122").values(enabled=False))
    lines = said("roster", "show").output.splitlines()
    stopped = "已退订，收不到短信，须本人回复 START / has sent STOP: no text arrives until its owner texts START"
    assert f"twilio {JIA}（{stopped}）  至 until 2036-01-01" in next(line for line in lines if JIA in line)
    assert "+12025550122（停用 disabled）" in next(line for line in lines if "+12025550122" in line)
    assert "+12025550113  至" in next(line for line in lines if "+12025550113" in line)
    rows = [json.loads(line) for line in said("roster", "show", "--json").output.splitlines()]
    (jia,) = [row for row in rows if row["address"] == JIA]
    assert (jia["role"], jia["officer"], jia["stopped"], jia["enabled"]) == ("grain_duty", "粮食值班员甲", True, True)


def test_doctor_names_the_phone_that_no_text_reaches(store: Store) -> None:
    """And says no."""
    stops(store)
    result = said("doctor")
    assert result.exit_code == 1
    assert f"✗ 粮食值班员甲 的电话 / phone of 粮食值班员甲: {JIA}（已退订" in result.output
    assert "乙 的电话" not in result.output


def test_doctor_says_in_words_what_is_open(store: Store) -> None:
    """And has words for every figure that there is."""
    assert "数据库 / database: 没有未结的事 nothing is open" in said("doctor").output
    figures = standing(store)
    assert len({in_words(name) for name in figures}) == len(figures)


def test_a_test_text_that_nobody_sends_is_said_and_the_answer_is_no(store: Store) -> None:
    """After a bounded time."""
    result = said("officer", "test", "粮食值班员甲", "--wait", "0.3")
    assert result.exit_code == 1
    assert f"twilio {JIA}: 待发 due" in result.output
    assert "尚未发出，responder 是否在运行？ / has not left yet: is the responder running?" in result.output


def test_who_has_no_phone_cannot_be_tried(store: Store) -> None:
    result = said("officer", "test", "张三")
    assert result.exit_code == 1
    assert "张三: 名册中无此人或无可用联系方式 / not on the roster, or without an enabled contact" in result.output


def test_whoever_leaves_is_retired_and_what_nobody_does_now_is_named(store: Store) -> None:
    """By hand, and at once."""
    result = said("officer", "retire", "粮食值班员甲")
    assert result.exit_code == 0
    assert "粮食值班员甲 已离岗 / retired" in result.output
    assert "注意：grain_duty 现在无人值班 / note: nobody is on duty as grain_duty now" in result.output
    assert JIA not in said("roster", "show").output
    again = said("officer", "retire", "张三")
    assert (again.exit_code, "张三 不在人员名册中" in again.output) == (1, True)


def test_a_roster_names_roles_of_the_site(store: Store, tmp_path: Path) -> None:
    """Every fault at once, and then nothing."""
    duty = "{role: grain_dtuy, officer: 粮食值班员甲, from: 2026-01-01T00:00:00Z, to: 2027-01-01T00:00:00Z}"
    (tmp_path / "r.yaml").write_text(f"duty: [{duty}]\n", encoding="utf-8")
    with pytest.raises(BadFiles, match=r"duty\[0\].role: 得到 'grain_dtuy'，应为 .*grain_duty"):
        fenghuo(["roster", "import", "r.yaml"], standalone_mode=False)
