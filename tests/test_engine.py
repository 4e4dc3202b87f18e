"""The whole engine against the rule book and against the plain model, on a real database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings

from tests.drivers import EngineDriver
from tests.files import PLACES, REFERENCE, YEAR, File, files, openings
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.servers import running
from tests.test_scenarios import SCENARIOS, Scenario, play

_PLACES = [
    {"fund_centre": place.unit, "commitment_item": place.items[0], "exercise": "2018"} for place in PLACES
]
_databases = count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an embedded server that another thread keeps running."""
    with running(tmp_path_factory.mktemp("engine")) as dsn:
        yield dsn


@contextmanager
def engine(server: str, folder: Path) -> Iterator[EngineDriver]:
    """A driver on a fresh database, gone afterwards."""
    name = f"engine_{next(_databases)}"
    asyncio.run(_execute(server, f"create database {name}"))
    home = folder / name
    home.mkdir()
    try:
        with EngineDriver(server.rpartition("/")[0] + f"/{name}", home, REFERENCE) as driver:
            yield driver
    finally:
        asyncio.run(_execute(server, f"drop database {name} with (force)"))


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario.place} {scenario.title}")
def test_the_engine_plays(scenario: Scenario, server: str, tmp_path: Path) -> None:
    with engine(server, tmp_path) as driver:
        play(scenario, driver)


@given(files=files(acts_max=30))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_engine_agrees_with_the_plain_model(server: str, tmp_path: Path, files: list[File]) -> None:
    """Files of all kinds, duplicates, conflicts, refusals, held acts; the book is loaded anew for every file."""
    model = Engine(Reference.load(REFERENCE, YEAR))
    with engine(server, tmp_path) as driver:
        for rows in [openings(), *filter(None, files)]:
            assert driver.submit(rows) == model.submit(rows)
            assert driver.held() == model.held()
        accounts = list(model.reference.accounts)
        for account in (*accounts[:4], *accounts[-6:]):
            assert driver.totals(account) == model.totals(account)
        for fields in _PLACES:
            assert driver.consumed(fields) == model.consumed(fields)
