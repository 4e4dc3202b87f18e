"""One service for a whole file of tests, on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from service.database.embedded import Database
from tests.service.http import spending_story
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS
from tests.service.http.running_service import JSONL, Running, as_jsonl, fresh, running


class Place(NamedTuple):
    """A service, and the database behind it."""

    service: Running
    dsn: str
    data: Path
    """Where its spool is."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    data = tmp_path_factory.mktemp("served")
    async with fresh(database) as dsn, running(dsn, data) as service:
        async with service.client(MINISTRY) as client:
            found = await client.post("/v1/submissions?wait=60", content=as_jsonl(CREDITS), headers=JSONL)
            assert found.json()["receipt"]["accepted"]["lines"] == len(CREDITS)
        yield Place(service, dsn, data)


@pytest_asyncio.fixture(loop_scope="module")
async def client(place: Place) -> AsyncIterator[httpx.AsyncClient]:
    async with place.service.client(MINISTRY) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """A service that was told a small story, and the database behind it."""
    data = tmp_path_factory.mktemp("told")
    async with fresh(database) as dsn, running(dsn, data) as service:
        async with service.client() as client:
            await spending_story.tell(client)
        yield Place(service, dsn, data)
