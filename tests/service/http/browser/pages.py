"""Pages in a real browser, and what they complain of."""

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
    """A page, and everything that went wrong on it."""

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
        """What stands in the rows of a table."""
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
    """The live page, in English on a desk unless told otherwise; the key as if it had been given in this tab.

    ``script`` runs before those of the page.
    """
    script = options.pop("script", "")
    chosen = {"viewport": DESKTOP, "locale": "en-GB", **options}
    context = await browser.new_context(**chosen)
    try:
        if key:
            token = key["authorization"].split()[1]
            script += f"sessionStorage.setItem('crescendo.key', '{token}')"
        await context.add_init_script(script)
        found = LivePage(await context.new_page())
        found.page.on("console", found.record_message)
        found.page.on("pageerror", lambda error: found.console_errors.append(str(error)))
        await found.page.goto(service.url)
        yield found
    finally:
        await context.close()
