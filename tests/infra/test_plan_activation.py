"""`fenghuo plan activate` as it is typed, and the processes that follow it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from infra import clock
from infra.cli import fenghuo
from infra.cli.activation import _newer
from infra.desk_library import DeskLibrary
from infra.following import ABANDONED, Follower, look_at_disk, tell
from infra.in_force import InForce, opened
from infra.settings import Settings, load
from infra.site_files import copy_example, library_of, read_texts
from infra.wiring import duty_room, open_producer, stream_settings
from responders import plan_store
from responders.alarm_schema import alarms
from responders.schema import incidents
from responders.store import Store
from rules.yaml_file import BadFiles
from streams.reading import read_topic
from streams.topics import FACT_TOPICS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from infra.wiring import DutyRoom
    from responders.plan_store import Activation
    from streams.producing import Producer

GRAIN = Path("site") / "plans" / "grain-warning-line.yaml"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation that has been provisioned and never started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FENGHUO_KAFKA__PARTITIONS", "2")
    copy_example(tmp_path / "site")
    (tmp_path / "var").mkdir()
    assert said("provision").exit_code == 0
    return load(tmp_path / "fenghuo.toml", {"FENGHUO_KAFKA__PARTITIONS": "2"})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    made = Store(settings.database)
    yield made
    made.close()


@pytest.fixture
async def room(settings: Settings, store: Store) -> AsyncIterator[DutyRoom]:
    made = duty_room(settings, opened(settings, store))
    yield made
    await made.close()


def said(*arguments: str) -> Result:
    return CliRunner().invoke(fenghuo, arguments)


def activate(*arguments: str) -> Result:
    return said("plan", "activate", "--by", "王科长", *arguments)


async def activated() -> Result:
    """As it is typed elsewhere, while this goes on."""
    return await asyncio.to_thread(activate)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def on_record(store: Store) -> list[Activation]:
    with store.read() as connection:
        return plan_store.history(connection)


def begun(store: Store, *, ago: timedelta = timedelta(0), edited: str = "") -> Activation:
    """Somebody began an activation of what lies on disk (or of an edit of it) and told nobody."""
    texts, now = read_texts(Path("site")), clock.utc_now() - ago
    texts["site.yaml"] += edited
    return store.run(
        lambda connection: plan_store.begin(connection, plan_store.accept(connection, texts, now), "王科长", now)
    )


async def told(settings: Settings, topic: str = "grain-prices") -> list[list[str]]:
    """For each partition of a topic the libraries that it was told of, in their order."""
    library = opened(settings, Store(settings.database)).library
    found: list[list[str]] = [[], []]
    async for record in read_topic(stream_settings(settings, library), topic):
        found[record.partition].append(json.loads(record.value or b"")["content"])
    return found


# -- the command


async def test_a_library_is_stored_told_everywhere_and_recorded(settings: Settings, store: Store) -> None:
    """From when on, by whom, in how many partitions, and what changed by version."""
    first = await activated()
    assert first.exit_code == 0, first.output
    assert "新增 added  预案 plan  grain-warning-line  — → " in first.output
    edit(GRAIN, "粮价预警", "粮价告警")
    second = await activated()
    (change,) = [line for line in second.output.splitlines() if line.startswith("  ")]
    old, new = (library_of(texts_of(store, number)).versions["grain-warning-line"] for number in (1, 2))
    assert change == f"  变更 changed  预案 plan  grain-warning-line  {old} → {new}"
    (last, before) = on_record(store)
    assert (last.by, last.told_at is not None, last.content) == ("王科长", True, opened(settings, store).content)
    assert "8 个分区，王科长 / in force from" in second.output
    for topic in FACT_TOPICS:
        assert await told(settings, topic) == [[before.content, last.content]] * 2


def texts_of(store: Store, number: int) -> dict[str, str]:
    with store.read() as connection:
        content = plan_store.history(connection)[-number].content
        found = plan_store.texts_of(connection, content)
    assert found is not None
    return found


async def test_given_again_it_is_the_same_activation(settings: Settings, store: Store) -> None:
    """Also where it was broken off: what was begun is told, and nothing is begun anew."""
    content = begun(store).content
    again = await activated()
    assert (again.exit_code, "预案库没有变化 / nothing changed" in again.output) == (0, True)
    (only,) = on_record(store)
    assert (only.number, only.content, only.told_at is not None) == (1, content, True)
    assert await told(settings) == [[content], [content]]


async def test_a_library_with_faults_changes_nothing(settings: Settings, store: Store) -> None:
    """Every fault at once, drills too; exit code 1."""
    await activated()
    edit(GRAIN, "scope: [county, stage]", "scope: [county, stages]")
    edit(Path("site") / "plans" / "overall.yaml", "wait: 5m", "wait: soon")
    result = await activated()
    assert result.exit_code == 1
    assert [line.partition(" ")[0].partition(":")[0] for line in result.output.splitlines()[:2]] == [
        "plans/grain-warning-line.yaml", "plans/overall.yaml",
    ]  # fmt: skip
    assert "2 处错误，未启用 / 2 faults: not activated" in result.output
    assert len(on_record(store)) == 1
    assert [len(contents) for contents in await told(settings)] == [1, 1]


def test_the_plans_of_another_county_are_refused(settings: Settings, store: Store) -> None:
    """Its state would be nobody's."""
    activate()
    del settings
    for path in Path("site").rglob("*.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace("330723", "330784"), encoding="utf-8")
    result = activate()
    assert (result.exit_code, "another county is another installation" in result.output) == (1, True), result.output
    assert len(on_record(store)) == 1


def test_what_is_in_force_is_listed_and_shown_whatever_lies_on_disk(settings: Settings) -> None:
    """Commands go by it too: who must acknowledge something has no time to mend a file."""
    del settings
    activate()
    old = json.loads(said("plan", "list", "--json").output.splitlines()[0])
    assert (old["by"], len(old["library"])) == ("王科长", 64)
    version = {r["plan"]: r["version"] for r in map(json.loads, said("plan", "list", "--json").output.splitlines())}
    edit(GRAIN, "粮价预警", "粮价告警")
    activate()
    GRAIN.write_text("{", encoding="utf-8")
    assert "王科长" in said("plan", "list").output
    shown = said("plan", "show", "grain-warning-line", "--version", version["grain-warning-line"], "--json").output
    assert json.loads(shown)["tag"]["zh"] == "粮价预警"
    assert json.loads(said("plan", "show", "grain-warning-line", "--json").output)["tag"]["zh"] == "粮价告警"
    assert said("plan", "show", "grain-warning-line", "--version", "f" * 16).exit_code == 1
    assert said("incident", "list").exit_code == 0


def test_before_anything_is_in_force_a_broken_disk_is_refused(settings: Settings, store: Store) -> None:
    """A site that never ran has nothing to go on."""
    GRAIN.write_text("{", encoding="utf-8")
    with pytest.raises(BadFiles):
        opened(settings, store)


# -- two at once


async def test_of_two_at_once_the_later_number_stays(settings: Settings, store: Store) -> None:
    """Whoever was overtaken while it told its own tells the last one again behind it."""
    mine, other = begun(store), begun(store, edited="# edited\n")
    library = opened(settings, store).library
    async with await open_producer(settings, library) as producer:
        await tell(store, producer, library, other)
        await tell(store, producer, library, mine)
        newer = _newer(store, mine)
        assert newer is not None
        await tell(store, producer, newer[1], newer[0], [mine.number])
    assert [contents[-1] for contents in await told(settings)] == [other.content] * 2
    assert all(one.told_at for one in on_record(store))


# -- who follows


def follower(settings: Settings, in_force: InForce, room: DutyRoom, *, worker: bool = True) -> Follower:
    async def producer() -> Producer:
        return await open_producer(settings, in_force.library)

    return Follower(settings, in_force, room, producer=producer if worker else None, desk=True)


async def test_the_first_start_brings_into_force_what_lies_on_disk(
    settings: Settings, store: Store, room: DutyRoom
) -> None:
    """Once: a process that starts later, on another disk, goes by what is in force."""
    in_force = opened(settings, store)
    await follower(settings, in_force, room, worker=False).once()
    assert on_record(store) == [], "only who can tell the log begins it"
    await follower(settings, in_force, room).once()
    (first,) = on_record(store)
    assert (first.content, first.told_at is not None, in_force.number) == (in_force.content, True, 1)
    edit(GRAIN, "粮价预警", "粮价告警")
    assert opened(settings, store).content == first.content
    await follower(settings, opened(settings, store), room).once()
    assert await told(settings) == [[first.content]] * 2


async def test_what_was_begun_and_left_is_told_after_a_minute(settings: Settings, store: Store, room: DutyRoom) -> None:
    """Not before: the command that began it is at work."""
    in_force = opened(settings, store)
    one = follower(settings, in_force, room)
    begun(store)
    await one.once()
    assert await told(settings) == [[], []]
    left = begun(store, ago=ABANDONED, edited="# edited\n")
    await one.once()
    assert await told(settings) == [[left.content]] * 2
    assert [activation.number for activation in on_record(store) if activation.told_at is None] == [1]


async def test_the_desk_follows_and_knows_what_was(settings: Settings, store: Store, room: DutyRoom) -> None:
    """A plan that was removed keeps its words for what still comes of it; an old version stays what it was."""
    await activated()
    in_force = opened(settings, store)
    desk, version = DeskLibrary(in_force), in_force.library.versions["weather-warning"]
    place = desk.place_name("weather-warning", "330723/rainstorm")
    (Path("site") / "plans" / "weather-warning.yaml").unlink()
    edit(Path("site") / "plans" / "silent-points.yaml", "tag: {zh: 中断报数", "tag: {zh: 没有报数")
    silent = in_force.library.versions["silent-points"]
    done = await activated()
    assert done.exit_code == 0, done.output
    await follower(settings, in_force, room).once()
    assert (in_force.number, "weather-warning" in desk.plans) == (2, False)
    old = desk.plan("weather-warning", version)
    assert old is not None
    assert old.tag.zh == "气象预警"
    assert desk.place_name("weather-warning", "330723/rainstorm") == place
    assert [desk.plan("silent-points", v).tag.zh for v in (silent, "?")] == ["中断报数", "没有报数"]  # type: ignore[union-attr]


async def test_a_broken_disk_is_a_fault_once_an_hour_until_it_is_mended(
    settings: Settings, store: Store, room: DutyRoom
) -> None:
    """Every start looks; the next start or activation that finds it sound says that it is over."""
    await activated()
    sound = GRAIN.read_text(encoding="utf-8")
    edit(GRAIN, "scope: [county, stage]", "scope: [county, stages]")
    for _ in range(2):
        await follower(settings, opened(settings, store), room).once()
    with store.read() as connection:
        (incident,) = connection.execute(incidents.select()).all()
        (alarm,) = connection.execute(alarms.select()).all()
    assert (incident.place, incident.status, alarm.severity) == ("330723/plans/disk", "unacknowledged", "line")
    assert "plans/grain-warning-line.yaml:" in incident.headline
    assert "scope[1]" in incident.headline
    GRAIN.write_text(sound, encoding="utf-8")
    await follower(settings, opened(settings, store), room).once()
    with store.read() as connection:
        (alarm,) = connection.execute(alarms.select()).all()
    assert alarm.severity == "normal"


def test_another_disk_is_told_from_a_broken_one(settings: Settings, store: Store) -> None:
    """The same, another, broken."""
    activate()
    in_force = opened(settings, store)
    assert (look_at_disk(settings, in_force).differs, look_at_disk(settings, in_force).broken) == (False, None)
    edit(GRAIN, "粮价预警", "粮价告警")
    other = look_at_disk(settings, in_force)
    assert (other.differs, other.broken, other.content != in_force.content) == (True, None, True)
    GRAIN.write_text("{", encoding="utf-8")
    assert look_at_disk(settings, in_force).broken is not None
