"""A drill is the real pipeline, walled off: what it shows, and each wall tried."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.end_to_end.county import GRAIN_OFFICE
from tests.end_to_end.system import secret_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone
    from tests.end_to_end.system import System

PLACE = "330723/retail"
RICE = {"kind": "grain_price", "commodity": "rice", "stage": "retail", "currency": "CNY", "unit": "元/kg"}


def quick(example: dict[str, Any]) -> dict[str, Any]:
    """The surge that ships, in seconds instead of a quarter of a minute."""
    offsets = {"0s": "0s", "5s": "1s", "10s": "2s", "15s": "3s"}
    return example | {
        "length": "60s",
        "injects": [inject | {"at": offsets[inject["at"]]} for inject in example["injects"]],
        "expected": [one | {"within": "50s"} for one in example["expected"]],
    }


@contextmanager
def drill(system: System, scenario: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """`fenghuo drill run`, while the test goes on; ended with it."""
    file = system.directory / "drill.yaml"
    file.write_text(json.dumps(scenario, ensure_ascii=False), encoding="utf-8")
    running = system.started_command("drill", "run", "drill.yaml", "--json")
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
        running.communicate(timeout=30)


def running_exercise(system: System) -> str:
    """The id of the drill that runs now."""
    listed = [json.loads(line) for line in system.fenghuo("drill", "list", "--json").splitlines()]
    [exercise] = [one["id"] for one in listed if one["ended_at"] is None]
    return str(exercise)


@pytest.fixture
def example(system: System) -> dict[str, Any]:
    """The scenario that ships."""
    text = (system.directory / "site" / "drills" / "price-surge.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def test_a_real_crossing_in_the_middle_of_a_drill_pages_as_if_there_were_no_drill(
    system: System, jia: Phone, example: dict[str, Any]
) -> None:
    """Both incidents stand side by side at one place; a reply to one leaves the other alone."""
    with drill(system, quick(example)) as running:
        exercise_page = jia.receives("【演练】【粮价预警】", "回复")
        real = {"county": "330723", "source": GRAIN_OFFICE, "point": "P01", "price": "4.72"}
        system.emits(RICE | real | {"observed_at": system.now()})
        real_page = jia.receives("【粮价预警】", "回复")
        assert "演练" not in real_page.body
        assert (real_page.code, real_page.incident) != (exercise_page.code, exercise_page.incident)

        jia.replies(exercise_page.code)
        jia.receives("【演练】", f"事件{exercise_page.incident}已由您签收")
        assert system.incident(real_page.incident).status == "unacknowledged"
        jia.replies(real_page.code)
        answer = jia.receives(f"事件{real_page.incident}已由您签收")
        assert "演练" not in answer.body

        said, complaint = running.communicate(timeout=60)
    assert running.returncode == 0, said + complaint
    results = [json.loads(line) for line in said.splitlines()]
    assert [(one["expected"]["event"], one["actual"] <= one["within"]) for one in results] == [
        ("incident", True), ("page", True), ("acknowledged", True),
    ]  # fmt: skip
    drilled = system.incident(exercise_page.incident)
    assert drilled.exercise
    assert drilled.status == "closed"
    assert system.incident(real_page.incident).status == "acknowledged"
    system.phones.forget()  # updates on further points, of the drill and of the county


def test_nobody_outside_the_participants_is_paged(system: System, yi: Phone, ding: Phone) -> None:
    """Emergency duty is on the first step, and not in the drill."""
    report = {
        "kind": "hazard_report", "report": "D-1", "event": "D-1", "category": "flood",
        "division": "330723100000", "status": "verified", "deaths": 3,
    }  # fmt: skip
    scenario = {
        "id": "flood", "titles": {"zh": "洪水演练", "en": "Flood"}, "participants": ["总值班员乙"], "length": "60s",
        "injects": [{"at": "0s", "fact": report}],
        "expected": [
            {"event": "page", "plan": "disaster-relief", "place": "330723/flood", "within": "50s"},
            {"event": "acknowledged", "plan": "disaster-relief", "place": "330723/flood", "within": "50s"},
        ],
    }  # fmt: skip
    with drill(system, scenario) as running:
        yi.receives("【演练】【灾害救助】", "签收。")
        question = yi.receives("【演练】【灾害救助】请批示")  # the approver takes no part: who does is asked
        yi.replies(yi.code)
        yi.receives("【演练】", "已由您签收")
        yi.replies(question.yes)
        yi.receives("【演练】", "您已同意启动Ⅲ级（较大）响应")
        said, complaint = running.communicate(timeout=60)
        assert running.returncode == 0, said + complaint
    assert ding.texts("洪") == ding.texts("【演练】") == []


def test_facts_of_drills_that_are_not_theirs_become_dead_letters_and_somebody_hears_of_it(
    system: System, county: County, yi: Phone, example: dict[str, Any]
) -> None:
    """Unknown, another source's, and ended: a sensor left in test mode is not silent, and pages nobody as real."""
    system.appends(county.price("4.72") | {"exercise": "no-such-drill", "source": "sensor-1"})
    yi.receives("no-such-drill")

    only_expected_to_run = quick(example) | {"injects": example["injects"][:1]}
    with drill(system, only_expected_to_run) as running:
        system.until(lambda: '"ended_at":null' in system.fenghuo("drill", "list", "--json"), "the drill runs")
        exercise = running_exercise(system)
        system.appends(county.price("4.72") | {"exercise": exercise, "source": "sensor-2"})
        yi.receives("sensor-2")
        system.fenghuo("drill", "end", exercise)
        system.appends(county.price("4.72") | {"exercise": exercise, "source": "drill"})
        yi.receives("drill", exercise)
        running.terminate()
    assert system.at(county.grain) == []


def test_no_door_takes_facts_of_an_exercise(system: System, county: County) -> None:
    """Only `fenghuo drill` writes them: HTTP and files refuse, and say why."""
    fact = json.dumps(county.price("4.72") | {"exercise": "mine"})

    status, said = system.post(fact.encode(), key=secret_of(GRAIN_OFFICE))
    assert 400 <= status < 500
    assert "exercise" in said
    (system.directory / "exercise.ndjson").write_text(fact, encoding="utf-8")
    assert "exercise" in system.fenghuo("emit", "--json", "exercise.ndjson", code=2)
    assert system.at(county.grain) == []
