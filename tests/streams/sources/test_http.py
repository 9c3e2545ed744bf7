"""`POST /api/v1/facts` on loopback: who may send what, and 202 only once the broker has it."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from rules import decoding, facts
from streams.sources import http
from streams.sources.base import FactProducer, Place
from streams.sources.http_door import Limits
from streams.sources.keys import ApiKey, digest, find
from tests.streams.sources.conftest import PRICE, LogProducer, clock

Client = TestClient[web.Request, web.Application]
SECRET = "fh_0123456789abcdef"
KEY = ApiKey(
    name="grain-bureau", sha256=digest(SECRET), source="wuyi-grain",
    counties=frozenset({"330723", "330727"}), kinds=frozenset({"grain_price", "hazard_report"}),
)  # fmt: skip
OTHER = ApiKey(
    name="weather", sha256=digest("fh_other"), source="weather", counties=frozenset({"330723"}),
    kinds=frozenset({"disaster_forecast"}),
)  # fmt: skip
AUTH = {"Authorization": f"Bearer {SECRET}"}
ONE = AUTH | {"Content-Type": "application/json"}
MANY = AUTH | {"Content-Type": "application/x-ndjson"}


class Site:
    """A door that is open, and what it counted."""

    def __init__(self, client: Client, keys: list[ApiKey], counted: Counter[tuple[str, str]]) -> None:
        self.client, self.keys, self.counted = client, keys, counted

    async def post(self, body: bytes | Any, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        async with self.client.post(http.PATH, data=body, headers=headers) as answer:
            return answer.status, json.loads(await answer.read())

    async def post_lines(self, body: bytes | Any) -> tuple[int, list[dict[str, Any]], dict[str, Any]]:
        """Status, the answer to each line, and the summary behind them."""
        sent = io.BytesIO(body) if isinstance(body, bytes) else body
        async with self.client.post(http.PATH, data=sent, headers=MANY) as answer:
            *lines, summary = [json.loads(line) for line in (await answer.read()).splitlines()]
            return answer.status, lines, summary


Opened = Callable[..., Awaitable[Site]]


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    clients: list[Client] = []

    async def make(producer: FactProducer, limits: Limits | None = None) -> Site:
        counted: Counter[tuple[str, str]] = Counter()
        keys = [OTHER, KEY]

        def count(source: str, outcome: str, number: int) -> None:
            counted[source, outcome] += number

        app = web.Application()
        app.add_routes(http.routes(producer, keys, clock, limits=limits, count=count))
        client = TestClient(TestServer(app, host="127.0.0.1"))
        await client.start_server()
        clients.append(client)
        return Site(client, keys, counted)

    yield make
    for client in clients:
        await client.close()


@pytest.fixture
async def site(opened: Opened, producer: LogProducer) -> Site:
    return await opened(producer)


def price(**changes: object) -> bytes:
    return json.dumps(PRICE | changes, ensure_ascii=False).encode()


class TestOneFact:
    async def test_202_says_which_fact_and_where_the_broker_has_it(self, site: Site, producer: LogProducer) -> None:
        status, answer = await site.post(price(note="摊位 3"), ONE)
        fact = decoding.decode(price())
        assert isinstance(fact, facts.Fact)
        assert status == 202
        assert answer["id"] == str(fact.id)
        (record,) = producer.log.fetch("grain-prices", answer["partition"], answer["offset"], 1)
        assert answer["topic"] == "grain-prices"
        assert json.loads(record.value or b"") == PRICE | {"note": "摊位 3", "reported_at": "2026-08-26T08:00:00Z"}
        assert record.key == b"330723"
        assert site.counted == {("wuyi-grain", "accepted"): 1}

    async def test_the_key_may_come_in_a_header_of_its_own(self, site: Site) -> None:
        headers = {"X-API-Key": SECRET, "Content-Type": "application/json; charset=utf-8"}
        assert (await site.post(price(), headers))[0] == 202

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authorization": "Bearer "},
            {"Authorization": f"Bearer {SECRET}x"},
            {"Authorization": f"Bearer {KEY.sha256}"},
            {"Authorization": f"Basic {SECRET}"},
            {"Authorization": "Bearer 密钥"},
            {"X-API-Key": "forged"},
            {"Authorization": "Bearer forged", "X-API-Key": SECRET},
        ],
    )
    async def test_a_forged_or_missing_key_is_401(
        self, site: Site, producer: LogProducer, headers: dict[str, str]
    ) -> None:
        async with site.client.post(
            http.PATH, data=price(), headers=headers | {"Content-Type": "application/json"}
        ) as answer:
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert json.loads(await answer.read())["message"] == "缺少 API 密钥或密钥无效"
        assert producer.values() == []

    async def test_a_key_that_is_withdrawn_is_refused_at_once(self, site: Site) -> None:
        site.keys.remove(KEY)
        assert (await site.post(price(), ONE))[0] == 401

    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            (
                {"county": "330724"},
                (
                    "county",
                    "'330724'",
                    "330723 | 330727（API 密钥 grain-bureau 所限）",
                    "330723 | 330727, as API key grain-bureau says",
                ),
            ),
            (
                {"source": "weather"},
                (
                    "source",
                    "'weather'",
                    "wuyi-grain（API 密钥 grain-bureau 所限）",
                    "wuyi-grain, as API key grain-bureau says",
                ),
            ),
            (
                {"exercise": "d1"},
                (
                    "exercise",
                    "'d1'",
                    "不填：演练数据只由 `fenghuo drill` 发送",
                    "no value: only `fenghuo drill` sends facts of an exercise",
                ),
            ),
        ],
    )
    async def test_what_is_not_this_keys_to_send_is_403(
        self, site: Site, producer: LogProducer, changes: dict[str, str], fault: tuple[str, str, str, str]
    ) -> None:
        status, answer = await site.post(price(**changes), ONE)
        assert (status, answer["error"]) == (403, "not-allowed")
        path, value, zh, en = fault
        assert answer["faults"] == [{"path": path, "value": value, "expected": {"zh": zh, "en": en}}]
        assert producer.values() == []

    async def test_a_kind_that_is_not_the_keys_is_403(self, site: Site) -> None:
        event = {
            "kind": "large_event", "county": "330723", "source": "wuyi-grain", "observed_at": PRICE["observed_at"],
            "event": "e", "name": "n", "venue": "v", "phase": "open",
        }  # fmt: skip
        status, answer = await site.post(json.dumps(event).encode(), ONE)
        assert status == 403
        assert answer["faults"][0]["expected"]["zh"] == "grain_price | hazard_report（API 密钥 grain-bureau 所限）"

    @pytest.mark.parametrize(
        "control",
        [
            {"kind": "tick", "at": "2026-08-26T09:00:00Z"},
            {"kind": "drill_started", "exercise": "d", "source": "s", "at": "2026-08-26T09:00:00Z"},
            {"kind": "drill_ended", "exercise": "d", "at": "2026-08-26T09:00:00Z"},
        ],
    )
    async def test_nobody_outside_moves_the_clock_or_a_drill(
        self, site: Site, producer: LogProducer, control: dict[str, str]
    ) -> None:
        status, answer = await site.post(json.dumps(control).encode(), ONE)
        assert (status, answer["faults"][0]["path"]) == (403, "kind")
        assert producer.values() == []

    @pytest.mark.parametrize(
        ("body", "path"),
        [
            (b"{", "$"), (b"[]", "$"), (b"\xff", "$"), (price(price="NaN"), "price"),
            (price(price=-1), "price"), (price(unit="bushel"), "unit"), (b'{"kind":"gold"}', "kind"),
            (price(price="@").replace(b'"@"', b"1" * 200_000), "price"), (b"[" * 100_000, "$"),
        ],
    )  # fmt: skip
    async def test_what_is_no_fact_is_400_with_path_value_and_expected(
        self, site: Site, producer: LogProducer, body: bytes, path: str
    ) -> None:
        status, answer = await site.post(body, ONE)
        assert (status, answer["error"]) == (400, "bad-fact")
        assert answer["message"] == "数据有误，未接收，请按 faults 更正后重发"
        assert answer["message_en"].startswith("not a fact")
        assert answer["faults"][0].keys() == {"path", "value", "expected"}
        assert answer["faults"][0]["path"] == path
        assert len(json.dumps(answer)) < 2_000
        assert producer.values() == []

    async def test_nothing_at_all_is_400(self, site: Site) -> None:
        status, answer = await site.post(b" \n", ONE)
        assert (status, answer["error"]) == (400, "empty")

    @pytest.mark.parametrize("streamed", [False, True])
    async def test_too_much_is_413_however_it_is_sent(self, site: Site, streamed: bool) -> None:
        body = price(note="x" * 300_000)

        async def parts() -> AsyncIterator[bytes]:
            yield body[:200_000]
            yield body[200_000:]

        status, answer = await site.post(parts() if streamed else body, ONE)
        assert (status, answer["error"]) == (413, "too-big")

    async def test_what_would_be_too_long_with_its_stamp_is_not_accepted(
        self, site: Site, producer: LogProducer
    ) -> None:
        """Else it would be 202 here, and a dead letter behind."""
        body = price(note="")
        body = price(note="x" * (facts.MAX_BYTES - len(body)))
        assert len(body) == facts.MAX_BYTES
        assert (await site.post(body, ONE))[0] == 400
        assert producer.values() == []

    @pytest.mark.parametrize(
        "headers",
        [
            {"Content-Type": "text/plain"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "application/json; charset=gbk"},
            {"Content-Type": "application/json", "Content-Encoding": "gzip"},
        ],
    )
    async def test_another_form_is_415(self, site: Site, headers: dict[str, str]) -> None:
        import gzip  # noqa: PLC0415

        body = gzip.compress(price()) if "Content-Encoding" in headers else price()
        assert (await site.post(body, AUTH | headers))[0] == 415

    async def test_broker_away_is_503_and_nothing_is_claimed(self, opened: Opened, tmp_path: Path) -> None:
        away = LogProducer(tmp_path / "away", breaks_at=0)
        site = await opened(away)
        async with site.client.post(http.PATH, data=price(), headers=ONE) as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "5"
            told = json.loads(await answer.read())
        assert told["message_en"] == "the broker is not available: nothing was accepted, send it again"
        assert "id" not in told
        away.breaks_at = None
        assert (await site.post(price(), ONE))[0] == 202
        assert site.counted == {("wuyi-grain", "unavailable"): 1, ("wuyi-grain", "accepted"): 1}
        await away.inner.close()
        away.log.close()

    async def test_broker_that_does_not_answer_is_503(self, opened: Opened) -> None:
        class Silent:
            async def send(self, *_: object) -> Place:
                return await asyncio.Future[Place]()

            async def send_many(self, _: object) -> list[Place | Exception]:
                return await asyncio.Future[list[Place | Exception]]()

        site = await opened(Silent(), Limits(broker=0.05))
        assert (await site.post(price(), ONE))[0] == 503

    async def test_client_that_stops_in_the_middle_is_408(self, opened: Opened, producer: LogProducer) -> None:
        site = await opened(producer, Limits(idle=0.05))
        never = asyncio.Event()

        async def parts() -> AsyncIterator[bytes]:
            yield price()[:20]
            await never.wait()

        sending = asyncio.create_task(site.post(parts(), ONE))
        status, answer = await asyncio.wait_for(sending, 10)
        assert (status, answer["error"]) == (408, "too-slow")


class TestManyFacts:
    async def test_every_line_accepted_is_202_with_each_place_in_order(self, site: Site, producer: LogProducer) -> None:
        points = [f"P{n}" for n in range(2_500)]
        status, lines, summary = await site.post_lines(b"\n".join(price(point=point) for point in points))
        assert status == 202
        assert [line["line"] for line in lines] == list(range(1, 2_501))
        assert summary == {"accepted": 2_500, "refused": 0, "unavailable": 0}
        for line, point in zip(lines, points, strict=True):
            (record,) = producer.log.fetch("grain-prices", line["partition"], line["offset"], 1)
            assert json.loads(record.value or b"")["point"] == point

    async def test_bad_lines_in_the_middle_are_answered_in_their_place(self, site: Site, producer: LogProducer) -> None:
        body = b"\r\n".join([
            price(), b"{", b"", price(county="330724"), price(exercise="d"), price(note="x" * 300_000), b"\xff",
            price(price=0), b'{"kind":"tick","at":"2026-08-26T09:00:00Z"}', price(point="P2"),
        ])  # fmt: skip
        status, lines, summary = await site.post_lines(body)
        assert status == 200
        assert [(one["line"], one["status"]) for one in lines] == [
            (1, 202), (2, 400), (4, 403), (5, 403), (6, 413), (7, 400), (8, 400), (9, 403), (10, 202),
        ]  # fmt: skip
        assert lines[6]["faults"][0]["path"] == "price"
        assert summary == {"accepted": 2, "refused": 7, "unavailable": 0}
        assert len(producer.values()) == 2
        assert site.counted["wuyi-grain", "not-allowed"] == 3

    @pytest.mark.parametrize(
        ("line", "status"), [(b"{", 400), (price(county="330724"), 403), (price(note="x" * 300_000), 413)]
    )
    async def test_no_line_accepted_is_no_success(self, site: Site, line: bytes, status: int) -> None:
        assert (await site.post_lines(b"\n".join([line] * 3)))[0] == status

    async def test_lines_that_come_in_pieces_are_put_together(self, site: Site, producer: LogProducer) -> None:
        async def parts() -> AsyncIterator[bytes]:
            body = b"\n".join(price(point=f"P{n}") for n in range(20))
            for at in range(0, len(body), 77):
                yield body[at : at + 77]

        status, _, summary = await site.post_lines(parts())
        assert (status, summary["accepted"]) == (202, 20)
        assert len({json.loads(value)["point"] for value in producer.values()}) == 20

    async def test_a_line_goes_to_the_broker_while_the_client_is_still_thinking(
        self, opened: Opened, tmp_path: Path
    ) -> None:
        """A feed that trickles is not held back until its request ends."""
        arrived = asyncio.Event()

        class Heard(LogProducer):
            async def send_many(self, records: list[Any]) -> list[Place | Exception]:
                places = await super().send_many(records)
                arrived.set()
                return places

        heard = Heard(tmp_path / "heard")
        site = await opened(heard)

        async def parts() -> AsyncIterator[bytes]:
            yield price() + b"\n"
            await asyncio.wait_for(arrived.wait(), 10)
            yield price(point="P2") + b"\n"

        assert (await site.post_lines(parts()))[0] == 202
        await heard.inner.close()
        heard.log.close()

    async def test_broker_failing_midway_claims_only_what_it_has(self, opened: Opened, tmp_path: Path) -> None:
        """What is accepted is there; from the first failing batch on nothing more is read; sent again, all is there."""
        failing = LogProducer(tmp_path / "failing", breaks_at=700)
        site = await opened(failing)
        body = b"\n".join(price(point=f"P{n}") for n in range(5_000))
        status, lines, summary = await site.post_lines(body)
        assert status == 200
        accepted = [one for one in lines if one["status"] == 202]
        assert (len(accepted), summary["accepted"]) == (700, 700)
        assert [one["status"] for one in lines[700:]] == [503] * summary["unavailable"]
        assert summary["unread_from"] == lines[-1]["line"] + 1
        assert len(failing.values()) == 700
        failing.breaks_at = None
        assert (await site.post_lines(body))[0] == 202
        there = [decoding.decode(value) for value in failing.values()]
        assert len({fact.id for fact in there if isinstance(fact, facts.Fact)}) == 5_000
        await failing.inner.close()
        failing.log.close()

    async def test_broker_away_from_the_first_line_is_503(self, opened: Opened, tmp_path: Path) -> None:
        away = LogProducer(tmp_path / "away", breaks_at=0)
        site = await opened(away)
        async with site.client.post(http.PATH, data=price(), headers=MANY) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        await away.inner.close()
        away.log.close()

    async def test_too_many_bytes_end_the_reading_and_say_where(self, opened: Opened, producer: LogProducer) -> None:
        site = await opened(producer, Limits(body=1_000))

        async def parts() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield price() + b"\n"

        status, lines, summary = await site.post_lines(parts())
        assert status in (200, 413)
        assert (lines[-1]["status"], lines[-1]["error"]) == (413, "too-big")
        assert summary["unread_from"] == lines[-1]["line"]
        assert summary["accepted"] == len(producer.values()) < 100
        assert (await site.post(b"x" * 1_001, MANY))[0] == 413

    async def test_too_many_lines_end_the_reading_and_say_where(self, opened: Opened, producer: LogProducer) -> None:
        """So an answer is never larger than memory."""
        site = await opened(producer, Limits(lines=3))
        status, lines, summary = await site.post_lines(b"\n".join(price(point=f"P{n}") for n in range(5)))
        assert [one["status"] for one in lines] == [202, 202, 202, 413]
        assert (status, summary["unread_from"], len(producer.values())) == (200, 4, 3)

    @pytest.mark.parametrize("body", [b"", b"\n\r\n \n"])
    async def test_no_line_at_all_is_400(self, site: Site, body: bytes) -> None:
        assert (await site.post(body, MANY))[1]["error"] == "empty"

    async def test_a_client_that_breaks_off_loses_nothing_that_was_whole(self, opened: Opened, tmp_path: Path) -> None:
        """The half line is no fact; the door goes on."""
        arrived = asyncio.Event()

        class Heard(LogProducer):
            async def send_many(self, records: list[Any]) -> list[Place | Exception]:
                places = await super().send_many(records)
                arrived.set()
                return places

        heard = Heard(tmp_path / "heard")
        site = await opened(heard)
        reader, writer = await asyncio.open_connection("127.0.0.1", site.client.port)
        head = f"POST {http.PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in MANY.items())
        writer.write(head.encode() + b"\r\n" + price() + b"\n" + price(point="P2")[:40])
        await asyncio.wait_for(arrived.wait(), 10)
        writer.close()
        await asyncio.wait_for(reader.read(), 10)
        assert (await site.post(price(point="P3"), ONE))[0] == 202
        assert {json.loads(value)["point"] for value in heard.values()} == {"P01", "P3"}
        await heard.inner.close()
        heard.log.close()


class TestKeys:
    def test_only_digests_are_kept_and_found(self) -> None:
        assert find([OTHER, KEY], SECRET) == KEY
        assert find([OTHER], SECRET) is None
        assert find([], "") is None
        assert SECRET not in repr(KEY)

    @pytest.mark.parametrize(
        "wrong",
        [{"sha256": "abc"}, {"kinds": ["tick"]}, {"counties": ["wuyi"]}, {"source": ""}, {"colour": "red"}],
    )
    def test_a_wrong_setting_is_refused(self, wrong: dict[str, object]) -> None:
        right = json.loads(msgspec.json.encode(KEY))
        assert msgspec.convert(right, ApiKey) == KEY
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(right | wrong, ApiKey)
