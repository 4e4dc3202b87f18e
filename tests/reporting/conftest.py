"""Two journals processed once by the engine; a test that changes one gets a copy."""

from collections.abc import AsyncIterator
from itertools import count

import asyncpg
import pytest
import pytest_asyncio

from core.reference.files import SAMPLE_FOLDER
from posting.book.registry import ReferenceData
from reporting import code_labels
from reporting.code_names import CodeNames, read_names
from reporting.report_queries import Connection
from service.database.embedded_server import Database
from tests.file_strategies import REFERENCE
from tests.reporting import journals

_numbers = count()


def _address(database: Database, name: str) -> str:
    return database.dsn.rpartition("/")[0] + f"/{name}"


async def _statement(database: Database, statement: str) -> None:
    connection = await asyncpg.connect(database.dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def small_journal(database: Database, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of the small journal."""
    folder = tmp_path_factory.mktemp("hand")
    await _statement(database, "create database hand")
    await journals.process_files(
        _address(database, "hand"), folder, journals.write_small_files(folder), ReferenceData.load(REFERENCE)
    )
    return _address(database, "hand")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def state_year(database: Database, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with the year of a small State."""
    folder = tmp_path_factory.mktemp("state")
    await _statement(database, "create database state_year")
    await journals.process_files(
        _address(database, "state_year"),
        folder,
        journals.write_year_files(folder),
        ReferenceData.load(SAMPLE_FOLDER),
    )
    return "state_year"


@pytest_asyncio.fixture
async def journal(database: Database, state_year: str) -> AsyncIterator[str]:
    """The address of a copy of the State's year."""
    name = f"journal_{next(_numbers)}"
    await _statement(database, f"create database {name} template {state_year}")
    yield _address(database, name)
    await _statement(database, f"drop database {name} with (force)")


@pytest_asyncio.fixture
async def reader(small_journal: str) -> AsyncIterator[Connection]:
    """A connection to the small journal."""
    connection = await asyncpg.connect(small_journal)
    yield connection
    await connection.close()


@pytest_asyncio.fixture
async def names(reader: Connection) -> CodeNames:
    """The names of the codes of the small journal."""
    return await read_names(reader, code_labels.load(REFERENCE))
