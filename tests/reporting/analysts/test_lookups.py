"""The look-ups of analysts use indexes: no plan reads the whole journal."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from core.reference.files import SAMPLE_FOLDER
from posting.book.registry import ReferenceData
from posting.store.migrate import migrate
from reporting import code_labels
from reporting.analysts.refresh import refresh_views
from service.database.embedded_server import Database
from tests.databases import EMPTY, create_named_database, open_connection
from tests.reporting import journals
from tests.reporting.analysts.analyst_roles import Connection
from tests.reporting.analysts.paid_ledgers import pay_requests

PARTITION_ROWS = 256
LOOKUPS = {
    "lines of a third party": "journal_line where payee = 'CODE'",
    "acts of a third party": "act where payee = 'CODE' and day between '2018-05-01' and '2018-05-31'",
    "payments of a third party": "payment where payee = 'CODE'",
    "an amount": "act where amount_cents = AMOUNT",
    "an amount on a day": "journal_line where debit_cents = AMOUNT and day = '2018-06-04'",
    "an entry": "act where entry = 700",
    "an invoice": "invoice where invoice_key = 'F20187'",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def partitioned(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The year in many partitions, as a State's year has; tables too small for an index count as large ones."""
    folder = tmp_path_factory.mktemp("partitions")
    async with create_named_database(database.dsn, "analyst_partitions", EMPTY) as dsn:
        async with open_connection(dsn) as connection:
            await migrate(connection, PARTITION_ROWS)
        await journals.process_files(
            dsn, folder, journals.write_year_files(folder), ReferenceData.load(SAMPLE_FOLDER)
        )
        await pay_requests(dsn, folder)
        async with open_connection(dsn) as connection:
            await refresh_views(connection, code_labels.load(SAMPLE_FOLDER), includes_last=True)
            await connection.execute("analyze")
        yield dsn


@pytest_asyncio.fixture(loop_scope="module")
async def planner(partitioned: str) -> AsyncIterator[Connection]:
    """A connection whose planner prefers an index to a table of a few pages, as it does of its own in a State's year."""
    async with open_connection(partitioned) as connection:
        await connection.execute("set enable_seqscan = off")
        yield connection


async def fill_in(connection: Connection, lookup: str) -> str:
    code, amount = await connection.fetchrow(
        "select payee, amount_cents from analysis_v1.payment order by entry limit 1"
    )
    return lookup.replace("CODE", code).replace("AMOUNT", str(amount))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("lookup", LOOKUPS.values(), ids=LOOKUPS)
async def test_no_lookup_scans_the_journal(planner: Connection, lookup: str) -> None:
    condition = await fill_in(planner, lookup)
    plan = [row[0] for row in await planner.fetch(f"explain select * from analysis_v1.{condition}")]
    scans = [line for line in plan if re.search(r"\bon entry_\d+", line)]
    assert scans
    assert [line for line in scans if "Seq Scan" in line] == []
    assert [line for line in plan if "Seq Scan on analyst_" in line and "analyst_kind" not in line] == []


@pytest.mark.asyncio(loop_scope="module")
async def test_the_lookups_find_rows(planner: Connection) -> None:
    for lookup in ("journal_line where payee = 'CODE'", "act where amount_cents = AMOUNT"):
        condition = await fill_in(planner, lookup)
        assert await planner.fetchval(f"select count(*) from analysis_v1.{condition}") > 0


@pytest.mark.asyncio(loop_scope="module")
async def test_full_partitions_have_trees_and_the_last_one_only_on_request(partitioned: str) -> None:
    """A tree makes rows that are added later expensive: a plain refresh leaves it out where rows are still added."""
    async with open_connection(partitioned) as connection:
        transaction = connection.transaction()
        await transaction.start()
        last = await connection.fetchval("select max(relname) from pg_class where relname ~ '^entry_[0-9]+$'")
        trees = "select count(*) from pg_class where relname ~ '^entry_[0-9]+_by_payee$'"
        full = int(await connection.fetchval(trees) or 0) - 1
        assert full > 2
        for key in ("payee", "amount", "day"):
            await connection.execute(f"drop index {last}_by_{key}")
        result = await refresh_views(connection, code_labels.load(SAMPLE_FOLDER))
        assert result.indexes == 1
        assert await connection.fetchval(trees) == full
        await transaction.rollback()
