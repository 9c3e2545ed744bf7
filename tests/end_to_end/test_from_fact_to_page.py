"""Each plan of the example site, from the fact to the officer who answers, on both pairs of broker and database."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone
    from tests.end_to_end.system import System


def test_a_price_over_its_line_pages_the_grain_officer_and_his_reply_is_on_record(
    system: System, county: County, jia: Phone
) -> None:
    """202 at the door, a page on the phone, a reply, and the whole story in `incident show`."""
    system.emits(county.price("4.72"))

    page = jia.receives("【粮价预警】", "4.72")
    jia.replies(page.code, repeated=True)
    jia.receives("已由您签收")

    found = system.only(county.grain)
    assert (found.number, found.status, found.owner) == (page.incident, "acknowledged", "粮食值班员甲")
    told = system.fenghuo("incident", "show", str(page.incident))
    story = [
        "监测 observed",
        "警报 alert",
        "事件开启 opened",
        "第1步",
        "呼叫 page",
        "已送达 delivered",
        "签收 acknowledged",
    ]
    assert [part for part in story if part not in told] == []


def test_deaths_in_a_flood_page_emergency_and_general_duty_and_the_approver_answers(
    system: System, county: County, ding: Phone, yi: Phone, xin: Phone
) -> None:
    """Both roles of the first step at once; when one has answered the other is told. The response waits for a yes."""
    system.emits(county.report(deaths=2, missing=1))

    ding.receives("【灾害救助】", "Ⅲ级（较大）响应已报县府办副主任批准，批复前派员核灾")
    yi.receives("【灾害救助】", "Ⅲ")
    question = xin.receives("【灾害救助】请批示", "拟在", "启动Ⅲ级（较大）响应，是否同意？")
    ding.acknowledges()
    yi.receives("应急值班员丁 已签收")

    xin.replies(question.yes)
    xin.receives("您已同意启动Ⅲ级（较大）响应")
    ding.receives("分管领导辛同意启动Ⅲ级（较大）响应")
    yi.receives("分管领导辛同意启动Ⅲ级（较大）响应")
    found = system.only(f"{county.code}/flood")
    assert (found.running, found.proposal) == ("III", None)
    told = system.fenghuo("incident", "show", str(found.number))
    assert [part for part in ("报请批准", "批准 approved", "县须在30分钟内电话报市") if part not in told] == []


def test_people_moved_count_as_well_and_a_no_by_telephone_is_written_down(
    system: System, county: County, ding: Phone, yi: Phone, xin: Phone
) -> None:
    """One fulfilled criterion is enough. The desk enters what the approver has said, and that the city was told."""
    system.emits(county.report(relocated=1200))

    ding.receives("【灾害救助】", "Ⅲ", "1200")
    yi.receives("【灾害救助】", "Ⅲ", "1200")
    xin.receives("请批示", "1200")
    yi.acknowledges()
    ding.receives("总值班员乙 已签收")

    found = system.only(f"{county.code}/flood")
    told = system.fenghuo("incident", "list", "--open")
    assert f"待批请示 {found.proposal}" in told
    desk = ("--by", "总值班员乙", "--for", "分管领导辛")
    system.fenghuo("incident", "reject", str(found.proposal), *desk, "--reason", "已妥善安置")
    for phone in (ding, yi):
        phone.receives("分管领导辛不同意启动Ⅲ级（较大）响应", "已妥善安置")
    system.fenghuo("incident", "approve", str(found.proposal), *desk, code=1)
    assert "不同意" in system.complaint
    said = system.fenghuo("incident", "reported", str(found.number), "county-city-phone", "--by", "总值班员乙")
    assert "county-city-phone" in said


def test_an_orange_warning_that_turns_red_pages_again_after_the_acknowledgement(
    system: System, county: County, ding: Phone, yi: Phone, xin: Phone
) -> None:
    """A rise in severity begins the escalation anew, and the text says what rose; the graver level is proposed anew."""
    system.emits(county.forecast("orange"))
    ding.receives("【气象预警】", "Ⅱ")
    yi.receives("【气象预警】", "Ⅱ")
    xin.receives("【气象预警】请批示", "启动Ⅱ级（重大）响应")
    ding.acknowledges()
    yi.receives("已签收")

    system.emits(county.forecast("red"))
    ding.receives("【气象预警】", "Ⅰ", "升级")
    yi.receives("【气象预警】", "Ⅰ", "升级")
    graver = xin.receives("【气象预警】请批示", "启动Ⅰ级（特别重大）响应")
    ding.acknowledges()
    yi.receives("已签收")
    found = system.only(f"{county.code}/rainstorm")
    assert (found.cycle, found.running, found.proposal) == (2, None, graver.proposal)


def test_a_crowd_near_its_approved_number_pages_the_police(system: System, county: County, yi: Phone) -> None:
    """90 % of the approved number is level III."""
    wu = system.phone("戊")
    system.emits(county.crowd(9_000))

    wu.receives("【大型活动】", "Ⅲ")
    yi.receives("【大型活动】", "Ⅲ")
    wu.acknowledges()
    yi.receives("已签收")


def test_what_approached_and_was_answered_pages_again_when_it_crosses_days_later(
    system: System, county: County, jia: Phone
) -> None:
    """The notice's acknowledgement does not silence the crossing."""
    system.emits(county.price("4.50", ago=timedelta(days=5)))
    jia.receives("【粮价预警】", "仅通知")
    jia.acknowledges()

    system.emits(county.price("4.72"))
    page = jia.receives("【粮价预警】", "升级", "回复")
    jia.acknowledges()
    found = system.only(county.grain)
    assert (found.number, found.status, found.cycle) == (page.incident, "acknowledged", 2)
