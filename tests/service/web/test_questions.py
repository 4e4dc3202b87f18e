"""What may be asked of the journal, asked of a service: every figure is one that can be added up by hand."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from service.database import Database
from service.web.questions import ANSWERS, EXAMPLES, QUESTIONS
from tests.service.web import story
from tests.service.web.conftest import Place
from tests.service.web.running import fresh, running

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    data = tmp_path_factory.mktemp("told")
    async with fresh(database) as dsn, running(dsn, data) as service:
        async with service.client() as client:
            await story.tell(client)
        yield Place(service, dsn)


@pytest_asyncio.fixture(loop_scope="module")
async def anybody(told: Place) -> AsyncIterator[httpx.AsyncClient]:
    async with told.service.client() as client:
        yield client


async def test_the_description_shows_what_is_answered(anybody: httpx.AsyncClient) -> None:
    found = await story.answers(anybody)
    assert found == EXAMPLES
