"""Fixtures: one real PostgreSQL for the whole run, one database for each test; no test is left out silently."""

import gc
import os
import shutil
import signal
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import settings as hypothesis_settings

from service.database.embedded_server import Database, run_embedded_server
from tests import external_programs, folders
from tests.databases import EMPTY, create_database
from tests.folders import choose_folder

# How long an example takes depends on the machine, and on what else it does.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")

# Tests connect to servers on loopback: without this each connection would read the certificates of the machine.
os.environ.setdefault("PGSSLMODE", "disable")

LONGEST_FILES = (
    "tests/test_engine.py",
    "tests/service/test_walks.py",
    "tests/reporting/verification/test_verify.py",
    "tests/crash/test_code_changes.py",
    "tests/crash/test_closing.py",
    "tests/kernels/test_decisions.py",
    "tests/service/cli/test_cli.py",
    "tests/service/cli/test_bank.py",
    "tests/crash/test_kill.py",
    "tests/test_oracle_ledger.py",
    "tests/crash/test_mixed_kills.py",
    "tests/bench/test_suite.py",
    "tests/service/engine/test_random_acts.py",
    "tests/service/late_interest/test_stored_sums.py",
    "tests/service/http/test_docs_examples.py",
    "tests/closing/test_small_year.py",
    "tests/closing/test_closing_year.py",
    "tests/posting/recovery/test_book_loading.py",
    "tests/crash/test_bank.py",
    "tests/service/http/test_schemathesis.py",
    "tests/ingest/queue/test_decision_order.py",
    "tests/bench/test_load.py",
    "tests/crash/test_late_interest.py",
    "tests/service/late_interest/test_late_interest.py",
    "tests/settlement/runs/test_new_bank_details.py",
)
"""The files that take the most time, longest first: one that begins last keeps a single process busy at the end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    help_text = "Fail tests whose external program is not installed, rather than leave them out."
    parser.addoption("--all", action="store_true", help=help_text)


def pytest_configure(config: pytest.Config) -> None:
    """Restore Ctrl-C, which a run in the background ignores, as would the commands that tests interrupt; choose a folder."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if config.option.basetemp is None and (base := folders.find_base()):
        config.option.basetemp = str(base)  # processes that share the tests get folders in it
        config.add_cleanup(lambda: shutil.rmtree(base, ignore_errors=True))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    external_programs.deselect_items(config, items)
    if named_by_address := [item.nodeid for item in items if " at 0x" in item.nodeid]:
        raise pytest.UsageError(f"no process names this test as another does: {named_by_address[0]}")
    places = {config.rootpath / file: place for place, file in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: places.get(item.path, len(places)))


def pytest_collection_finish() -> None:
    """Exempt the ten thousand tests from the search for cycles, which would take two seconds each time."""
    gc.collect()
    gc.freeze()


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
    """Run the embedded server with less memory and disk, and without waits for the disk.

    What a process or the server has written survives their end all the same, only a failure of the machine loses it. The
    removal of a database alone waits for the disk for half a second otherwise.
    """
    settings = {"shared_buffers": "128MB", "max_wal_size": "1GB", "fsync": "off", "full_page_writes": "off"}
    with choose_folder(tmp_path_factory.mktemp("data")) as folder:
        async with run_embedded_server(folder, settings) as database:
            yield database


@pytest_asyncio.fixture
async def dsn(database: Database) -> AsyncIterator[str]:
    """Yield the address of a new, empty ledger; the test's end drops it with all its connections."""
    async with create_database(database) as address:
        yield address


@pytest_asyncio.fixture
async def empty_dsn(database: Database) -> AsyncIterator[str]:
    """Yield the address of a new database without tables."""
    async with create_database(database, EMPTY) as address:
        yield address


@pytest_asyncio.fixture
async def other_dsn(database: Database) -> AsyncIterator[str]:
    """Yield the address of another new ledger."""
    async with create_database(database) as address:
        yield address
