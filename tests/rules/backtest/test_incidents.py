"""Alerts into incidents that would have been, by the rules of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.alerts import Alert, Cause, Words, alert_id
from rules.backtest.incidents import Desk, Incident
from rules.backtest.replay import Told
from rules.inhibition import Inhibitions
from rules.loading import load
from tests.rules.builders import COUNTY, WEATHER, at, texts

if TYPE_CHECKING:
    from rules.alerts import SeverityWord

RETAIL = f"{COUNTY}/retail"


def told(
    minutes: float,
    before: SeverityWord,
    after: SeverityWord,
    *,
    subject: str = "P01/rice/retail",
    place: str = RETAIL,
    detector: str = "grain/upper",
    historic: bool = False,
    county: str = COUNTY,
) -> Told:
    """An alert of the grain plan that leaves the engine at a minute."""
    cause = Cause(due=at(minutes))
    alert = Alert(
        id=alert_id(
            exercise=None, county=county, detector=detector, subject=subject, before=before, after=after, cause=cause
        ),
        county=county, plan=detector.partition("/")[0], plan_version="v1", place=place, detector=detector,
        subject=subject, before=before, after=after, reason="crossed", cause=cause, at=at(minutes),
        known_at=at(minutes), explain=Words(zh=f"{subject} {after}", en=f"{subject} {after}"), historic=historic,
    )  # fmt: skip
    return Told(at(minutes), alert)


def opened(*alerts: Told, inhibitions: Inhibitions | None = None) -> list[Incident]:
    desk = Desk(inhibitions or Inhibitions([]))
    for one in alerts:
        desk.take(one)
    return desk.incidents


def test_one_incident_per_plan_and_place_from_its_first_alarm_to_the_return_of_its_last() -> None:
    """Two points of one place are one incident; after its end a new one begins."""
    first, second = opened(
        told(0, "normal", "line"),
        told(5, "normal", "line", subject="P02/rice/retail"),
        told(9, "line", "normal"),
        told(20, "line", "normal", subject="P02/rice/retail"),
        told(30, "normal", "line"),
    )
    assert (first.number, first.opened_at, first.returned_at, first.alerts, first.subjects) == (1, at(0), at(20), 4, 2)
    assert (second.number, second.opened_at, second.returned_at) == (2, at(30), None)


def test_other_places_and_plans_are_incidents_of_their_own() -> None:
    """As the plan's scope says."""
    found = opened(
        told(0, "normal", "line"),
        told(1, "normal", "line", place=f"{COUNTY}/purchase", subject="P01/paddy/purchase"),
        told(2, "normal", "IV", detector="relief/casualties", subject="R1", place=RETAIL),
    )
    assert [(one.plan, one.place) for one in found] == [
        ("grain", RETAIL), ("grain", f"{COUNTY}/purchase"), ("relief", RETAIL),
    ]  # fmt: skip


def test_two_counties_may_have_a_subject_of_one_name() -> None:
    """The rainstorm of the neighbour is another alarm: its end is not the end of ours."""
    other = "330724"
    ours, theirs = opened(
        told(0, "normal", "IV", detector="weather/colour", subject="rainstorm", place=f"{COUNTY}/rainstorm"),
        told(
            1, "normal", "IV", detector="weather/colour", subject="rainstorm", place=f"{other}/rainstorm", county=other
        ),
        told(
            9, "IV", "normal", detector="weather/colour", subject="rainstorm", place=f"{other}/rainstorm", county=other
        ),
    )  # fmt: skip
    assert (ours.returned_at, theirs.returned_at) == (None, at(9))


def test_paging_begins_at_the_line_and_again_each_time_that_it_rises() -> None:
    """A notice pages nobody; the same severity of another subject only tells those already told."""
    (one,) = opened(
        told(0, "normal", "approach"),
        told(10, "approach", "line"),
        told(11, "normal", "line", subject="P02/rice/retail"),
        told(20, "line", "III"),
        told(30, "III", "line"),
    )
    assert (one.opened_at, one.paged_at, one.pages, one.severity) == (at(0), at(10), 2, "III")
    assert one.explain.en == "P01/rice/retail III"


def test_what_only_approaches_is_a_notice() -> None:
    """One text, no escalation."""
    (one,) = opened(told(0, "normal", "approach"), told(5, "approach", "normal"))
    assert (one.is_notice, one.pages, one.paged_at, one.returned_at) == (True, 0, None, at(5))


def test_late_alerts_are_only_recorded_and_later_ones_of_the_present_page() -> None:
    """Importing three years of history pages nobody."""
    late, present = opened(told(0, "normal", "line", historic=True), told(9, "line", "III"))
    assert (late.historic, late.pages, late.returned_at) == (True, 0, None)
    assert (present.historic, present.pages, present.severity) == (False, 1, "III")


def test_a_late_alert_of_an_open_incident_changes_nothing_about_it() -> None:
    """It is on record there."""
    (one,) = opened(
        told(0, "normal", "line"),
        told(1, "normal", "I", subject="P02/rice/retail", historic=True),
        told(2, "line", "normal"),
    )
    assert (one.severity, one.pages, one.alerts, one.returned_at) == ("line", 1, 3, at(2))


def test_an_alarm_that_goes_down_opens_nothing() -> None:
    """The desk records it."""
    assert opened(told(0, "III", "line"), told(1, "line", "normal")) == []


INHIBITING = WEATHER + "inhibits: [{alarms: weather, same: county}]\n"


def _weather(minutes: float, before: SeverityWord, after: SeverityWord, hazard: str) -> Told:
    return told(minutes, before, after, detector="weather/colour", subject=hazard, place=f"{COUNTY}/{hazard}")


def test_a_greater_alarm_holds_back_a_lesser_one_until_it_ends() -> None:
    """A red forecast absorbs the yellow, which is given when the red one has ended."""
    inhibitions = Inhibitions(load(texts(weather=INHIBITING)).plans.values())
    desk = Desk(inhibitions)
    for one in (
        _weather(0, "normal", "I", "typhoon"),
        _weather(5, "normal", "III", "rainstorm"),
        _weather(60, "I", "normal", "typhoon"),
        _weather(90, "III", "normal", "rainstorm"),
    ):
        desk.take(one)
    typhoon, rainstorm = desk.incidents
    assert (typhoon.paged_at, typhoon.returned_at) == (at(0), at(60))
    assert (rainstorm.paged_at, rainstorm.returned_at, rainstorm.pages) == (at(60), at(90), 1)
    assert desk.held == {"weather": 1}


def test_what_ends_while_it_is_held_back_was_no_incident() -> None:
    """It is in the greater one's record."""
    inhibitions = Inhibitions(load(texts(weather=INHIBITING)).plans.values())
    (only,) = opened(
        _weather(0, "normal", "I", "typhoon"),
        _weather(5, "normal", "III", "rainstorm"),
        _weather(30, "III", "normal", "rainstorm"),
        _weather(60, "I", "normal", "typhoon"),
        inhibitions=inhibitions,
    )
    assert only.place == f"{COUNTY}/typhoon"
