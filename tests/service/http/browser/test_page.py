"""The live page as people use it: by keyboard, in two languages, on a phone, in the dark, without a key, through a restart."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from service.database.embedded import Database
from tests.service.http.access_keys import AUDITOR, MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres
from tests.service.http.browser.pages import DESKTOP, PHONE, LivePage, expect, open_page
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.outside("chromium")]
BRIGHT, DARK = "rgb(246, 246, 249)", "rgb(17, 17, 26)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def busy(place: ServicePlace) -> ServicePlace:
    """Something on every panel."""
    rows = to_jsonl([*build_unknown_centres(3, "B"), build_commitment("EJ-1", "2.00")])
    name = {"content-disposition": 'attachment; filename="<b>acts.jsonl"'}
    async with place.service.client(MINISTRY) as client:
        await client.post("/v1/submissions?wait=60", content=rows, headers={**JSONL, **name})
    return place


@pytest_asyncio.fixture(loop_scope="module")
async def seen(busy: ServicePlace, browser: Browser) -> AsyncIterator[LivePage]:
    async with open_page(browser, busy.service, AUDITOR) as found:
        await found.wait_until_live()
        await expect(found.page.locator("#submissions tbody tr")).not_to_have_count(0)
        yield found


async def _read_focus(found: LivePage) -> str:
    """What has the focus, by what it is called."""
    return await found.page.evaluate(
        "(({id, textContent, ariaLabel}) => id || ariaLabel || textContent)(document.activeElement)"
    )


async def test_everything_is_reached_and_opened_by_keyboard(seen: LivePage) -> None:
    keyboard = seen.page.keyboard
    await keyboard.press("Tab")
    assert await _read_focus(seen) == "Skip to the figures"
    await keyboard.press("Enter")
    assert await _read_focus(seen) == "main"
    (batch,) = await read_last_batch(seen)
    wanted, reached = f"Verify batch {batch}", list[str]()
    while wanted not in reached:
        await keyboard.press("Tab")
        reached.append(await _read_focus(seen))
        assert len(reached) < 60, reached
    looks = await seen.read_figure("at")
    await expect(seen.find_figure("at")).not_to_have_text(looks)
    assert await _read_focus(seen) == wanted, "figures that come do not take the focus away"
    await keyboard.press("Enter")
    await expect(seen.page.locator("#details")).to_be_visible()
    await expect(seen.page.locator(".verdict")).to_contain_text("Everything agrees")
    await keyboard.press("Escape")
    await expect(seen.page.locator("#details")).to_be_hidden()
    assert await _read_focus(seen) == wanted
    assert seen.console_errors == []


async def read_last_batch(seen: LivePage) -> list[str]:
    return [row[0] for row in (await seen.read_cells("batches"))[:1]]


async def test_a_submission_an_act_and_a_batch_are_looked_at_closely(seen: LivePage) -> None:
    details = seen.page.locator("#details-body")
    await seen.page.locator("#submissions button").first.click()
    await expect(details).to_contain_text("<b>acts.jsonl")
    await expect(details).to_contain_text("FUND_CENTRE_UNKNOWN")
    await details.get_by_role("link", name="B0").click()
    await expect(seen.page.locator("#details-title")).to_have_text("Act B0")
    await expect(details).to_contain_text("0177-D013-XXXX")
    await seen.page.keyboard.press("Escape")
    await seen.page.locator("#sought").fill("EJ-1")
    await seen.page.keyboard.press("Enter")
    await expect(details).to_contain_text("€2.00")
    await expect(details).to_contain_text("commitment")
    assert seen.page.url.endswith("#act/EJ-1")
    await details.locator('a[href^="#batch/"]').first.click()
    await expect(details.locator(".verdict")).to_contain_text("Everything agrees")
    assert seen.console_errors == []


async def test_what_is_not_there_is_said(seen: LivePage) -> None:
    for sought in ("99999", "batch 99999", "nobody's act", "%"):
        await seen.page.locator("#sought").fill(sought)
        await seen.page.locator("#sought").press("Enter")
        await expect(seen.page.locator("#details .warning")).to_have_text(
            "Not there, or not visible with this key."
        )
        await seen.page.keyboard.press("Escape")
    assert all("404" in each for each in seen.console_errors)


async def test_french_and_english(seen: LivePage, browser: Browser, busy: ServicePlace) -> None:
    await expect(seen.page.locator("html")).to_have_attribute("lang", "en")
    await seen.page.get_by_role("button", name="Français").click()
    await expect(seen.page.locator("html")).to_have_attribute("lang", "fr")
    await expect(seen.page.locator("#flow-title")).to_have_text(re.compile("Le chemin d.un acte"))
    await expect(seen.page.locator("#state")).to_have_text("En direct")
    await expect(seen.page.locator("#refusals tbody")).to_contain_text("Le centre financier")
    assert re.fullmatch(r"[\d\u202f]+,\d\d\s€", await seen.read_figure("throughput.outcomes.accepted.cents"))
    await seen.page.reload()
    await expect(seen.page.locator("#flow-title")).to_have_text(re.compile("Le chemin d.un acte"))
    async with open_page(browser, busy.service, AUDITOR, locale="fr-FR") as other:
        await expect(other.page.locator("html")).to_have_attribute("lang", "fr")
    assert seen.console_errors == []


@pytest.mark.parametrize(("scheme", "paper"), [("light", BRIGHT), ("dark", DARK)])
async def test_light_and_dark(scheme: str, paper: str, browser: Browser, busy: ServicePlace) -> None:
    async with open_page(browser, busy.service, AUDITOR, color_scheme=scheme) as found:
        await found.wait_until_live()
        await expect(found.page.locator("body")).to_have_css("background-color", paper)
        assert found.console_errors == []


@pytest.mark.parametrize(
    "size", [PHONE, {"width": 320, "height": 640}, DESKTOP, {"width": 3840, "height": 2160}]
)
@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
async def test_no_screen_is_scrolled_sideways(
    size: dict[str, int], locale: str, browser: Browser, busy: ServicePlace
) -> None:
    async with open_page(browser, busy.service, AUDITOR, viewport=size, locale=locale) as found:
        await found.wait_until_live()
        await expect(found.page.locator("#batches tbody tr")).not_to_have_count(0)
        width = await found.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]


async def test_still_for_who_wants_no_motion(browser: Browser, busy: ServicePlace) -> None:
    async with open_page(browser, busy.service, AUDITOR, reduced_motion="reduce") as found:
        await expect(found.page.locator(".bar rect").first).to_have_css("transition-duration", "0s")


async def test_a_key_that_is_given_stays_in_its_tab(browser: Browser, busy: ServicePlace) -> None:
    async with open_page(browser, busy.service) as found:
        await found.wait_until_live()
        await expect(found.page.locator("#submissions")).to_be_hidden()
        await found.page.locator("#lock").click()
        await found.page.locator("#token").fill(AUDITOR["authorization"].split()[1])
        await found.page.keyboard.press("Enter")
        await expect(found.page.locator("#submissions tbody tr")).not_to_have_count(0)
        stored = await found.page.evaluate("[JSON.stringify({...localStorage}), document.cookie]")
        assert "crescendo_" not in "".join(stored)
        await found.page.locator("#lock").click()
        await found.page.get_by_role("button", name="Forget the key").click()
        await expect(found.page.locator("#submissions")).to_be_hidden()
        assert await found.page.evaluate("sessionStorage.length") == 0
        assert found.console_errors == []


async def test_who_may_not_look_is_asked_for_a_key(browser: Browser, busy: ServicePlace) -> None:
    """As from another machine, where the stream is refused until a key opens it."""
    async with open_page(browser, busy.service) as found:
        refused = {"status": 401, "content_type": "application/problem+json", "body": "{}"}

        async def door(route: object) -> None:
            has_key = "authorization" in route.request.headers  # type: ignore[attr-defined]
            await (route.continue_() if has_key else route.fulfill(**refused))  # type: ignore[attr-defined]

        await found.page.route("**/v1/live", door)
        await found.page.reload()
        await expect(found.page.locator("#state")).to_have_attribute("data-state", "locked")
        await expect(found.page.locator("#door")).to_be_visible()
        await found.page.locator("#token").fill(AUDITOR["authorization"].split()[1])
        await found.page.keyboard.press("Enter")
        await found.wait_until_live()


async def test_the_stream_is_taken_up_again_when_the_service_comes_back(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        open_page(browser, served) as found,
    ):
        await found.wait_until_live()
        port = int(served.url.rsplit(":", 1)[1])
        served.process.kill()
        await expect(found.page.locator("#state")).to_have_attribute("data-state", "lost")
        async with run_service(dsn, tmp_path, port=port) as again, again.client(MINISTRY) as client:
            await expect(found.page.locator("#state")).to_have_attribute("data-state", "live", timeout=30_000)
            rows = to_jsonl(build_unknown_centres(4))
            await client.post("/v1/submissions?wait=60", content=rows, headers=JSONL)
            await expect(found.find_figure("throughput.outcomes.refused.lines")).to_have_text("4")
            (count,) = await fetch(dsn, "select count(*) from refusal")
            assert count["count"] == 4


async def test_now_and_then_a_sentence_is_said_for_who_hears_the_page(seen: LivePage) -> None:
    summary = seen.page.locator("#summary")
    await expect(summary).to_have_attribute("aria-live", "polite")
    await expect(summary).to_have_text(
        re.compile(r"lines a second, \d+ files waiting, [\d,]+ lines accepted")
    )
    tree = await seen.page.locator("body").aria_snapshot()
    for heard in (
        "banner",
        "main",
        "region",
        "contentinfo",
        'heading "Throughput"',
        "columnheader",
        "rowheader",
    ):
        assert heard in tree
