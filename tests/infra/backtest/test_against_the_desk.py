"""The incidents of a backtest are those that the real desk opens, where nobody but the return closes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.backtest.arrival import in_order
from rules.backtest.run import backtest
from rules.loading import load
from tests.responders.room import Room
from tests.rules.builders import at, crowd, forecast, paddy, price, report, texts

if TYPE_CHECKING:
    import pytest

    from rules.backtest.incidents import Incident
    from rules.facts import AnyFact

END = at(60 * 24 * 60)
minutes = st.integers(0, 300)
histories = st.lists(
    st.one_of(
        st.builds(
            lambda minute, amount, point, late: price(minute, amount, point=point, known_at=at(minute + late)),
            minutes, st.sampled_from(["4.00", "4.45", "4.60", "5.00"]), st.sampled_from(["P01", "P02"]),
            st.sampled_from([0, 0, 0, 60 * 24 * 40]),
        ),
        st.builds(paddy, minutes, st.sampled_from(["2400", "2600", "3300"])),
        st.builds(
            lambda minute, deaths, name: report(minute, deaths=deaths, report=name),
            minutes, st.sampled_from([0, 1, 3, 10]), st.sampled_from(["R1", "R2"]),
        ),
        st.builds(
            lambda minute, colour, name: forecast(minute, colour, hazard=name, warning=name, expires=at(minute + 20)),
            minutes, st.sampled_from(["blue", "yellow", "red"]), st.sampled_from(["typhoon", "rainstorm"]),
        ),
        st.builds(crowd, minutes, st.sampled_from([1000, 8500, 10500])),
    ),
    min_size=4,
    max_size=20,
)  # fmt: skip


@settings(deadline=None, max_examples=12)
@given(histories)
def test_the_incidents_are_those_of_the_desk(tmp_path_factory: pytest.TempPathFactory, facts: list[AnyFact]) -> None:
    """Plan, place, when opened and closed, how grave, how often paging begins; notices and late ones too."""
    files = texts(duration="30m")
    files |= {name: f"{text}closes_on_return: true\n" for name, text in files.items() if name.startswith("plans/")}
    library = load(files)
    result = backtest(library, in_order(facts), until=END)
    room = Room(f"sqlite:///{tmp_path_factory.mktemp('desk')}/desk.sqlite3")
    for plan in library.plans.values():
        room.adopt(plan)
    for told in result.alerts:
        room.clock.now = told.at
        room.take(told.alert)
    desk = [_of_desk(row) for row in room.incidents() if row.plan in library.plans]
    room.store.close()
    assert desk == [_of_backtest(one) for one in result.incidents]


def _of_desk(row: Any) -> dict[str, Any]:
    """Paging begins with each cycle, but for the first of a notice or of what came late.

    The desk keeps what came late as grave as it first was, and open.
    """
    late = row.status == "historic"
    notice = "approach" in (row.risen_from, row.severity)
    return {
        "plan": row.plan, "place": row.place, "opened": row.opened_at, "late": late,
        "closed": row.closed_at, "pages": 0 if late else row.cycle - notice, "severity": None if late else row.severity,
    }  # fmt: skip


def _of_backtest(one: Incident) -> dict[str, Any]:
    return {
        "plan": one.plan, "place": one.place, "opened": one.opened_at, "late": one.historic,
        "closed": None if one.historic else one.returned_at, "pages": one.pages,
        "severity": None if one.historic else one.severity,
    }  # fmt: skip
