"""Whatever a producer writes to a topic: a reason that a person understands, and the partition goes on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.end_to_end.county import GRAIN_OFFICE
from tests.end_to_end.system import secret_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone
    from tests.end_to_end.system import System

TOPIC = "grain-prices"


class Bad(NamedTuple):
    """What is written, and a part of what people are told of it."""

    name: str
    value: Callable[[County], bytes]
    told: str


def _with(**fields: object) -> Callable[[County], bytes]:
    return lambda county: json.dumps(county.price("4.20") | fields).encode()


def _text(old: str, new: str) -> Callable[[County], bytes]:
    return lambda county: json.dumps(county.price("4.20")).replace(old, new).encode()


BAD = [
    Bad("not JSON", lambda _: b"price 4.72", "JSON"),
    Bad("nothing", lambda _: b"", "JSON"),
    Bad("a list", lambda _: b"[1, 2]", "object"),
    Bad("a wrong type", _with(price=["4.72"]), "price: got"),
    Bad("NaN", _text('"4.20"', "NaN"), "JSON"),
    Bad("a negative price", _with(price="-1"), "price: got"),
    Bad("an unknown unit", _with(unit="元/bucket"), "元/bucket"),
    Bad("an unknown point", _with(point="nowhere"), "nowhere"),
    Bad("the future", lambda county: json.dumps(county.price("4.20", ago=-timedelta(hours=2))).encode(), "observed_at"),
    Bad("a million digits", _text('"4.20"', "4" * 1_000_000), "262144"),
    Bad("bytes that are no text", lambda _: b'{"kind": "\xff"}', "UTF-8"),
]


@pytest.fixture
def letters(system: System) -> Callable[[], list[dict[str, str]]]:
    """The dead letters, as the command line lists them."""

    def listed() -> list[dict[str, str]]:
        said = system.fenghuo("dead-letters", "list", "--json").splitlines()
        return [json.loads(line)["letter"] for line in said]

    return listed


def test_every_bad_message_is_a_dead_letter_with_its_reason_and_the_next_fact_pages(
    system: System, county: County, jia: Phone, letters: Callable[[], list[dict[str, str]]]
) -> None:
    """All of them before a price over its line, in its own partition."""
    before = len(letters())
    for bad in BAD:
        system.appends_raw(TOPIC, county.code.encode(), bad.value(county))
    system.emits(county.price("4.72"))

    jia.receives("【粮价预警】", "4.72")
    found = letters()[before:]
    explained = "\n".join(one["explain"]["en"] for one in found)
    assert len(found) == len(BAD), explained
    assert [bad.name for bad in BAD if bad.told not in explained] == [], explained
    jia.acknowledges()
    system.settled()
    system.phones.forget()  # the duty officer heard of each kind of nonsense


def test_a_fact_with_another_key_or_in_another_partition_is_sent_on_to_its_own(
    system: System, county: County, jia: Phone
) -> None:
    """Once, as the same fact: it pages as if it had come right."""
    price = json.dumps(county.price("4.72")).encode()
    for partition in range(4):
        system.appends_raw(TOPIC, b"another key", price, partition)

    jia.receives("【粮价预警】", "4.72")
    jia.acknowledges()
    assert len(system.only(county.grain).subjects) == 1


def test_a_message_of_ten_megabytes_is_refused_at_every_door(system: System, county: County, jia: Phone) -> None:
    """By the broker or by the door, and what comes after it arrives."""
    huge = json.dumps(county.price("4.72") | {"text": "x" * 10_000_000}).encode()

    assert system.post(huge, key="")[0] == 401
    assert system.post(huge, key=secret_of(GRAIN_OFFICE))[0] == 413
    system.emits(county.price("4.72"))
    jia.receives("【粮价预警】")
    jia.acknowledges()
