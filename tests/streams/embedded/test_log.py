"""The log: what is appended stays, in order, under the offset it was given."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from streams.embedded import InvalidRecord, LogError, PartitionsFixed, SqliteLog, UnknownTopic
from streams.embedded.partitioner import partition_of
from streams.embedded.records import NewRecord

DAY = 86_400_000


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "broker.db")
    yield log
    log.close()


def values(log: SqliteLog, topic: str, partition: int = 0) -> list[bytes | None]:
    return [record.value for record in log.fetch(topic, partition, 0, 10_000)]


def offsets(log: SqliteLog, topic: str, partition: int = 0) -> list[int]:
    return [record.offset for record in log.fetch(topic, partition, 0, 10_000)]


def test_a_record_comes_back_as_it_was_appended(log: SqliteLog) -> None:
    """Key, value, timestamp and headers are kept; offsets count from 0."""
    log.create_topic("t", 2)
    assert log.append("t", 1, b"k", b"v", 1_700_000_000_123, [("origin", b"\xff")]) == 0
    assert log.append("t", 1, None, None, 5) == 1
    first, second = log.fetch("t", 1, 0, 10)
    assert first == ("t", 1, 0, 1_700_000_000_123, b"k", b"v", [("origin", b"\xff")])
    assert second == ("t", 1, 1, 5, None, None, [])
    assert log.fetch("t", 0, 0, 10) == []
    assert (log.start_offset("t", 1), log.end_offset("t", 1)) == (0, 2)


def test_a_record_without_a_timestamp_is_stamped_by_the_file(log: SqliteLog) -> None:
    """As a Kafka broker stamps it; the records of one transaction are stamped by one clock, forwards."""
    log.create_topic("t", 1)
    log.append_many([NewRecord("t", 0, b"k", b"v")] * 3)
    stamps = [record.timestamp_ms for record in log.fetch("t", 0, 0, 10)]
    assert stamps == sorted(stamps)
    assert stamps[0] > 1_700_000_000_000


def test_append_many_is_all_or_nothing(log: SqliteLog) -> None:
    """One record that cannot be appended keeps its companions out, and no offset is used up."""
    log.create_topic("t", 1)
    with pytest.raises(InvalidRecord, match="topic 't': partition: got 1, expected 0 to 0"):
        log.append_many([NewRecord("t", 0, b"k", b"v"), NewRecord("t", 1, b"k", b"v")])
    assert log.end_offset("t", 0) == 0
    assert values(log, "t") == []


def test_append_many_numbers_each_partition_in_order(log: SqliteLog) -> None:
    """More records than one statement takes, over two partitions: each its own numbers, in the order given."""
    log.create_topic("t", 2)
    records = [NewRecord("t", at % 2, b"k", str(at).encode()) for at in range(1001)]
    assert log.append_many(records) == [at // 2 for at in range(1001)]
    assert values(log, "t", 0) == [str(at).encode() for at in range(0, 1001, 2)]
    assert values(log, "t", 1) == [str(at).encode() for at in range(1, 1001, 2)]


def test_an_unknown_topic_is_refused(log: SqliteLog) -> None:
    """Nothing makes a topic silently."""
    with pytest.raises(UnknownTopic) as refusal:
        log.append("nowhere", 0, b"k", b"v")
    assert str(refusal.value) == (
        "主题 nowhere 不存在，请先运行 fenghuo provision"
        " / no such topic: 'nowhere'; create it first (fenghuo provision)"
    )
    assert log.topics() == {}


def test_creating_a_topic_again_changes_nothing(log: SqliteLog) -> None:
    """The second creation returns the first topic, identity and settings and all."""
    first = log.create_topic("t", 3, retention=60)
    assert log.create_topic("t", 3, compacted=True) == first
    assert log.topic_id("t") == first.id
    assert log.topics() == {"t": first}


def test_a_changed_partition_count_is_refused(log: SqliteLog) -> None:
    """Keys would move to other partitions, and order would be lost."""
    log.create_topic("t", 3)
    with pytest.raises(PartitionsFixed) as refusal:
        log.create_topic("t", 4)
    assert str(refusal.value) == (
        "主题 t 的分区数在创建时固定 / topic 't': partitions: got 4, expected 3"
        " (the count is chosen once: keys would move to other partitions)"
    )
    with pytest.raises(LogError, match="partitions: got 0"):
        log.create_topic("u", 0)


def test_a_topic_made_anew_has_another_identity_and_starts_at_0(log: SqliteLog) -> None:
    """Also for a reader in another process that still remembers the old one."""
    old = log.create_topic("t", 1).id
    log.append("t", 0, b"k", b"old")
    log.commit("g", {("t", 0): 1})
    other = SqliteLog(log.path)
    other.delete_topic("t")
    other.create_topic("t", 1)
    with pytest.raises(UnknownTopic):
        log.append("t", 0, b"k", b"to the old one")
    assert log.append("t", 0, b"k", b"new") == 0
    assert log.topic_id("t") != old
    assert log.committed("g", ("t", 0)) is None
    assert values(log, "t") == [b"new"]
    other.close()


def test_committed_offsets_belong_to_group_and_partition(log: SqliteLog) -> None:
    """A group reads back what it committed last, and nobody else's."""
    log.create_topic("t", 2)
    assert log.committed("g", ("t", 0)) is None
    log.commit("g", {("t", 0): 3, ("t", 1): 7})
    log.commit("g", {("t", 0): 4})
    assert [log.committed("g", ("t", partition)) for partition in (0, 1)] == [4, 7]
    assert log.committed("h", ("t", 0)) is None


def test_fetch_stops_at_a_limit_of_records_or_bytes(log: SqliteLog) -> None:
    """A portion is bounded, but a record larger than the bound still comes."""
    log.create_topic("t", 1)
    log.append_many([NewRecord("t", 0, None, b"x" * 1000)] * 10)
    assert len(log.fetch("t", 0, 2, 3)) == 3
    assert [record.offset for record in log.fetch("t", 0, 8, 100)] == [8, 9]
    assert len(log.fetch("t", 0, 0, 100, max_bytes=2500)) == 3
    assert len(log.fetch("t", 0, 0, 100, max_bytes=1)) == 1


def test_everything_is_there_after_reopening(log: SqliteLog) -> None:
    """Topics, records, offsets and commits are in the file, not in the process."""
    log.create_topic("t", 1)
    log.append("t", 0, b"k", b"v")
    log.commit("g", {("t", 0): 1})
    strange = SqliteLog(log.path)
    assert values(strange, "t") == [b"v"]  # without having heard of the topic before
    strange.close()
    again = SqliteLog(log.path)
    assert again.committed("g", ("t", 0)) == 1
    assert again.topics() == log.topics()
    assert values(again, "t") == [b"v"]
    assert again.append("t", 0, b"k", b"w") == 1
    assert again.committed("g", ("t", 0)) == 1
    again.close()


def test_a_file_of_a_later_version_is_refused(log: SqliteLog) -> None:
    """An older program does not guess what a newer one wrote."""
    other = sqlite3.connect(log.path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(LogError, match="version: got 99, expected 1"):
        SqliteLog(log.path)


def test_commits_are_synced_to_the_disk(log: SqliteLog) -> None:
    """`synchronous` is FULL (2) on every connection that writes, in a write-ahead log."""
    with log.transaction() as db:
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_failed_transaction_leaves_nothing_and_blocks_nobody(log: SqliteLog) -> None:
    """After a full disk the next append works and gets the offset that the failed one did not use."""
    log.create_topic("t", 1)
    pages = log.query("PRAGMA page_count", ())[0][0]
    with log.transaction() as db:
        pass
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        log.append("t", 0, b"k", b"x" * 100_000)
    assert log.append("t", 0, b"k", b"small") == 0
    assert values(log, "t") == [b"small"]


# -- compaction and retention


def test_compaction_keeps_the_newest_record_of_each_key(log: SqliteLog) -> None:
    """Offsets are never renumbered, and the end stays where it is."""
    log.create_topic("c", 1, compacted=True)
    for key, value in [(b"a", b"1"), (b"b", b"1"), (b"a", b"2"), (b"c", b"1"), (b"b", b"2")]:
        log.append("c", 0, key, value)
    assert log.compact("c") == 2
    assert offsets(log, "c") == [2, 3, 4]
    assert values(log, "c") == [b"2", b"1", b"2"]
    assert (log.start_offset("c", 0), log.end_offset("c", 0)) == (0, 5)
    assert log.append("c", 0, b"a", b"3") == 5
    assert log.compact("c") == 1
    assert log.compact("c") == 0


def test_tombstones_go_after_their_grace(log: SqliteLog) -> None:
    """A deletion stays readable for the grace; then it and all that it deleted are gone."""
    log.create_topic("c", 1, compacted=True)
    log.append("c", 0, b"a", b"1", 0)
    log.append("c", 0, b"a", None, 0)
    log.append("c", 0, b"b", b"1", 0)
    assert log.compact("c", now_ms=DAY) == 1
    assert values(log, "c") == [None, b"1"]
    assert log.compact("c", now_ms=DAY + 1) == 1
    assert values(log, "c") == [b"1"]


def test_the_last_record_of_a_partition_always_stays(log: SqliteLog) -> None:
    """Recovery waits for the record before the end; a tombstone there is kept until something follows."""
    log.create_topic("c", 1, compacted=True)
    log.append("c", 0, b"a", b"1", 0)
    log.append("c", 0, b"a", None, 0)
    log.compact("c", now_ms=10 * DAY)
    assert offsets(log, "c") == [1]


def test_a_compacted_topic_refuses_records_without_a_key(log: SqliteLog) -> None:
    """Nothing could ever supersede them."""
    log.create_topic("c", 1, compacted=True)
    with pytest.raises(InvalidRecord, match="topic 'c' is compacted: key: got none, expected bytes"):
        log.append("c", 0, None, b"v")


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.integers(0, 9)), st.booleans())))
def test_compaction_never_changes_what_a_table_recovers(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, int | None, bool]]
) -> None:
    """Whatever is written and whenever it is compacted, reading from the start gives the same table."""
    log = SqliteLog(tmp_path_factory.mktemp("compaction") / "broker.db")
    log.create_topic("c", 1, compacted=True)
    table: dict[bytes, bytes] = {}
    for name, number, compact in changes:
        key, value = name.encode(), None if number is None else str(number).encode()
        log.append("c", 0, key, value, 0)
        if value is None:
            table.pop(key, None)
        else:
            table[key] = value
        if compact:
            log.compact("c", tombstone_grace=0, now_ms=1)
    recovered: dict[bytes, bytes] = {}
    for record in log.fetch("c", 0, 0, 1000):
        assert record.key is not None
        if record.value is None:
            recovered.pop(record.key, None)
        else:
            recovered[record.key] = record.value
    assert recovered == table
    log.close()


def test_retention_removes_what_is_older(log: SqliteLog) -> None:
    """The start moves to the first record young enough; offsets go on from the end."""
    log.create_topic("t", 1, retention=10)
    for second in range(5):
        log.append("t", 0, None, str(second).encode(), second * 1000)
    assert log.trim("t", now_ms=12_000) == 2
    assert values(log, "t") == [b"2", b"3", b"4"]
    assert log.start_offset("t", 0) == 2
    assert log.trim("t", now_ms=1_000_000) == 3
    assert (log.start_offset("t", 0), log.end_offset("t", 0)) == (5, 5)
    assert log.append("t", 0, None, b"5", 5000) == 5


def test_retention_waits_for_every_group(log: SqliteLog) -> None:
    """What a group has not read is not taken from it, however old it is."""
    log.create_topic("t", 1, retention=1)
    log.append_many([NewRecord("t", 0, None, b"v", 0)] * 4)
    log.commit("quick", {("t", 0): 4})
    log.commit("slow", {("t", 0): 1})
    assert log.trim("t", now_ms=DAY) == 1
    assert offsets(log, "t") == [1, 2, 3]


def test_without_retention_nothing_is_removed(log: SqliteLog) -> None:
    """A topic keeps everything unless it was told otherwise."""
    log.create_topic("t", 1)
    log.append("t", 0, None, b"v", 0)
    assert log.trim("t", now_ms=DAY * 10_000) == 0


# -- partitions


@given(st.binary(max_size=40), st.integers(1, 64))
def test_keys_are_partitioned_as_kafka_clients_do(key: bytes, partitions: int) -> None:
    """murmur2, as aiokafka's default partitioner."""
    everyone = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, everyone, everyone)


def test_known_keys_stay_where_java_puts_them() -> None:
    """Kafka's own vectors (murmur2 of "21" and "foobar"), and the counties of Jinhua over 12 partitions."""
    assert [partition_of(key, 1 << 31) for key in (b"21", b"foobar")] == [
        -973932308 & 0x7FFFFFFF,
        -790332482 & 0x7FFFFFFF,
    ]
    assert [partition_of(key, 12) for key in (b"330723", b"330702", b"330781")] == [9, 8, 11]
