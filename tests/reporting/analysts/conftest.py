"""Ledgers that are refreshed for analysts, and roles that read their views."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from core.reference.files import SAMPLE_FOLDER
from reporting import code_labels
from reporting.analysts.refresh import refresh_views
from service.database.embedded_server import Database
from tests.databases import create_named_database, open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.analysts.analyst_roles import AnalystRoles, Connection, create_roles
from tests.reporting.analysts.paid_ledgers import pay_requests, process_busy_ledger


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def analyst_dsn(
    database: Database, state_year: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """The address of the year of a small State, half of whose requests are paid, with all that a refresh derives."""
    async with create_named_database(database.dsn, "analyst_year", state_year) as dsn:
        await pay_requests(dsn, tmp_path_factory.mktemp("payments"))
        async with open_connection(dsn) as connection:
            await refresh_views(connection, code_labels.load(SAMPLE_FOLDER), includes_last=True)
        yield dsn


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def small_analyst_dsn(database: Database, small_journal: str) -> AsyncIterator[str]:
    """The address of the journal that is small enough to add up by hand, refreshed."""
    async with create_named_database(database.dsn, "analyst_hand", small_journal.rpartition("/")[2]) as dsn:
        async with open_connection(dsn) as connection:
            await refresh_views(connection, code_labels.load(REFERENCE))
        yield dsn


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def busy_dsn(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a small ledger with settlements, returns of the bank, and entries by hand on suspense accounts."""
    async with create_named_database(database.dsn, "analyst_busy") as dsn:
        await process_busy_ledger(dsn, tmp_path_factory.mktemp("busy"))
        async with open_connection(dsn) as connection:
            await refresh_views(connection, code_labels.load(REFERENCE))
        yield dsn


@pytest_asyncio.fixture
async def views(analyst_dsn: str) -> AsyncIterator[Connection]:
    """A connection to the year."""
    async with open_connection(analyst_dsn) as connection:
        yield connection


@pytest_asyncio.fixture
async def roles(analyst_dsn: str) -> AsyncIterator[AnalystRoles]:
    """Addresses of the year for a role without names and one with names."""
    async with create_roles(analyst_dsn) as addresses:
        yield addresses
