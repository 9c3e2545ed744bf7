"""What cannot be applied: kept with its reason, said aloud once an hour, and sent again when the cause is mended."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from rules import entries, facts
from rules.alerts import Words
from streams import dead_letters, topics
from streams.dead_letters import DeadLetter
from streams.letters import list_dead_letters, send_again
from streams.reading import read_topic
from streams.topics import home_partition
from tests.streams.engine import LineEngine, totals
from tests.streams.harness import COUNTY, DEADLINE, until, utc_now
from tests.streams.readings import reading, send

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.streams.harness import Site

KEY = COUNTY.encode()
GOOD = facts.encode(reading("P01", "5.20"))

BAD = {
    "not JSON": (b"price: 5.20", "JSON in UTF-8"),
    "nothing": (b"", "JSON in UTF-8"),
    "invalid UTF-8": (GOOD.replace(b"feeder", b"fe\xff\xfeer"), "UTF-8"),
    "NaN": (GOOD.replace(b'"5.20"', b"NaN"), "JSON in UTF-8"),
    "quoted NaN": (GOOD.replace(b'"5.20"', b'"NaN"'), "price"),
    "negative price": (GOOD.replace(b"5.20", b"-5.20"), "price"),
    "a million digits": (GOOD.replace(b'"5.20"', b'"' + b"9" * 1_000_000 + b'"'), "at most 262144 bytes"),
    "thousands of digits": (GOOD.replace(b'"5.20"', b"9" * 100_000), "price"),
    "an unknown unit": (GOOD.replace("元/kg".encode(), "元/blarg".encode()), "unit"),
    "an unknown kind": (GOOD.replace(b"grain_price", b"rain_price"), "kind"),
    "deep nesting": (b"[" * 100_000, "an object"),
}


async def letters(site: Site) -> list[DeadLetter]:
    return [listed.letter for listed in await list_dead_letters(site.settings)]


async def test_bad_messages_are_kept_and_the_partition_goes_on(site: Site) -> None:
    """Whatever comes: a dead letter with a reason a person understands, and the next fact counts."""
    worker = await site.start()
    for raw, _ in BAD.values():
        await site.producer.append("grain-prices", KEY, raw)
    await site.producer.append("grain-prices", KEY, GOOD)
    await until(lambda: totals(worker.app.table.entries) == {"P01": 1})
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == len(BAD) + 1)
    found = await letters(site)
    assert len(found) == len(BAD)
    for letter, (name, (raw, expected)) in zip(found, BAD.items(), strict=True):
        assert letter.reason == "bad_fact", name
        assert expected in letter.explain.en, name
        assert letter.size == len(raw), name
        assert letter.raw == raw[: dead_letters.MAX_RAW], name
        assert (letter.origin.topic, letter.origin.partition) == ("grain-prices", home_partition(COUNTY, 4))
    assert [letter.origin.offset for letter in found] == list(range(len(BAD)))


async def test_ten_megabytes(site: Site, expected_errors: Callable[[str], None]) -> None:
    """Where the broker lets it through it becomes a dead letter, kept in part; where not, the sender is told."""
    worker = await site.start()
    raw = b'{"kind":"grain_price","text":"' + b"x" * 10_000_000 + b'"}'
    if not site.settings.embedded:
        with pytest.raises(Exception, match="grain-prices"):
            await site.producer.append("grain-prices", KEY, raw)
        return
    await site.producer.append("grain-prices", KEY, raw)
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 1)
    [letter] = await letters(site)
    assert letter.truncated
    assert (len(letter.raw), letter.size) == (dead_letters.MAX_RAW, len(raw))
    [told] = await send_again(site.settings, site.producer, [letter.id], utc_now)
    assert told.action == "truncated"


async def test_an_engine_that_refuses_and_one_that_breaks(site: Site, expected_errors: Callable[[str], None]) -> None:
    """A refusal is kept with the engine's reason; an exception with `engine_error`, and loudly."""
    expected_errors("engine: grain-prices.*ZeroDivisionError")
    worker = await site.start()
    await send(site, reading("nowhere", "5"), reading("broken", "5", minute=1), reading("P01", "5.20", minute=2))
    await until(lambda: totals(worker.app.table.entries) == {"P01": 1})
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 3)
    assert [(letter.reason, letter.source) for letter in await letters(site)] == [
        ("unknown_point", "feeder"),
        ("engine_error", "feeder"),
    ]


async def test_the_first_of_a_source_and_reason_is_said_aloud(site: Site) -> None:
    """Twenty of a kind are one pipeline fault, also over a restart; another reason is another of the same incident."""
    worker = await site.start()
    bad = GOOD.replace(b"5.20", b"-1")
    for _ in range(20):
        await site.producer.append("grain-prices", KEY, bad)
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 20)
    await until(lambda: site.desk.alerts)
    await worker.stop()
    again = await site.start()
    await site.producer.append("grain-prices", KEY, bad)
    await site.producer.append("grain-prices", KEY, facts.encode(reading("nowhere", "5")))
    await until(lambda: again.app.counters.acknowledged["grain-prices"] >= 2)  # more, where the last were not committed
    await until(lambda: len(site.desk.alerts) == 2)
    assert sorted(alert.subject for alert in site.desk.alerts.values()) == [
        "feeder/bad_fact",
        "feeder/unknown_point",
    ]
    assert {(alert.plan, alert.place) for alert in site.desk.alerts.values()} == {
        ("pipeline-fault", f"{COUNTY}/dead-letters/feeder")
    }
    assert len(await letters(site)) == 22


async def test_an_hour_later_it_is_said_again(embedded_site: Site) -> None:
    """At most one an hour, by the time the messages were appended; read again, the same is said again."""
    app = embedded_site.build()
    await embedded_site.start(app)
    start = reading("P01", "1").observed_at
    said = []
    for offset, minutes in enumerate([0, 30, 59, 60, 90, 120]):
        record = entries.Record("grain-prices", "id", 0, offset, start + timedelta(minutes=minutes))
        letter = dead_letters.letter(record, KEY, b"x", reason="bad_fact", explain=Words(zh="无", en="no"), limit=100)
        key, entry, alerts = dead_letters.notice(app.table, record, letter, COUNTY)
        app.table.put(key, entry)
        assert dead_letters.notice(app.table, record, letter, COUNTY)[2] == alerts
        said.append(len(alerts))
    assert said == [1, 0, 0, 1, 0, 1]


async def test_inventing_sources_does_not_fill_the_table(embedded_site: Site) -> None:
    """A feeder with a new name in each message is remembered under one name after a while."""
    worker = await embedded_site.start()
    raw = [json.dumps({"kind": "x", "source": f"s{n}"}).encode() for n in range(400)]
    await embedded_site.producer.send_many([("grain-prices", KEY, one, ()) for one in raw])
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 400)
    assert len(worker.app.table.entries) == dead_letters.MAX_NOTICES + 1


async def test_a_stray_fact_goes_home_once(site: Site) -> None:
    """Wrong key, no key or wrong partition: sent on to its own partition with its identity, counted by source."""
    worker = await site.start()
    home = home_partition(COUNTY, 4)
    raw = [facts.encode(reading("P01", "5.20", minute=m)) for m in range(4)]
    await site.producer.append("grain-prices", b"110000", raw[0], partition=(home + 1) % 4)
    await site.producer.append("grain-prices", None, raw[1], partition=(home + 2) % 4)
    await site.producer.append("grain-prices", KEY, raw[2], partition=(home + 3) % 4)
    await site.producer.append("grain-prices", b"110000", raw[3], partition=home)
    await until(lambda: totals(worker.app.table.entries) == {"P01": 4})
    assert worker.app.counters.forwarded == {("grain-prices", "feeder"): 4}
    records = [r async for r in read_topic(site.settings, "grain-prices") if r.headers]
    assert {(r.partition, r.key) for r in records} == {(home, KEY)}
    assert sorted(r.value for r in records if r.value) == sorted(raw)
    assert not await letters(site)


async def test_a_fact_forwarded_to_the_wrong_place_is_a_dead_letter(site: Site) -> None:
    """It is never sent on twice."""
    worker = await site.start()
    other = (home_partition(COUNTY, 4) + 1) % 4
    header = ("fenghuo-forwarded", b"grain-prices/0/7")
    await site.producer.append("grain-prices", KEY, GOOD, (header,), partition=other)
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 1)
    [letter] = await letters(site)
    assert letter.reason == "misrouted"
    assert "forwarded from grain-prices/0/7" in letter.explain.en
    assert not totals(worker.app.table.entries)


async def test_a_fact_of_another_topic(site: Site) -> None:
    """A price among the hazard reports is refused: its state would belong to two partitions' owners."""
    worker = await site.start()
    await site.producer.append("hazard-reports", KEY, GOOD)
    await until(lambda: worker.app.counters.acknowledged["hazard-reports"] == 1)
    [letter] = await letters(site)
    assert letter.reason == "wrong_topic"


async def test_sent_again_once(site: Site) -> None:
    """The raw bytes go to their topic again, once, also while no worker says what becomes of them; the list says so."""
    worker = await site.start()
    await send(site, reading("nowhere", "5.20"))
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 1)
    await worker.stop()
    [letter] = await letters(site)
    [told] = await send_again(site.settings, site.producer, [letter.id], utc_now, within=0.3)
    assert told.action == "sent"
    [twice] = await send_again(site.settings, site.producer, [letter.id], utc_now, within=0.3)
    assert (twice.action, twice.partition, twice.offset) == ("already_sent", told.partition, told.offset)
    listed = {one.letter.id: one for one in await list_dead_letters(site.settings)}
    assert listed[letter.id].sent_again is not None
    again = [r async for r in read_topic(site.settings, "grain-prices")][-1]
    assert (again.value, again.key, again.partition) == (letter.raw, KEY, told.partition)


async def test_sent_again_before_the_cause_is_mended(site: Site) -> None:
    """It comes back as the same letter, waits again, and its cause can still be mended; applied, it waits no more."""
    worker = await site.start()
    await send(site, reading("nowhere", "5.20"))
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 1)
    [letter] = await letters(site)

    for times in (1, 2):
        [told] = await send_again(site.settings, site.producer, [letter.id], utc_now, within=DEADLINE)
        assert (told.action, told.explain) == ("came_back", letter.explain)
        [listed] = await list_dead_letters(site.settings)
        assert (listed.letter.id, listed.came_back, listed.sent_again) == (letter.id, times, None)
        assert (listed.letter.origin.offset, listed.letter.raw) == (told.offset, letter.raw)

    await worker.stop()
    await site.start(site.build(engine=LineEngine(unknown="")))
    [told] = await send_again(site.settings, site.producer, [letter.id], utc_now, within=DEADLINE)
    assert told.action == "applied"
    [listed] = await list_dead_letters(site.settings)
    assert listed.sent_again is not None


async def test_an_unreadable_alert_is_paged_all_the_same(site: Site, expected_errors: Callable[[str], None]) -> None:
    """What lies on topic `alerts` is never dead-lettered: the desk gets its text as a pipeline fault."""
    expected_errors("unreadable alert")
    await site.start()
    await site.producer.append(topics.ALERTS, KEY, "粮价 over the line, but no JSON".encode())
    await until(lambda: site.desk.alerts)
    [alert] = site.desk.alerts.values()
    assert alert.plan == "pipeline-fault"
    assert "粮价 over the line, but no JSON" in alert.explain.zh
    assert not await letters(site)
