"""Which partition a key belongs to: murmur2, as in the Java client, aiokafka and kafka-python."""

from __future__ import annotations

from functools import lru_cache

from aiokafka.partitioner import murmur2


@lru_cache(maxsize=4096)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition of `key` in a topic of so many partitions."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions
