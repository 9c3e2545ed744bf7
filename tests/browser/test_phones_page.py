"""The page of sandbox phones as a person meets it: in a real browser, on a real installation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from responders.sandbox import SandboxNetwork
from responders.sandbox.phone import CannotReply
from tests.browser.office import Card

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.browser.chromium import Chromium
    from tests.browser.office import Office

pytestmark = pytest.mark.browser
WANG, LI, DUTY = "+12025550111", "+12025550112", "+12025550113"
NARROW, WIDE = (360, 740), (1440, 900)


async def test_an_officer_is_warned_on_the_page_replies_there_and_sees_that_it_was_understood(
    chromium: Chromium, office: Office
) -> None:
    """From the roster's import to the acknowledgement on record, on a page that was open before and is never loaded
    again.
    """
    async with chromium.page(office.url) as page:
        await page.until("document.body.innerText.includes('还没有手机收到短信')", "there is no phone yet")
        await page.until("document.querySelector('#live').dataset.state === 'live'", "the page is live")
        await page.value("window.notLoadedAgain = true")

        office.imports(王建国=("grain_duty", WANG), 李明=("duty_officer", LI))
        wang, li = Card(page, "王建国"), Card(page, "李明")
        await wang.appears()
        await li.shows("暂无短信")
        assert "未登记" not in await page.text()

        office.observes("4.72")
        await wang.shows("【粮价预警】", "白洋街道农贸市场", "回复 1 签收")
        assert office.incident().status == "unacknowledged"

        await wang.replies("1")
        await wang.shows("已由您签收", "You have acknowledged incident 1.")
        assert (office.incident().status, office.incident().owner) == ("acknowledged", "王建国")
        assert await page.value(f"({wang.element}).querySelector('input').value") == ""
        assert await page.value("window.notLoadedAgain")


@pytest.fixture
async def network() -> AsyncIterator[SandboxNetwork]:
    """Phones alone, where no installation is needed."""
    async with SandboxNetwork(lambda: datetime.now(UTC), "AC" + "3" * 32, "token") as made:
        yield made


async def texted(network: SandboxNetwork, number: str, body: str) -> None:
    """A text reaches a phone."""
    network._keep(network.phone(number), network._message("+12025550100", number, body, "outbound-api", "delivered"))


HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"


async def test_what_strangers_write_stays_text(chromium: Chromium, network: SandboxNetwork) -> None:
    """In a text, in a name, on load and live: it is read as it was written, and nothing of it runs."""
    network.register(WANG, f"{HOSTILE}王")
    await texted(network, WANG, f"{HOSTILE}载入")
    async with chromium.page(f"{network.base_url}/") as page:
        card = Card(page, f"{HOSTILE}王")
        await card.shows(f"{HOSTILE}载入")
        await texted(network, WANG, f"{HOSTILE}实时")
        await card.shows(f"{HOSTILE}实时")
        with pytest.raises(CannotReply):  # a number of a one-way region
            await network.phone("+8613800138000").replies(HOSTILE)
        await network.phone(WANG).replies(f"{HOSTILE}回复")
        await card.shows(f"{HOSTILE}回复")
        assert await page.value("document.title") == "沙盒电话网 · SANDBOX phones"
        assert await page.value("document.querySelectorAll('main img, main script').length") == 0


async def test_nobody_takes_it_for_a_real_network(chromium: Chromium, network: SandboxNetwork) -> None:
    """The banner stands above everything, also when the page is scrolled to its end."""
    for last in range(20, 40):
        await texted(network, f"+120255501{last}", "粮价")
    async with chromium.page(f"{network.base_url}/") as page:
        await page.has_size(*WIDE)
        await page.value("window.scrollTo(0, document.body.scrollHeight)")
        assert await page.value("window.scrollY") > 0
        top = "document.elementFromPoint(innerWidth / 2, 30).closest('.banner').innerText"
        said = str(await page.value(top))
        assert "沙盒电话网 SANDBOX" in said
        assert "非真实短信，不会发给任何人 These are not real messages. Nobody is texted." in said


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["phone", "desk"])
async def test_nothing_overflows(chromium: Chromium, network: SandboxNetwork, size: tuple[int, int]) -> None:
    """On a phone's screen and on a desk's: no sideways scrolling, nothing cut off at the edge, however long a word."""
    network.register(WANG, "一位名字特别特别长而且没有空格的值班人员甲乙丙丁戊己庚辛壬癸")
    await texted(network, WANG, "【粮价预警】" + "https://" + "x" * 300 + "粮" * 200)
    await texted(network, DUTY, "【演练】【粮价预警】粮价")
    network.phone("+8613800138000")
    async with chromium.page(f"{network.base_url}/") as page:
        await page.has_size(*size)
        await page.until(
            f"innerWidth === {size[0]} && document.querySelectorAll('.phone').length === 3", "three phones"
        )
        wide = """[...document.querySelectorAll('body *')].filter((e) => !e.closest('.hidden'))
            .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map((e) => e.outerHTML.slice(0, 80))"""
        assert await page.value(wide) == []
        assert await page.value("document.documentElement.scrollWidth") == size[0]
        sideways = "[...document.querySelectorAll('.thread, .bubble p')].filter((e) => e.scrollWidth > e.clientWidth)"
        assert await page.value(f"{sideways}.length") == 0
