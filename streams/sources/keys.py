"""API keys: who may send what. Only their digests are kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.alerts import Words
from rules.facts import AnyFact
from rules.fault import Fault, fault

Kind = Literal["grain_price", "hazard_report", "disaster_forecast", "large_event"]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 in 64 small hexadecimal digits")]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key, bound to one source, its counties and its kinds."""

    name: Annotated[str, Meta(min_length=1)]
    sha256: Digest
    source: Annotated[str, Meta(min_length=1)]
    counties: frozenset[Annotated[str, Meta(pattern="^[0-9]{6}$")]]
    kinds: frozenset[Kind]

    def faults(self, fact: AnyFact) -> list[Fault]:
        """What of a fact is not this key's to send."""
        judged = (
            ("kind", fact.kind, self.kinds), ("source", fact.source, {self.source}),
            ("county", fact.county, self.counties),
        )  # fmt: skip
        return [fault(field, said, self._may_send(own)) for field, said, own in judged if said not in own]

    def _may_send(self, own: Collection[str]) -> Words:
        listed = " | ".join(sorted(own))
        return Words(
            zh=f"{listed or '不填'}（API 密钥 {self.name} 所限）", en=f"{listed or 'none'}, as API key {self.name} says"
        )


def digest(secret: str) -> str:
    """What is kept of a key. A key is long and random, so that one round of SHA-256 is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def find(keys: Sequence[ApiKey], secret: str) -> ApiKey | None:
    """The key of this secret. Takes the same time whichever key it is, or none."""
    sought = digest(secret)
    found = None
    for key in keys:
        if hmac.compare_digest(key.sha256, sought):
            found = key
    return found
