"""Who asks for what there is not is told so in both languages."""

from __future__ import annotations

import aiohttp
import pytest

from infra.web import application, listening
from tests.services.process import free_port


@pytest.mark.parametrize(
    ("method", "path", "status", "answer", "allow"),
    [
        (
            "GET", "/nowhere", 404,
            {"error": "not-found", "message": "没有这个地址", "message_en": "there is nothing at this address"}, None,
        ),
        (
            "POST", "/healthz", 405,
            {
                "error": "method", "message": "此地址不支持该方法，见 Allow",
                "message_en": "this address does not take that method: see Allow",
            },
            "GET,HEAD",
        ),
    ],
)  # fmt: skip
async def test_an_address_or_method_that_there_is_not(
    method: str, path: str, status: int, answer: dict[str, str], allow: str | None
) -> None:
    """The answer has the form of every other refusal."""

    async def readiness() -> list[object]:
        return []

    address = f"127.0.0.1:{free_port()}"
    app = application([], readiness)  # type: ignore[arg-type]
    async with (
        listening(app, address),
        aiohttp.ClientSession() as session,
        session.request(method, f"http://{address}{path}") as response,
    ):
        assert (response.status, await response.json()) == (status, answer | {"faults": []})
        assert response.headers.get("Allow") == allow
