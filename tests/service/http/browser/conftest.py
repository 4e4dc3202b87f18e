"""The browser of the tests: one for each file of tests."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.external_programs import find_program
from tests.service.http.browser.pages import ARGUMENTS
from tests.service.http.conftest import place

__all__ = ["browser", "place"]

pytest.register_assert_rewrite(*(f"{__package__}.{name}" for name in ("figure_checks", "table_checks")))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as player:
        started = await player.chromium.launch(executable_path=find_program("chromium"), args=ARGUMENTS)
        yield started
        await started.close()
