"""The live page in use: by keyboard, in two languages, on a phone, in dark mode, without a key, through a restart."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from service.database.embedded_server import Database
from tests.service.http.access_keys import AUDITOR, MINISTRY, OPERATOR
from tests.service.http.act_files import build_commitment, build_unknown_centres, submit_credits
from tests.service.http.browser.pages import DESKTOP, PHONE, LivePage, expect, open_page
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.outside("chromium")]
BRIGHT, DARK = "rgb(246, 246, 249)", "rgb(17, 17, 26)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def busy(place: ServicePlace) -> ServicePlace:
    """A service with data for every panel."""
    rows = to_jsonl([*build_unknown_centres(3, "B"), build_commitment("EJ-1", "2.00")])
    name = {"content-disposition": 'attachment; filename="<b>acts.jsonl"'}
    async with place.service.client(MINISTRY) as client:
        await client.post("/v1/submissions?wait=60", content=rows, headers={**JSONL, **name})
    return place


@pytest_asyncio.fixture(loop_scope="module")
async def live_page(busy: ServicePlace, browser: Browser) -> AsyncIterator[LivePage]:
    async with open_page(browser, busy.service, AUDITOR) as live_page:
        await live_page.wait_until_live()
        await expect(live_page.page.locator("#submissions tbody tr")).not_to_have_count(0)
        yield live_page


async def _read_focus(live_page: LivePage) -> str:
    """Return the id, label or text of the focused element."""
    return await live_page.page.evaluate(
        "(({id, textContent, ariaLabel}) => id || ariaLabel || textContent)(document.activeElement)"
    )


async def test_every_control_is_reached_and_used_by_keyboard(live_page: LivePage) -> None:
    keyboard = live_page.page.keyboard
    await keyboard.press("Tab")
    assert await _read_focus(live_page) == "Skip to the figures"
    await keyboard.press("Enter")
    assert await _read_focus(live_page) == "main"
    (batch,) = await read_last_batch(live_page)
    button_label, reached = f"Verify batch {batch}", list[str]()
    while button_label not in reached:
        await keyboard.press("Tab")
        reached.append(await _read_focus(live_page))
        assert len(reached) < 60, reached
    time_shown = await live_page.read_figure("at")
    await expect(live_page.find_figure("at")).not_to_have_text(time_shown)
    assert await _read_focus(live_page) == button_label, "new figures do not take the focus away"
    await keyboard.press("Enter")
    await expect(live_page.page.locator("#details")).to_be_visible()
    await expect(live_page.page.locator(".verdict")).to_contain_text("Everything agrees")
    await keyboard.press("Escape")
    await expect(live_page.page.locator("#details")).to_be_hidden()
    assert await _read_focus(live_page) == button_label
    assert live_page.console_errors == []


async def read_last_batch(live_page: LivePage) -> list[str]:
    return [row[0] for row in (await live_page.read_cells("batches"))[:1]]


async def test_details_of_a_submission_an_act_and_a_batch(live_page: LivePage) -> None:
    details = live_page.page.locator("#details-body")
    await live_page.page.locator("#submissions button").first.click()
    await expect(details).to_contain_text("<b>acts.jsonl")
    await expect(details).to_contain_text("FUND_CENTRE_UNKNOWN")
    await details.get_by_role("link", name="B0").click()
    await expect(live_page.page.locator("#details-title")).to_have_text("Act B0")
    await expect(details).to_contain_text("0177-D013-XXXX")
    await live_page.page.keyboard.press("Escape")
    await live_page.page.locator("#sought").fill("EJ-1")
    await live_page.page.keyboard.press("Enter")
    await expect(details).to_contain_text("€2.00")
    await expect(details).to_contain_text("commitment")
    assert live_page.page.url.endswith("#act/EJ-1")
    await details.locator('a[href^="#batch/"]').first.click()
    await expect(details.locator(".verdict")).to_contain_text("Everything agrees")
    assert live_page.console_errors == []


async def test_unknown_names_are_reported(live_page: LivePage) -> None:
    for text in ("99999", "batch 99999", "nobody's act", "%"):
        await live_page.page.locator("#sought").fill(text)
        await live_page.page.locator("#sought").press("Enter")
        await expect(live_page.page.locator("#details .warning")).to_have_text(
            "Not found, or not visible with this key."
        )
        await live_page.page.keyboard.press("Escape")
    assert all("404" in error for error in live_page.console_errors)


async def test_french_and_english(live_page: LivePage, browser: Browser, busy: ServicePlace) -> None:
    await expect(live_page.page.locator("html")).to_have_attribute("lang", "en")
    await live_page.page.get_by_role("button", name="Français").click()
    await expect(live_page.page.locator("html")).to_have_attribute("lang", "fr")
    await expect(live_page.page.locator("#flow-title")).to_have_text(re.compile("Le chemin d.un acte"))
    await expect(live_page.page.locator("#state")).to_have_text("En direct")
    await expect(live_page.page.locator("#refusals tbody")).to_contain_text("Le centre financier")
    committed = await live_page.page.locator("[data-step=committed]").inner_text()
    assert re.fullmatch(r"[\d\u202f]+,\d\d\s€", committed)
    await live_page.page.reload()
    await expect(live_page.page.locator("#flow-title")).to_have_text(re.compile("Le chemin d.un acte"))
    async with open_page(browser, busy.service, AUDITOR, locale="fr-FR") as french_page:
        await expect(french_page.page.locator("html")).to_have_attribute("lang", "fr")
    assert live_page.console_errors == []


async def test_the_verdict_is_that_of_the_service(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    """The empty ledger's first step, then a paused sender; in both languages, as the service words them."""
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as service,
        service.client() as client,
        open_page(browser, service, AUDITOR, locale="fr-FR") as live_page,
    ):
        verdict, first_step = (live_page.page.locator(name) for name in ("#verdict", "#first-step"))
        await expect(verdict).to_have_text("Tout va bien. Rien n\u2019attend.")
        await expect(verdict).to_have_attribute("data-state", "well")
        await expect(first_step).to_contain_text("Ouvrez d\u2019abord les crédits de l\u2019année")
        await expect(first_step.locator("code")).to_contain_text("crescendo submit openings.csv")
        await submit_credits(client)
        await expect(first_step).to_be_hidden()
        await client.post("/v1/senders/MIN-12/pause", json={"reason": "wrong file"}, headers=OPERATOR)
        await expect(verdict).to_have_attribute("data-state", "ticket")
        await expect(verdict).to_have_text(
            "À traiter : MIN-12 en pause (wrong file ; fichiers en attente : 0). Rien n\u2019attend."
        )
        await expect(live_page.page.locator("#flows tbody")).to_contain_text("en pause : wrong file")
        await live_page.page.get_by_role("button", name="English").click()
        served = (await client.get("/v1/figures")).json()["verdict"]
        await expect(verdict).to_have_text(served["english"])
        assert live_page.console_errors == []


@pytest.mark.parametrize(("scheme", "background"), [("light", BRIGHT), ("dark", DARK)])
async def test_light_and_dark(scheme: str, background: str, browser: Browser, busy: ServicePlace) -> None:
    async with open_page(browser, busy.service, AUDITOR, color_scheme=scheme) as live_page:
        await live_page.wait_until_live()
        await expect(live_page.page.locator("body")).to_have_css("background-color", background)
        assert live_page.console_errors == []


@pytest.mark.parametrize(
    "size", [PHONE, {"width": 320, "height": 640}, DESKTOP, {"width": 3840, "height": 2160}]
)
@pytest.mark.parametrize("locale", ["fr-FR", "en-GB"])
async def test_no_screen_scrolls_sideways(
    size: dict[str, int], locale: str, browser: Browser, busy: ServicePlace
) -> None:
    async with open_page(browser, busy.service, AUDITOR, viewport=size, locale=locale) as live_page:
        await live_page.wait_until_live()
        await expect(live_page.page.locator("#batches tbody tr")).not_to_have_count(0)
        width = await live_page.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]


async def test_reduced_motion_stops_transitions(browser: Browser, busy: ServicePlace) -> None:
    async with open_page(browser, busy.service, AUDITOR, reduced_motion="reduce") as live_page:
        await expect(live_page.page.locator(".bar rect").first).to_have_css("transition-duration", "0s")


async def test_a_key_stays_in_its_tab(browser: Browser, busy: ServicePlace) -> None:
    async with open_page(browser, busy.service) as live_page:
        await live_page.wait_until_live()
        await expect(live_page.page.locator("#submissions")).to_be_hidden()
        await live_page.page.locator("#lock").click()
        await live_page.page.locator("#token").fill(AUDITOR["authorization"].split()[1])
        await live_page.page.keyboard.press("Enter")
        await expect(live_page.page.locator("#submissions tbody tr")).not_to_have_count(0)
        stored = await live_page.page.evaluate("[JSON.stringify({...localStorage}), document.cookie]")
        assert "crescendo_" not in "".join(stored)
        await live_page.page.locator("#lock").click()
        await live_page.page.get_by_role("button", name="Forget the key").click()
        await expect(live_page.page.locator("#submissions")).to_be_hidden()
        assert await live_page.page.evaluate("sessionStorage.length") == 0
        assert live_page.console_errors == []


async def test_a_viewer_without_access_is_asked_for_a_key(browser: Browser, busy: ServicePlace) -> None:
    """As from another machine, where the service refuses the stream without a key."""
    async with open_page(browser, busy.service) as live_page:
        refused = {"status": 401, "content_type": "application/problem+json", "body": "{}"}

        async def answer(route: object) -> None:
            has_key = "authorization" in route.request.headers  # type: ignore[attr-defined]
            await (route.continue_() if has_key else route.fulfill(**refused))  # type: ignore[attr-defined]

        await live_page.page.route("**/v1/live", answer)
        await live_page.page.reload()
        await expect(live_page.page.locator("#state")).to_have_attribute("data-state", "locked")
        await expect(live_page.page.locator("#door")).to_be_visible()
        await live_page.page.locator("#token").fill(AUDITOR["authorization"].split()[1])
        await live_page.page.keyboard.press("Enter")
        await live_page.wait_until_live()


async def test_the_stream_reconnects_after_a_restart_of_the_service(
    browser: Browser, database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as service,
        open_page(browser, service) as live_page,
    ):
        await live_page.wait_until_live()
        port = int(service.url.rsplit(":", 1)[1])
        service.process.kill()
        await expect(live_page.page.locator("#state")).to_have_attribute("data-state", "lost")
        async with run_service(dsn, tmp_path, port=port) as restarted, restarted.client(MINISTRY) as client:
            await expect(live_page.page.locator("#state")).to_have_attribute(
                "data-state", "live", timeout=30_000
            )
            rows = to_jsonl(build_unknown_centres(4))
            await client.post("/v1/submissions?wait=60", content=rows, headers=JSONL)
            await expect(live_page.find_figure("throughput.outcomes.refused.lines")).to_have_text("4")
            (count,) = await fetch(dsn, "select count(*) from refusal")
            assert count["count"] == 4


async def test_a_summary_is_announced_to_screen_readers(live_page: LivePage) -> None:
    summary = live_page.page.locator("#summary")
    await expect(summary).to_have_attribute("aria-live", "polite")
    await expect(summary).to_have_text(
        re.compile(r"lines a second, \d+ files waiting, [\d,]+ lines accepted")
    )
    tree = await live_page.page.locator("body").aria_snapshot()
    for role in (
        "banner",
        "main",
        "region",
        "contentinfo",
        'heading "Throughput"',
        "columnheader",
        "rowheader",
    ):
        assert role in tree
