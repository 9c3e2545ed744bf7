"""Why a worker does not start, or has ended."""

from __future__ import annotations


class StreamsError(Exception):
    """Base of all below."""


class WorkerFailed(StreamsError):
    """The worker ended itself: nothing is lost, what was not acknowledged comes again after a restart."""


class Misconfigured(StreamsError):
    """A setting, or a step of the installation, is wrong: neither waiting nor a restart mends it."""


class AccessRefused(Misconfigured):
    """The broker does not let us in as the settings say. `setting` is what to look at."""

    def __init__(self, setting: str, zh: str, en: str) -> None:
        super().__init__(f"{setting}：{zh} / {setting}: {en}")


class TopicMissing(Misconfigured):
    """A topic that `provision` has not made."""

    def __init__(self, names: list[str]) -> None:
        listed = ", ".join(names)
        super().__init__(
            f"主题不存在：{listed}；请先运行 fenghuo provision"
            f" / topics: got no {listed}, expected them to exist; run fenghuo provision first"
        )


class PartitionsDiffer(Misconfigured):
    """A topic with another number of partitions than the settings say."""

    def __init__(self, topic: str, have: int, asked: int) -> None:
        super().__init__(
            f"主题 {topic} 有 {have} 个分区，设置要求 {asked} 个：分区数在安装时选定，之后不能更改"
            f"（更改会使同一县的数据落入不同分区）；请把 kafka.partitions 改回 {have}"
            f" / topic {topic}: partitions: got {have}, expected {asked} as kafka.partitions says; the count is chosen"
            f" once (another one would move counties to other partitions): set kafka.partitions back to {have}"
        )


class SettingsRefused(StreamsError):
    """The broker does not let a topic be set so."""

    def __init__(self, topic: str, answer: str) -> None:
        super().__init__(
            f"主题 {topic} 的设置被服务器拒绝：{answer} / topic {topic}: the broker refused its settings: {answer}"
        )


class StateDamaged(StreamsError):
    """A record of the table's changelog that is none of ours."""

    def __init__(self, topic: str, why: str) -> None:
        super().__init__(
            f"状态日志 {topic} 中有无法读取的记录({why});请查明谁写入了该主题,恢复备份,"
            "或删除该主题并重新 fenghuo provision"
            f" / changelog {topic}: got a record that cannot be read ({why}), expected only what the worker writes;"
            " find out who else writes there, restore a backup, or delete the topic and run fenghuo provision"
        )


class StoredBeyondLog(StreamsError):
    """The table has applied an offset that the log does not have."""

    def __init__(self, topic: str, partition: int, applied: int, end: int) -> None:
        super().__init__(
            f"状态表已处理到 {topic}/{partition} 的 {applied}，但日志在 {end} 处结束：日志丢失了已处理的记录"
            "（例如从较旧的备份恢复）。请恢复完整的日志；若确已丢失，"
            "删除并重建该主题（fenghuo provision），使其有新的标识"
            f" / table: applied offset of {topic}/{partition}: got {applied}, expected below the log's end {end}:"
            " the log has lost records that were applied (from an older backup?). Restore the whole log; if it is gone"
            " for good, delete the topic and run fenghuo provision: with its new id its offsets count from 0 again"
        )


def worker_id_taken(worker_id: str) -> str:
    """Why a worker ends whose name another has taken."""
    return (
        f"worker.id：另一个工作进程以同一编号 {worker_id} 加入，本进程退出；每个工作进程须有自己的编号"
        f" / worker.id: got {worker_id}, under which another worker has joined, so this one ends;"
        " expected an id of its own for each worker"
    )


def not_heard_of(session: float) -> str:
    """Why a worker ends that was away for longer than its session."""
    return (
        f"消息服务器超过 {session:g} 秒没有收到本进程的消息，其分区已交给其他进程；本进程退出，重新启动后继续"
        f" / the broker has not heard of this worker for its session of {session:g} s, and others have its partitions:"
        " it ends, and goes on after its restart"
    )
