"""A ledger of layouts 1 to 3 is refused by every command, with the reason and the way to begin anew; nothing of it changes."""

from pathlib import Path

import asyncpg
import pytest

from core.errors import DatabaseUnfit, LedgerOutdated
from posting.store.layout import LAYOUT, check_layout
from posting.store.ledger_identity import read_ledger
from posting.store.migrate import migrate
from posting.store.migration_files import list_migrations
from service.cli.main import run_command
from tests.databases import open_connection
from tests.service.command_line import run_crescendo
from tests.service.database_servers import SMALL_SETTINGS, run_embedded_server

pytestmark = pytest.mark.usefixtures("restore_logs")

A_FILE = "README.md"
"""A file that exists, as commands look at their files before they look for the ledger."""
COMMANDS = (
    ("run", A_FILE),
    ("run", "--existing", A_FILE),
    ("run", "--dry-run", A_FILE),
    ("serve", "--port", "0"),
    ("serve", "--existing", "--standby", "--port", "0"),
    ("verify",),
    ("report", "budget"),
    ("report", "trial-balance"),
    ("report", "proof", "--batch", "1"),
    ("explain", "A-1"),
    ("pay", "list"),
    ("pay", "show", "1"),
    ("pay", "propose", "--as", "Alice", "--until", "2018-06-30"),
    ("pay", "issue", "1", "--as", "Alice"),
    ("pay", "interest"),
    ("bank", "status"),
    ("bank", "unmatched"),
    ("bank", "import", A_FILE),
    ("access", "list"),
    ("access", "create", "MIN-09", "--role", "auditor"),
    ("access", "signer", "list"),
    ("db", "migrate"),
    ("db", "status"),
    ("db", "dsn"),
    ("db", "create", "--name", "state", "--number", "02"),
)
"""Commands that open a ledger; ``top`` shows the figures of a service, which does not start on such a ledger."""
WITHOUT_CONNECTION = {("db", "dsn")}
"""Commands that only print the address of a database that is given."""

_MARKED = "update engine set epoch = 7; insert into reference_text values (5, 1, '512')"
_TABLES = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by relname"
_SHAPE = """
select string_agg(format('%s.%s %s %s', c.relname, a.attname, a.attnotnull, c.relacl), ',' order by c.relname, a.attnum)
from pg_class c join pg_attribute a on a.attrelid = c.oid where c.relnamespace = 'public'::regnamespace
"""


async def create_earlier_ledger(connection: asyncpg.Connection, layout: int = 3) -> None:
    """Create a ledger as the last version before layout 4 did; its engine states ``layout``."""
    await connection.execute(
        "create table migration (name text primary key, digest bytea not null, applied_at timestamptz default now())"
    )
    for migration in list_migrations():
        if migration.name < "0022":
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into migration values ($1, $2)", migration.name, migration.digest
            )
    await connection.execute(
        "insert into engine (layout, secret, partition_rows) values ($1, $2, 1000)", layout, bytes(16)
    )
    await connection.execute("insert into ledger (name, number) values ('before', 0)")
    await connection.execute(_MARKED)


async def read_content(dsn: str) -> tuple[dict[str, list[str]], str]:
    """Return the rows of every table, and which columns and rights the tables have."""
    async with open_connection(dsn) as connection:
        rows: dict[str, list[str]] = {}
        for (table,) in await connection.fetch(_TABLES):
            stored = await connection.fetch(f"select t::text as row from {table} t")
            rows[table] = sorted(row["row"] for row in stored)
        return rows, str(await connection.fetchval(_SHAPE))


@pytest.mark.parametrize(
    "words", [words for words in COMMANDS if words not in WITHOUT_CONNECTION], ids=" ".join
)
async def test_every_command_refuses_an_earlier_layout_and_changes_nothing(
    words: tuple[str, ...], dsn: str, tmp_path: Path
) -> None:
    async with open_connection(dsn) as connection:
        await create_earlier_ledger(connection)
    before = await read_content(dsn)
    result = await run_crescendo(*words, "--database", dsn, "--data", tmp_path / "data")
    assert result.code == 3, result.err
    assert f"contains a ledger of layout 3, and this version reads layout {LAYOUT} alone" in result.err
    assert "crescendo db create --name NAME --number NN" in result.err
    assert "secret" not in result.err
    assert await read_content(dsn) == before


@pytest.mark.parametrize("layout", [1, 2, 3])
async def test_every_earlier_layout_is_refused_by_a_migration(layout: int, dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await create_earlier_ledger(connection, layout)
        with pytest.raises(LedgerOutdated, match=f"the database contains a ledger of layout {layout}"):
            await migrate(connection)
        assert (await read_ledger(connection)).layout == layout
        assert await connection.fetchval("select max(name) from migration") == "0021_statements.sql"


async def test_a_ledger_from_before_names_is_refused_too(dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await create_earlier_ledger(connection)
        await connection.execute("drop table ledger")
        assert (await read_ledger(connection)).identity is None
        with pytest.raises(LedgerOutdated):
            await migrate(connection)


async def test_an_empty_database_and_a_new_ledger_are_not_refused(dsn: str) -> None:
    async with open_connection(dsn) as connection:
        assert (await read_ledger(connection)).layout == 0
        assert "0022_layout.sql" in await migrate(connection)
        stored = await read_ledger(connection)
        assert (stored.layout, stored.identity and stored.identity.number) == (LAYOUT, 1)
        assert await migrate(connection) == []


def test_the_refusal_is_that_of_a_database_and_names_the_place() -> None:
    check_layout(LAYOUT)
    with pytest.raises(DatabaseUnfit, match=r"^/srv/crescendo contains a ledger of layout 2, "):
        check_layout(2, "/srv/crescendo")


async def test_a_data_folder_of_before_is_refused_and_a_demonstration_begins_anew(tmp_path: Path) -> None:
    """The demonstration reads an earlier ledger as far as it must, to see whether others have sent files to it."""
    data = tmp_path / "data"
    async with (
        run_embedded_server(data, SMALL_SETTINGS) as server,
        open_connection(server.dsn) as administrator,
    ):
        await create_earlier_ledger(administrator)
        await administrator.execute(
            "insert into submission (submission, sender, file_hash, file_name, format, size_bytes)"
            " values (1, 'NEWCOMER', decode(repeat('00', 32), 'hex'), 'mine.csv', 'csv', 1)"
        )
        before = await read_content(server.dsn)
    for words in (("verify",), ("run", A_FILE), ("report", "budget"), ("db", "dsn")):
        result = await run_crescendo(*words, "--data", data)
        assert (result.code, f"{data} contains a ledger of layout 3" in result.err) == (3, True), result.err
    async with run_embedded_server(data, SMALL_SETTINGS) as server:
        assert await read_content(server.dsn) == before
    stopped = await run_crescendo("demo", "--acts", "1000", "--folder", tmp_path)
    assert stopped.code == 2
    assert "of NEWCOMER (mine.csv)" in stopped.err
    (data / "demonstration.json").write_text('{"last_submission": 1}')
    begun = await run_crescendo("demo", "--acts", "1000", "--folder", tmp_path)
    assert begun.code == 0, begun.err
    assert begun.err.startswith("The demonstration begins anew:")


def test_a_new_ledger_beside_the_earlier_one_is_what_the_refusal_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["db", "create", "--name", "state", "--number", "02", "--data", str(tmp_path / "new")]
    assert run_command(words) == 0
    assert "Created ledger state, number 02" in capsys.readouterr().out
