"""Sending rows: all that is good arrives once, what is bad is counted, and a break says how far it came."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rules import decoding, facts
from rules.alerts import Words
from streams.sources.base import FactRow, Row, RowSkipped
from streams.sources.cells import to_json
from streams.sources.emit import Broken, emit, rows_of
from streams.sources.files import FactFile
from tests.streams.sources.conftest import PRICE, LogProducer, clock


def lines(*points: str, **changes: object) -> list[Row]:
    text = "\n".join(json.dumps(PRICE | {"point": point} | changes) for point in points)
    return list(FactFile(Path("a.ndjson"), stream=io.BytesIO(text.encode())).rows())


def ids(producer: LogProducer) -> list[str]:
    return [str(fact.id) for value in producer.values() if isinstance(fact := decoding.decode(value), facts.Fact)]


async def test_every_good_row_arrives_and_every_bad_one_is_counted(producer: LogProducer) -> None:
    rows = [*lines("P1", "P2"), *lines("P3", price=-1), *lines("P4", unit="x"), RowSkipped("a", 9, "HXL tags")]
    summary = await emit(rows, producer, clock)
    assert (summary.read, summary.accepted, summary.refused, summary.skipped) == (5, 2, 2, 1)
    assert summary.refused_by == {"field:price": 1, "field:unit": 1}
    assert summary.skipped_by == {"HXL tags": 1}
    assert summary.accepted_by == {"grain_price": 2}
    assert [fault.reason for fault in summary.faults] == ["field:price", "field:unit"]
    assert (summary.exit_code, summary.broken) == (2, None)
    assert len(producer.values()) == 2


async def test_a_thousand_faults_are_counted_and_a_hundred_kept(producer: LogProducer) -> None:
    summary = await emit(lines(*map(str, range(1000)), price=-1), producer, clock)
    assert (summary.refused, len(summary.faults)) == (1000, 100)


async def test_what_is_too_old_to_page_anybody_is_counted(producer: LogProducer) -> None:
    """Of what was accepted; what was refused is neither old nor new."""
    rows = [*lines("P1", "P2", "P3"), *lines("P1", price=-1)]
    summary = await emit(rows, producer, clock, is_old=lambda fact: fact.point != "P3")  # type: ignore[union-attr]
    assert (summary.accepted, summary.old, summary.refused) == (3, 2, 1)


async def test_when_it_was_sent_to_us_is_filled_in_and_never_changed(producer: LogProducer) -> None:
    said = "2026-08-26T09:30:00+08:00"
    await emit([*lines("P1"), *lines("P2", reported_at=said)], producer, clock)
    sent = {json.loads(v)["point"]: json.loads(v)["reported_at"] for v in producer.values()}
    assert sent == {"P1": "2026-08-26T08:00:00Z", "P2": said}


async def test_fields_unknown_here_travel_on(producer: LogProducer) -> None:
    await emit(lines("P1", stall={"no": 3}), producer, clock)
    assert json.loads(producer.values()[0])["stall"] == {"no": 3}


async def test_fed_twice_nothing_doubles(producer: LogProducer) -> None:
    """The records lie there twice, with the same identities and the same content."""
    for _ in range(2):
        await emit(lines("P1", "P2", "P3"), producer, clock)
    assert len(ids(producer)) == 6
    assert len(set(ids(producer))) == 3
    read = [decoding.decode(value) for value in producer.values()]
    assert len({fact.digest for fact in read if isinstance(fact, facts.Fact)}) == 3


async def test_a_break_says_how_far_it_came_and_the_rest_can_follow(tmp_path: Path) -> None:
    """Sent again from the start, all is there, and nothing is a second fact."""
    broken = LogProducer(tmp_path / "log", breaks_at=7)
    points = [f"P{n}" for n in range(20)]
    summary = await emit(lines(*points), broken, clock, batch=5)
    assert summary.broken == Broken("a.ndjson", 8, "ConnectionError: the broker is away")
    assert (summary.accepted, summary.read, summary.exit_code) == (7, 10, 1)
    broken.breaks_at = None
    assert (await emit(lines(*points), broken, clock, batch=5)).exit_code == 0
    assert len(set(ids(broken))) == 20
    await broken.inner.close()
    broken.log.close()


async def test_a_broker_that_fails_as_a_whole_is_a_break_too(producer: LogProducer) -> None:
    await producer.inner.close()
    summary = await emit(lines("P1", "P2"), producer, clock)
    assert (summary.accepted, summary.exit_code) == (0, 1)
    assert summary.broken is not None
    assert summary.broken.line == 1


async def test_progress_is_told_after_each_batch(producer: LogProducer) -> None:
    heard: list[int] = []
    await emit(
        lines(*map(str, range(12))), producer, clock, batch=5, progress=lambda so_far: heard.append(so_far.accepted)
    )
    assert heard == [5, 10, 12]


async def test_rows_are_taken_as_they_are_sent(producer: LogProducer) -> None:
    """A file of any length needs the memory of one batch."""
    taken: list[int] = []

    def rows() -> Iterator[Row]:
        for number, row in enumerate(lines(*map(str, range(20)))):
            taken.append(number)
            yield row

    held: list[int] = []
    await emit(rows(), producer, clock, batch=4, progress=lambda so_far: held.append(len(taken) - so_far.accepted))
    assert max(held) == 0


async def test_a_fact_that_grows_too_long_by_its_stamp_is_refused(producer: LogProducer) -> None:
    """What the door lets in, the agents behind it take."""
    bare = json.dumps(PRICE | {"note": ""}).encode()
    (row,) = lines("P01", note="x" * (facts.MAX_BYTES - len(bare)))
    summary = await emit([row], producer, clock)
    assert summary.refused_by == {"too-long": 1}
    assert summary.faults[0].faults[0].expected == Words(
        zh="至多 262144 字节，含 `reported_at`", en="at most 262144 bytes, `reported_at` included"
    )
    assert producer.values() == []


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda s: s == s.strip() and s
)
instants = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.timezones())  # noqa: DTZ001


@st.composite
def readings(draw: st.DrawFn) -> facts.GrainPriceReading:
    return facts.GrainPriceReading(
        county=draw(st.from_regex(r"[0-9]{6}", fullmatch=True)), source=draw(text), observed_at=draw(instants),
        known_at=draw(st.none() | instants), revision=draw(st.integers(0, 1_000_000)), estimated=draw(st.booleans()),
        point=draw(text), commodity=draw(text), stage=draw(st.sampled_from(["purchase", "wholesale", "retail"])),
        price=draw(st.decimals("0.01", "1000000", places=2)), currency="CNY",
        unit=draw(st.sampled_from(["元/kg", "元/斤", "KG", "50 KG"])),
        stock_t=draw(st.none() | st.decimals(0, 1000, places=1)),
    )  # fmt: skip


@given(readings())
def test_what_is_encoded_is_decoded_as_the_same_fact(fact: facts.GrainPriceReading) -> None:
    again = decoding.decode(facts.encode(fact))
    assert isinstance(again, facts.GrainPriceReading)
    assert (again.id, again.price, again.revision) == (fact.id, fact.price, fact.revision)
    assert decoding.decode(facts.encode(again)) == again


@given(readings())
def test_the_cells_of_a_table_say_the_same_as_json(fact: facts.GrainPriceReading) -> None:
    fields = json.loads(facts.encode(fact))
    as_cells = {name: str(value) for name, value in fields.items()}
    again = decoding.decode(to_json("grain_price", as_cells))
    assert again == decoding.decode(facts.encode(fact))


def test_facts_from_no_file_are_rows_too() -> None:
    fact = decoding.decode(json.dumps(PRICE).encode())
    assert isinstance(fact, facts.GrainPriceReading)
    assert list(rows_of([fact], "generated")) == [FactRow("generated", 1, fact)]
