"""SIGKILL at each named point: after the restart exactly one incident, nobody un-paged, no second text for a page."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import TYPE_CHECKING

import pytest

from tests.faults import killable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone
    from tests.end_to_end.system import Process, System


@contextmanager
def killed_at(system: System, process: Process, point: str) -> Iterator[None]:
    """What is done here kills the process there, before or after it answers; then its supervisor starts it again."""
    order = system.directory / killable.ORDER
    order.write_text(point, encoding="utf-8")
    assert process.is_running()
    try:
        with suppress(OSError, HTTPException):  # the answer may die with the process
            yield
        process.wait_for_end()
        assert not order.exists()
    finally:
        order.unlink(missing_ok=True)
        process.start()


def one_page(system: System, county: County, jia: Phone) -> None:
    """One incident, of which the officer has heard exactly once; then he takes it."""
    page = jia.receives("【粮价预警】", "回复", within=45)
    # What goes the same way behind it has arrived: by then all that was to come again has come.
    system.emits(county.price("4.73", "P2"))
    system.until(lambda: len(system.only(county.grain).subjects) == 2, "what came after it is judged as well")
    system.until(lambda: not system.uncertain(page.incident), "the page is settled", 45)
    jia.acknowledges()
    jia.receives("新增1处")
    assert len(jia.texts("【粮价预警】", f"事件{page.incident}，回复")) == 1
    found = system.only(county.grain)
    assert (found.number, found.status) == (page.incident, "acknowledged")
    assert [p.state for p in found.pages if p.kind == "page"] == ["delivered"]


@pytest.mark.parametrize("point", [killable.AFTER_STATE, killable.AFTER_ALERT, killable.AFTER_INCIDENT])
def test_the_worker_killed(system: System, county: County, jia: Phone, point: str) -> None:
    """Between state, alert, offset and incident."""
    with killed_at(system, system.worker, point):
        system.emits(county.price("4.72"))
    one_page(system, county, jia)


@pytest.mark.parametrize("point", [killable.AFTER_SENDING, killable.AFTER_ANSWER])
def test_the_pager_killed(system: System, county: County, jia: Phone, point: str) -> None:
    """Around the provider's answer: what is uncertain is settled before it is repeated."""
    with killed_at(system, system.responder, point):
        system.emits(county.price("4.72"))
    one_page(system, county, jia)


def test_the_pager_killed_while_the_provider_has_the_text_and_does_not_answer(
    system: System, county: County, jia: Phone
) -> None:
    """The text has arrived, nobody here knows: it is found by asking, and not sent again."""
    before = len(jia.texts())
    system.phones.behave(jia.number, "accept_then_hang", times=1, callbacks="none")
    system.emits(county.price("4.72"))
    system.until(lambda: len(jia.texts()) > before, "the text has arrived")
    os.kill(system.responder.pid, signal.SIGKILL)
    system.responder.wait_for_end()
    system.responder.start()
    one_page(system, county, jia)


@pytest.mark.parametrize("point", [killable.IN_ACKNOWLEDGEMENT, killable.AFTER_ACKNOWLEDGEMENT])
def test_the_console_killed_during_an_acknowledgement(system: System, county: County, jia: Phone, point: str) -> None:
    """Done wholly or not at all: the officer's second attempt ends in one acknowledgement that is his."""
    system.emits(county.price("4.72"))
    page = jia.receives("【粮价预警】", "回复")
    with killed_at(system, system.console, point):
        assert jia.replies(page.code).status is None

    done = point == killable.AFTER_ACKNOWLEDGEMENT
    assert system.only(county.grain).status == ("acknowledged" if done else "unacknowledged")
    if done:
        jia.receives("已由您签收")
    jia.replies(page.code)
    jia.receives("已由您")
    found = system.only(county.grain)
    assert (found.status, found.owner) == ("acknowledged", jia.name)
    assert [event.event for event in found.timeline].count("acknowledged") == 1
