"""Numbers on a phone and a small desk: with credits of billions, none is cut, hidden or broken, in details too."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from service.database.embedded_server import Database
from tests.service.http.access_keys import AUDITOR, DIRECTORATE, MINISTRY
from tests.service.http.act_files import ALLOTMENTS, OPENINGS, build_commitment, build_unknown_centres
from tests.service.http.browser.pages import LivePage, expect, open_page
from tests.service.http.running_service import JSONL, RunningService, create_database, run_service, to_jsonl

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.outside("chromium")]

SCALE = 10_000_000
"""Makes billions of the credits of the places."""
LIST_CUT_NUMBERS = r"""(root) => {
  const cut = [];
  const walker = document.createTreeWalker(document.querySelector(root), NodeFilter.SHOW_TEXT);
  const isClipped = ({ left, right }, element) => {
    for (let box = element; box; box = box.parentElement) {
      const edges = box.getBoundingClientRect();
      const clips = box === document.documentElement || getComputedStyle(box).overflowX !== "visible";
      if (clips && (left < edges.left - 0.5 || right > edges.right + 0.5)) return true;
    }
    return left < 0 || right > innerWidth;
  };
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.parentElement.checkVisibility() || node.parentElement.closest(".unseen, code, thead")) continue;
    for (const number of node.data.matchAll(/\d(?:[\d.,\u202f\u00a0]*\d)?(?:[\u202f\u00a0][€%])?/g)) {
      const range = document.createRange();
      range.setStart(node, number.index);
      range.setEnd(node, number.index + number[0].length);
      const boxes = [...range.getClientRects()];
      const isBroken = new Set(boxes.map(({ top }) => Math.round(top))).size > 1;
      if (!boxes.length || isBroken || boxes.some((box) => isClipped(box, node.parentElement))) cut.push(number[0]);
    }
  }
  return cut;
}"""
"""Lists the visible numbers below an element that leave their box or the screen, or are broken into two lines."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rich_service(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningService]:
    """A service with credits of billions, a commitment of billions, refusals and forms."""
    data = tmp_path_factory.mktemp("rich")
    async with (
        create_database(database) as dsn,
        run_service(dsn, data, "--cut-off", "18:00") as service,
        service.client() as client,
    ):
        for key, rows in ((DIRECTORATE, OPENINGS), (MINISTRY, ALLOTMENTS)):
            content = to_jsonl([{**row, "amount": f"{int(float(row['amount'])) * SCALE}.00"} for row in rows])
            response = await client.post("/v1/submissions?wait=60", content=content, headers={**JSONL, **key})
            assert response.json()["receipt"]["refused"]["lines"] == 0, response.text
        rows = [build_commitment("EJ-BIG", "5974010009.99"), *build_unknown_centres(2000)]
        await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers={**JSONL, **MINISTRY})
        yield service


async def open_details(live_page: LivePage, address: str) -> None:
    await live_page.page.evaluate("(address) => { location.hash = address }", address)
    await expect(live_page.page.locator("#details-body table").first).to_be_visible()


@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
@pytest.mark.parametrize("width", [320, 360, 390, 400, 1280])
async def test_no_number_is_cut(
    width: int, locale: str, browser: Browser, rich_service: RunningService
) -> None:
    size = {"width": width, "height": 800}
    async with open_page(browser, rich_service, AUDITOR, viewport=size, locale=locale) as live_page:
        await live_page.wait_until_live()
        await expect(live_page.page.locator("#submissions tbody tr")).not_to_have_count(0)
        text = await live_page.page.locator("#programmes tbody").inner_text()
        assert re.search(r"\d[\d,\u202f]{12,}[.,]\d\d", text), text
        assert await live_page.page.evaluate(LIST_CUT_NUMBERS, "main") == []
        for address in ("act/EJ-BIG", "submission/3", "batch/2"):
            await open_details(live_page, address)
            assert await live_page.page.evaluate(LIST_CUT_NUMBERS, "#details") == [], address


async def test_a_cut_number_is_found(browser: Browser, rich_service: RunningService) -> None:
    """The check finds an amount that its box cuts, and one that is broken in two."""
    async with open_page(browser, rich_service, AUDITOR, viewport={"width": 320, "height": 800}) as live_page:
        await live_page.wait_until_live()
        for style in (
            "display: block; width: 3em; overflow: hidden",
            "display: block; width: 3em; word-break: break-all",
        ):
            await live_page.page.evaluate(
                """(style) => {
                  const amount = document.createElement("b");
                  amount.style.cssText = style;
                  amount.textContent = "1,234,567.89";
                  document.querySelector("footer").replaceChildren(amount);
                }""",
                style,
            )
            assert await live_page.page.evaluate(LIST_CUT_NUMBERS, "footer") == ["1,234,567.89"]
