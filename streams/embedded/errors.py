"""What the embedded broker refuses, each with a name of its own."""

from __future__ import annotations


class LogError(Exception):
    """The log refused a request; nothing was written."""


class UnknownTopic(LogError):
    """A topic that nobody created: the log never makes one silently."""

    def __init__(self, topic: str) -> None:
        super().__init__(
            f"主题 {topic} 不存在，请先运行 fenghuo provision"
            f" / no such topic: {topic!r}; create it first (fenghuo provision)"
        )
        self.topic = topic


class PartitionsFixed(LogError):
    """A topic was asked for again with another partition count."""

    def __init__(self, topic: str, have: int, asked: int) -> None:
        super().__init__(
            f"主题 {topic} 的分区数在创建时固定 / topic {topic!r}: partitions: got {asked}, expected {have}"
            " (the count is chosen once: keys would move to other partitions)"
        )


class InvalidRecord(LogError):
    """A record that the topic cannot hold."""


class WorkerAlreadyRunning(LogError):
    """A second worker on one file."""

    def __init__(self, path: str, pid: str) -> None:
        super().__init__(
            f"另一个工作进程（pid {pid}）正在使用 {path}："
            "一个文件只能有一个工作进程，请先停止它；需要多个工作进程请改用 Kafka"
            f" / another worker (pid {pid}) is using {path}: one worker per file;"
            " stop it first, or use Kafka for more workers"
        )
        self.pid = pid
