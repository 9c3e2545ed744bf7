"""Topics are made once, checked after, and never get another number of partitions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from kafka.admin import AlterConfigOp, ConfigResource, ConfigResourceType

from streams import topics
from streams.broker import admin, checked_topics
from streams.errors import PartitionsDiffer, TopicMissing
from streams.provision import Provisioned, provision
from tests.streams.harness import until

if TYPE_CHECKING:
    from pathlib import Path

    from streams.settings import StreamSettings
    from tests.streams.harness import Site


async def test_provisioned_twice(settings: StreamSettings) -> None:
    """The second time finds all in order and changes nothing."""
    told = provision(settings)
    assert {one.topic for one in told} == {
        "grain-prices",
        "hazard-reports",
        "disaster-forecasts",
        "large-events",
        "alerts",
        "dead-letters",
        f"{settings.group}-alarms-changelog",
    }
    assert {one.action for one in told} == {"kept"}
    assert {facts.partitions for facts in (await checked_topics(settings)).values()} == {4}


async def test_another_partition_count_is_refused(settings: StreamSettings) -> None:
    """Both by `provision` and by a worker, naming what it is and what to set, in both languages."""
    more = replace(settings, partitions=8)
    for attempt in (lambda: provision(more), lambda: provision(more, check=True)):
        with pytest.raises(PartitionsDiffer, match="partitions: got 4, expected 8") as refused:
            attempt()
        assert "分区数在安装时选定" in str(refused.value)
    with pytest.raises(PartitionsDiffer):
        await checked_topics(more)


async def test_a_worker_without_topics_refuses_to_start(site: Site) -> None:
    """It names the topics and the command that makes them."""
    site.hurry(group="another")
    with pytest.raises(TopicMissing, match=r"another-alarms-changelog.*fenghuo provision"):
        await site.start()


@pytest.mark.kafka
@pytest.mark.parametrize("settings", ["kafka"], indirect=True)
async def test_settings_that_went_astray_are_brought_into_line(settings: StreamSettings) -> None:
    """`check` says what differs, `provision` mends it."""
    table = topics.changelog(settings.group)
    client = admin(settings)
    try:
        wrong = {"cleanup.policy": (AlterConfigOp.SET, "delete")}
        client.alter_configs([ConfigResource(ConfigResourceType.TOPIC, table, configs=wrong)], raise_on_unknown=False)
    finally:
        client.close()

    def checked() -> Provisioned:
        return next(one for one in provision(settings, check=True) if one.topic == table)

    await until(lambda: checked().action == "differs")  # the broker takes its time to show it
    assert checked().detail == "cleanup.policy: got delete, expected compact"
    assert {one.topic: one.action for one in provision(settings)}[table] == "changed"
    await until(lambda: checked().action == "kept")


def test_checking_makes_no_file(tmp_path: Path, embedded: StreamSettings) -> None:
    """`check` on an embedded broker that does not exist yet creates nothing."""
    nowhere = replace(embedded, broker=f"sqlite:///{tmp_path / 'other.db'}")
    assert {one.action for one in provision(nowhere, check=True)} == {"missing"}
    assert not (tmp_path / "other.db").exists()
