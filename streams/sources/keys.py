"""API keys: who may send what. Only their digests are kept."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.facts import AnyFact, FieldFault

Kind = Literal["grain_price", "hazard_report", "disaster_forecast", "large_event"]
Digest = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", description="SHA-256 in 64 small hexadecimal digits")]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key, bound to one source, its counties and its kinds."""

    name: Annotated[str, Meta(min_length=1)]
    sha256: Digest
    source: Annotated[str, Meta(min_length=1)]
    counties: frozenset[Annotated[str, Meta(pattern="^[0-9]{6}$")]]
    kinds: frozenset[Kind]

    def faults(self, fact: AnyFact) -> list[FieldFault]:
        """What of a fact is not this key's to send."""
        of_key = f"as API key {self.name} says"
        wrong: list[FieldFault] = []
        if fact.kind not in self.kinds:
            wrong.append(FieldFault("$.kind", repr(fact.kind), f"{_choice(self.kinds)}, {of_key}"))
        if fact.source != self.source:
            wrong.append(FieldFault("$.source", repr(fact.source), f"{self.source}, {of_key}"))
        if fact.county not in self.counties:
            wrong.append(FieldFault("$.county", repr(fact.county), f"{_choice(self.counties)}, {of_key}"))
        return wrong


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


def _choice(words: frozenset[str] | frozenset[Kind]) -> str:
    return " | ".join(sorted(words)) or "none"
