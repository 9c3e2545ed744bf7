"""The synthetic season: the same from the same seed, marked as synthetic, and over the line in one window only."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from rules import decoding, facts
from streams.sources.generate import QUIET, GeneratedPoint, Surge, season

START = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
STAGES = ("retail", "retail", "retail", "wholesale", "purchase")
POINTS = [
    GeneratedPoint(f"P{n:02}", ("rice", "wheat-flour")[n % 2], STAGES[n % 5], Decimal("4.60") + Decimal(n) / 10)  # type: ignore[arg-type]
    for n in range(35)
]
LINES = {point.id: point.line for point in POINTS}
RETAIL = {point.id for point in POINTS if point.stage == "retail"}


def made(seed: int = 1, days: int = 120) -> list[facts.GrainPriceReading]:
    return list(season(POINTS, "330723", START, Random(seed), days=days))


def test_the_same_seed_gives_the_same_facts_and_another_gives_others() -> None:
    assert made(1) == made(1)
    assert made(1) != made(2)


def test_every_fact_is_valid_and_says_that_it_is_synthetic() -> None:
    for fact in made():
        assert decoding.decode(facts.encode(fact)) == fact
        assert fact.source == "synthetic"
        assert b'"source":"synthetic"' in facts.encode(fact)


def test_they_come_in_the_order_of_arrival_and_never_before_they_were_observed() -> None:
    arrivals = [fact.reported_at for fact in made() if fact.reported_at]
    assert arrivals == sorted(arrivals)
    assert all(fact.reported_at and fact.reported_at > fact.observed_at for fact in made())


@pytest.mark.parametrize("seed", range(5))
def test_prices_are_over_their_lines_within_the_surge_and_nowhere_else(seed: int) -> None:
    """Every retail point crosses and comes back; no purchase or wholesale point does."""
    first, last = Surge.of_season(120).window(START)
    over: dict[str, list[datetime]] = defaultdict(list)
    for fact in made(seed):
        if fact.price >= LINES[fact.point]:
            over[fact.point].append(fact.observed_at)
        if not first <= fact.observed_at < last:
            assert fact.price <= LINES[fact.point] * Decimal(str(QUIET)) + Decimal("0.01")
    assert set(over) == RETAIL
    for times in over.values():
        assert first <= min(times)
        assert max(times) < last
        assert max(times) - min(times) <= timedelta(days=20)


def test_a_season_has_gaps_late_readings_and_corrections() -> None:
    found = made()
    assert 35 * 120 * 0.9 < len(found) < 35 * 120
    late = [
        f for f in found if f.revision == 0 and f.reported_at and f.reported_at - f.observed_at >= timedelta(days=1)
    ]
    assert len(late) > 50
    corrections = [fact for fact in found if fact.revision == 1]
    assert len(corrections) > 20
    first = {fact.id: fact for fact in found if fact.revision == 0}
    for fact in corrections:
        assert first[fact.id].price != fact.price
        assert found.index(first[fact.id]) < found.index(fact)


def test_no_two_facts_have_one_identity_and_revision() -> None:
    found = made()
    assert len({(fact.id, fact.revision) for fact in found}) == len(found)


@pytest.mark.parametrize("days", [14, 30, 365])
def test_a_season_of_another_length_has_its_surge_too(days: int) -> None:
    surge = Surge.of_season(days)
    assert 0 < surge.first < surge.top <= surge.down < surge.last < days
    assert {fact.point for fact in made(1, days) if fact.price >= LINES[fact.point]} == RETAIL
