"""Facts for the tests of streams."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from rules import facts
from rules.facts import GrainPriceReading
from tests.streams.harness import COUNTY

if TYPE_CHECKING:
    from tests.streams.harness import Site

START = datetime(2026, 8, 26, 8, 0, tzinfo=UTC)


def reading(point: str, price: str, *, minute: int = 0, county: str = COUNTY) -> GrainPriceReading:
    return GrainPriceReading(
        county=county,
        source="feeder",
        observed_at=START + timedelta(minutes=minute),
        point=point,
        commodity="rice",
        stage="retail",
        price=Decimal(price),
        currency="CNY",
        unit="元/kg",
    )


async def send(site: Site, *readings: GrainPriceReading) -> list[tuple[int, int]]:
    placed = await site.producer.send_many([(r.topic, r.county.encode(), facts.encode(r), ()) for r in readings])
    assert not any(isinstance(place, Exception) for place in placed), placed
    return placed  # type: ignore[return-value]
