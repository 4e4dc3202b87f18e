"""The live page in a real browser, and the errors of its console."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, expect

from tests.service.http.running_service import RunningService

__all__ = ["LivePage", "expect", "open_page"]
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
DESKTOP = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}


@dataclass
class LivePage:
    """A page, and the errors and warnings of its console."""

    page: Page
    console_errors: list[str] = field(default_factory=list)

    def record_message(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.console_errors.append(message.text)

    def find_figure(self, path: str) -> Locator:
        return self.page.locator(f'[data-figure="{path}"]')

    async def read_figure(self, path: str) -> str:
        return await self.find_figure(path).inner_text()

    async def read_cells(self, table: str) -> list[list[str]]:
        """Read the cells of a table, row by row."""
        return [
            [text.strip() for text in await row.locator("th, td").all_inner_texts()]
            for row in await self.page.locator(f"#{table} tbody tr").all()
        ]

    async def wait_until_live(self) -> None:
        await expect(self.page.locator("#state")).to_have_attribute("data-state", "live")


@asynccontextmanager
async def open_page(
    browser: Browser, service: RunningService, key: Mapping[str, str] | None = None, **options: Any
) -> AsyncIterator[LivePage]:
    """Open the live page, by default in English on a desktop screen; ``key`` is stored as if entered in this tab.

    The option ``script`` runs before the scripts of the page.
    """
    script = options.pop("script", "")
    settings = {"viewport": DESKTOP, "locale": "en-GB", **options}
    context = await browser.new_context(**settings)
    try:
        if key:
            token = key["authorization"].split()[1]
            script += f"sessionStorage.setItem('crescendo.key', '{token}')"
        await context.add_init_script(script)
        live_page = LivePage(await context.new_page())
        live_page.page.on("console", live_page.record_message)
        live_page.page.on("pageerror", lambda error: live_page.console_errors.append(str(error)))
        await live_page.page.goto(service.url)
        yield live_page
    finally:
        await context.close()
