"""The provider refuses, breaks, hangs or answers nonsense: nothing lost or doubled, no step spent, and it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from responders.schema import pages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone
    from tests.end_to_end.system import System

FAULT = "330723/provider/twilio"


def attempts(system: System, incidents: Iterable[str]) -> int:
    """How often the provider was called for these incidents' pages."""
    with system.store.read() as connection:
        query = select(func.sum(pages.c.attempts)).where(pages.c.incident.in_(list(incidents)))
        return int(connection.execute(query).scalar_one() or 0)


def open_fault(system: System) -> bool:
    """Whether a fault of the provider is on record and not over."""
    return any(incident.status not in ("closed", "historic") for incident in system.at(FAULT))


@pytest.mark.parametrize("mode", ["429", "401"])
def test_a_provider_that_refuses_gets_every_page_later(system: System, jia: Phone, yi: Phone, mode: str) -> None:
    """Pages are held, the provider is tried with one after growing pauses, and the duty officer hears of it."""
    counties = [system.county() for _ in range(8)]
    system.phones.behave(None, mode)
    before = len(jia.texts())

    system.emits(*(county.price("4.72") for county in counties))
    system.until(lambda: all(system.at(county.grain) for county in counties), "every incident is open")
    ids = [system.only(county.grain).id for county in counties]
    system.until(lambda: attempts(system, ids) >= 1 and open_fault(system), "the provider has refused, and it is said")
    system.until(
        lambda: {page.state for county in counties for page in system.only(county.grain).pages} <= {"held", "due"},
        "every page is held back",
    )
    seen = attempts(system, ids)
    system.until(lambda: attempts(system, [*ids, system.at(FAULT)[-1].id]) > seen, "it was tried again")
    assert attempts(system, ids) <= len(counties) + 3
    assert [system.only(county.grain).position for county in counties] == [1] * len(counties)
    assert len(jia.texts()) == before

    system.phones.behave()
    for _ in counties:
        jia.receives("【粮价预警】", "回复", within=45)
    _is_told_of_the_fault(system, yi)
    system.until(lambda: not open_fault(system), "the fault is over")
    assert len(jia.texts()) == before + len(counties)


@pytest.mark.parametrize("mode", ["malformed", "html", "empty"])
def test_an_answer_that_cannot_be_read_is_asked_about_and_the_text_not_sent_again(
    system: System, county: County, jia: Phone, mode: str
) -> None:
    """The text is out, its answer is nonsense: it is found by asking."""
    before = len(jia.texts())
    system.phones.behave(jia.number, mode, times=1, callbacks="none")

    system.emits(county.price("4.72"))
    jia.receives("【粮价预警】")
    system.until(
        lambda: [page.state for page in system.only(county.grain).pages] in (["sent"], ["delivered"]), "it is found"
    )
    assert len(jia.texts()) == before + 1
    assert system.only(county.grain).position == 1


@pytest.mark.parametrize(
    "installation",
    ["embedded", pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.postgres, pytest.mark.soak])],
    indirect=True,
)
def test_errors_hangs_and_broken_connections_at_once(
    system: System, jia: Phone, yi: Phone, ding: Phone, xin: Phone
) -> None:
    """Nobody knows whether those texts left: asked for 30 s, then sent, each once; the provider's fault is said."""
    counties = [system.county() for _ in range(10)]  # five doubts in a row, wherever the one text to 辛 gets through
    before = len(jia.texts())
    system.phones.behave(jia.number, "500")
    system.phones.behave(ding.number, "hang", times=1)
    system.phones.behave(yi.number, "drop", times=1)

    system.emits(*(county.price("4.72") for county in counties), counties[0].report(deaths=1))
    system.until(lambda: open_fault(system), "it is said that the provider fails")
    assert [system.only(county.grain).position for county in counties] == [1] * len(counties)
    assert len(jia.texts()) == before

    system.phones.behave(jia.number)
    for _ in counties:
        jia.receives("【粮价预警】", "回复", within=60)
    ding.receives("【灾害救助】", within=60)
    yi.receives("【灾害救助】", within=60)
    xin.receives("【灾害救助】请批示", within=60)
    _is_told_of_the_fault(system, yi)
    system.settled()
    assert len(jia.texts()) == before + len(counties)
    assert [system.only(county.grain).position for county in counties] == [1] * len(counties)


def _is_told_of_the_fault(system: System, officer: Phone) -> None:
    """That the provider failed and works again; the first of it may be overtaken by the second, which says both."""
    officer.receives("短信通道 twilio 已恢复", within=60)
    system.settled()
    if officer.texts("短信通道 twilio 故障"):
        system.phones.forget()
