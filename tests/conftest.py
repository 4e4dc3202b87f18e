"""One real PostgreSQL for the whole run; a database of its own for each test; no test is left out silently."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from service.database.embedded import Database, run_embedded
from tests import external_programs
from tests.databases import create_database


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "Fail where a program that some tests run is not installed, rather than leave those tests out."
    parser.addoption("--all", action="store_true", help=told)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    external_programs.deselect_items(config, items)


def pytest_runtest_setup(item: pytest.Item) -> None:
    external_programs.require_programs(item)


def pytest_sessionfinish(session: pytest.Session) -> None:
    external_programs.send_left_out(session.config)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    external_programs.collect_left_out(node)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    external_programs.report_left_out(terminalreporter)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Database]:
    """The embedded server, durable as in earnest, only with less memory and disk to itself."""
    settings = {"shared_buffers": "128MB", "max_wal_size": "1GB"}
    async with run_embedded(tmp_path_factory.mktemp("data"), settings) as database:
        yield database


@pytest_asyncio.fixture
async def dsn(database: Database) -> AsyncIterator[str]:
    """The address of a fresh, empty database; gone after the test, with whoever is still connected."""
    async with create_database(database) as address:
        yield address


@pytest_asyncio.fixture
async def other_dsn(database: Database) -> AsyncIterator[str]:
    """The address of another one."""
    async with create_database(database) as address:
        yield address
