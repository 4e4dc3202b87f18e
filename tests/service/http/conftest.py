"""Fixtures: one service per test module, on a database of its own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.service.http import spending_story
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import submit_credits
from tests.service.http.running_service import RunningService, create_database, run_service


class ServicePlace(NamedTuple):
    """A running service and its database."""

    service: RunningService
    dsn: str
    data: Path
    """The folder with its spool."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServicePlace]:
    data = tmp_path_factory.mktemp("served")
    async with create_database(database) as dsn, run_service(dsn, data) as service:
        async with service.client(MINISTRY) as client:
            await submit_credits(client)
        yield ServicePlace(service, dsn, data)


@pytest_asyncio.fixture(loop_scope="module")
async def client(place: ServicePlace) -> AsyncIterator[httpx.AsyncClient]:
    async with place.service.client(MINISTRY) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def spending_service(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServicePlace]:
    """A service that has received the files and forms of the spending example, and its database."""
    data = tmp_path_factory.mktemp("spending")
    async with create_database(database) as dsn, run_service(dsn, data) as service:
        async with service.client() as client:
            await spending_story.submit_story(client)
        yield ServicePlace(service, dsn, data)
