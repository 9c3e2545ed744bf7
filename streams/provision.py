"""Makes the topics, and checks those that are there. Never changes a partition count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from kafka.admin import ConfigResource, ConfigResourceType

from streams import topics
from streams.broker import TopicFacts, admin, describe
from streams.embedded import SqliteLog
from streams.errors import PartitionsDiffer, SettingsRefused

if TYPE_CHECKING:
    from streams.settings import StreamSettings
    from streams.topics import TopicSpec


class Provisioned(NamedTuple):
    """What became of one topic."""

    topic: str
    action: str
    """`created`, `kept`, `changed` (settings were brought into line) or, when only checking, `missing`, `differs`."""
    detail: str = ""


def provision(settings: StreamSettings, *, check: bool = False) -> list[Provisioned]:
    """Create what is missing and bring topic settings into line; with `check`, only say what would be done. Blocks.

    Raises `PartitionsDiffer` before anything is changed.
    """
    wanted = topics.specs(settings)
    if settings.embedded:
        return _embedded(settings, wanted, check=check)
    found = describe(settings)
    _refuse_other_counts(wanted, found)
    client = admin(settings)
    try:
        return _kafka(client, wanted, found, check=check)
    finally:
        client.close()


def _refuse_other_counts(wanted: list[TopicSpec], found: dict[str, TopicFacts]) -> None:
    for spec in wanted:
        have = found.get(spec.name)
        if have is not None and have.partitions != spec.partitions:
            raise PartitionsDiffer(spec.name, have.partitions, spec.partitions)


def _embedded(settings: StreamSettings, wanted: list[TopicSpec], *, check: bool) -> list[Provisioned]:
    if check and not settings.log_path.exists():
        return [Provisioned(spec.name, "missing") for spec in wanted]
    settings.log_path.parent.mkdir(parents=True, exist_ok=True)
    log = SqliteLog(settings.log_path)
    try:
        have = log.topics()
        _refuse_other_counts(wanted, {name: TopicFacts(t.id, t.partitions) for name, t in have.items()})
        told = []
        for spec in wanted:
            if spec.name in have:
                told.append(Provisioned(spec.name, "kept"))
                continue
            if not check:
                log.create_topic(spec.name, spec.partitions, compacted=spec.compacted, retention=spec.retention)
            told.append(Provisioned(spec.name, "missing" if check else "created"))
        return told
    finally:
        log.close()


def _kafka(client: Any, wanted: list[TopicSpec], found: dict[str, TopicFacts], *, check: bool) -> list[Provisioned]:
    missing = [spec for spec in wanted if spec.name not in found]
    if missing and not check:
        client.create_topics(
            {
                spec.name: {
                    "num_partitions": spec.partitions,
                    "replication_factor": spec.replication,
                    "configs": spec.configs,
                }
                for spec in missing
            },
            wait_for_metadata=True,
        )
    told = [Provisioned(spec.name, "missing" if check else "created") for spec in missing]
    return told + [_in_line(client, spec, check=check) for spec in wanted if spec.name in found]


def _in_line(client: Any, spec: TopicSpec, *, check: bool) -> Provisioned:
    resource = ConfigResource(ConfigResourceType.TOPIC, spec.name, configs=dict.fromkeys(spec.configs))
    answer = client.describe_configs([resource], config_filter="all")["topic"][spec.name]
    have = {name: str(said["value"]) for name, said in answer.items()}
    differing = {name: value for name, value in spec.configs.items() if have.get(name) != value}
    if not differing:
        return Provisioned(spec.name, "kept")
    detail = "; ".join(f"{name}: got {have.get(name)}, expected {value}" for name, value in differing.items())
    if check:
        return Provisioned(spec.name, "differs", detail)
    # kafka-python takes settings for unknown that nobody has changed yet; the broker refuses those that are.
    answers = client.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, spec.name, configs=differing)], raise_on_unknown=False
    )
    if (answer := answers["topic"][spec.name]) != "OK":
        raise SettingsRefused(spec.name, answer)
    return Provisioned(spec.name, "changed", detail)
