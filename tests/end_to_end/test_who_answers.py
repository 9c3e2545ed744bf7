"""Handover, late replies, the duty desk that acts for somebody, and the doors by which people and machines come in."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.end_to_end.county import GRAIN_OFFICE
from tests.end_to_end.system import secret_of

if TYPE_CHECKING:
    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone
    from tests.end_to_end.system import System


def test_after_a_handover_the_next_step_pages_who_is_on_duty_then(system: System, county: County) -> None:
    """The shift ends between opening and step 2: the new officer is paged, and the old one no more."""
    ji, geng = system.phone("己"), system.phone("庚")
    handover = datetime.now(UTC) + timedelta(seconds=2.5)
    long = timedelta(days=300)
    system.import_roster(
        epidemic_duty=[("防疫值班员己", handover - long, handover), ("防疫值班员庚", handover, handover + long)]
    )

    system.emits(county.report("epidemic", deaths=1))
    ji.receives("【疫情处置】")
    geng.receives("【疫情处置】")
    assert datetime.now(UTC) > handover
    geng.acknowledges()
    ji.receives("防疫值班员庚 已签收")


def test_a_late_reply_to_a_closed_incident_is_answered_and_changes_nothing(
    system: System, county: County, jia: Phone
) -> None:
    """Who closed it, and when."""
    system.emits(county.price("4.72"))
    page = jia.receives("【粮价预警】")
    system.fenghuo("incident", "close", str(page.incident), "--by", "总值班员乙", "--reason", "误报")
    jia.receives("总值班员乙 已关闭", "误报")

    jia.replies(page.code)
    jia.receives("已由 总值班员乙", "关闭")
    found = system.only(county.grain)
    assert (found.status, found.closed_by, found.owner) == ("closed", "总值班员乙", None)


def test_the_duty_desk_acknowledges_for_an_officer_and_both_names_are_on_record(
    system: System, county: County, jia: Phone
) -> None:
    """`incident ack --for`."""
    system.emits(county.price("4.72"))
    page = jia.receives("【粮价预警】")

    said = system.fenghuo("incident", "ack", str(page.incident), "--by", "总值班员乙", "--for", "粮食值班员甲")
    assert "粮食值班员甲" in said
    found = system.only(county.grain)
    assert (found.owner, found.acknowledged_by, found.acknowledged_via) == ("粮食值班员甲", "总值班员乙", "cli")
    jia.replies(page.code)
    jia.receives("已由您", "签收")


def test_a_forged_reply_acknowledges_nothing(system: System, county: County, jia: Phone) -> None:
    """The provider's signature is checked against the public address."""
    system.emits(county.price("4.72"))
    page = jia.receives("【粮价预警】")

    assert jia.replies(page.code, forged=True).status == 403
    assert system.only(county.grain).status == "unacknowledged"
    jia.acknowledges()


def test_the_http_door_answers_202_and_the_officer_is_paged(system: System, county: County, jia: Phone) -> None:
    """202 says that the broker has it; the same fact again pages nobody again."""
    fact = json.dumps(county.price("4.72")).encode()

    status, said = system.post(fact, key=secret_of(GRAIN_OFFICE))
    assert (status, json.loads(said)["topic"]) == (202, "grain-prices")
    page = jia.receives("【粮价预警】")
    assert system.post(fact, key=secret_of(GRAIN_OFFICE))[0] == 202
    assert system.post(fact, key="another key")[0] == 401
    system.emits(county.price("4.73", "P2"))  # goes the same way behind it: by then the repetition was judged
    system.until(lambda: len(system.only(county.grain).subjects) == 2, "the second point is on the incident")
    jia.acknowledges()
    jia.receives("新增1处")
    assert len(jia.texts("【粮价预警】", f"事件{page.incident}，回复")) == 1


def test_files_are_sent_by_the_command_line(system: System, county: County, jia: Phone) -> None:
    """`fenghuo emit`: a wrong line is named and costs itself only; what is too old to page anybody is counted."""
    of_the_past = county.price("4.20", "P2") | {"observed_at": (datetime.now(UTC) - timedelta(days=300)).isoformat()}
    lines = [json.dumps(county.price("4.72")), '{"kind": "grain_price"}', json.dumps(of_the_past)]
    (system.directory / "prices.ndjson").write_text("\n".join(lines), encoding="utf-8")

    said = json.loads(system.fenghuo("emit", "--json", "prices.ndjson", code=2))
    assert (said["accepted"], said["refused"], said["old"]) == (2, 1, 1)
    jia.receives("【粮价预警】", "4.72")
    jia.acknowledges()


def test_an_officer_can_be_tested(system: System, jia: Phone) -> None:
    """`fenghuo officer test`: a text that is marked as a test, and no incident."""
    before = system.fenghuo("incident", "list", "--json")
    system.fenghuo("officer", "test", "粮食值班员甲")
    jia.receives("【测试】")
    assert system.fenghuo("incident", "list", "--json") == before


def test_a_feeder_that_sends_nonsense_is_noticed_by_the_duty_officer(system: System, county: County, yi: Phone) -> None:
    """A dead letter with its reason, and a pipeline fault; what is right beside it goes on."""
    system.emits(county.price("4.72") | {"point": "P-unknown", "source": GRAIN_OFFICE})
    yi.receives("P-unknown")
    yi.acknowledges()
    listed = [json.loads(line) for line in system.fenghuo("dead-letters", "list", "--json").splitlines()]
    assert [one["letter"]["reason"] for one in listed if "P-unknown" in one["letter"]["explain"]["en"]] != []


def test_what_is_installed_says_of_itself_that_it_is_well(system: System) -> None:
    """`fenghuo doctor`, `fenghuo plan check` and `fenghuo provision --check` find no fault."""
    now, long = datetime.now(UTC), timedelta(days=300)
    system.import_roster(epidemic_duty=[("防疫值班员庚", now - long, now + long)])
    assert "✗" not in system.fenghuo("doctor")
    assert "无误" in system.fenghuo("plan", "check")
    system.fenghuo("provision", "--check")


def test_a_wrong_setting_is_named_and_nothing_starts(system: System) -> None:
    """One message with the key, the value and what was expected; exit code 2."""
    assert system.fenghuo("run", code=2, WORKER__SEND_TIMEOUT="soon") == ""
    assert [part for part in ("send_timeout", "'soon'", "expected") if part not in system.complaint] == []
    assert len(system.complaint.splitlines()) == 1
