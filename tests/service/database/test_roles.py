"""The service's role can add to the journal, and cannot change it: tried over the service's own connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

import asyncpg
import pytest

from core.errors import DatabaseUnfit
from posting.store.roles import read_rights
from service.configuration.settings import Settings, UsageError
from service.database.configured_database import open_database, open_or_attach
from service.database.embedded_server import Database, run_embedded_server
from service.database.ledger_selection import LedgerCreation
from tests.databases import create_role_database, open_connection
from tests.service.command_line import run_crescendo
from tests.service.database_servers import SMALL_SETTINGS
from tests.service.http.running_service import run_service
from tests.service.small_state import NEVER, State, build_request

SERVERS = ("embedded", "given")
WRITABLE = {
    "engine": {"update"},
    "checkpoint": {"delete"},
    "checkpoint_page": {"delete"},
    "pending_evidence": {"delete"},
    "analyst_kind": {"delete"},
    "analyst_code": {"delete"},
}
"""Tables with rows that the service changes or removes: they prove nothing."""


class Ledger(NamedTuple):
    """A ledger with an entry: its settings, and its addresses for the service and for one who may do everything."""

    settings: Settings
    service: str
    administrator: str


@asynccontextmanager
async def open_ledger(kind: str, database: Database, folder: Path) -> AsyncIterator[Ledger]:
    """Create a ledger, and open it as a command that writes does."""
    creation = LedgerCreation(lambda _: None)
    if kind == "embedded":
        async with run_embedded_server(folder / "data", SMALL_SETTINGS) as server:
            settings = Settings(data=folder / "data")
            async with open_or_attach(settings, lambda _: None, creation) as ledger:
                yield Ledger(settings, ledger.dsn, server.dsn)
        return
    async with create_role_database(database) as roles:
        settings = Settings(data=folder / "data", database=roles.service, migrate_database=roles.owner)
        async with open_database(settings, lambda _: None, creation) as ledger:
            yield Ledger(settings, ledger.dsn, roles.owner)


async def add_entries(connection: asyncpg.Connection) -> None:
    """Add an entry as the engine does: to a new partition, whose name it knows."""
    partition = await connection.fetchval("select ensure_entry_partition(0)")
    await connection.execute(
        f"insert into {partition} values (1, 0, 100, 0, 1, 1, '2018-01-01', 0, 0, 0, 9, 2018, 1, 0, 0, 'R1')"
    )


async def is_refused(connection: asyncpg.Connection, statement: str) -> bool:
    """Try a statement; return whether the role may not do it."""
    try:
        await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError as error:
        return "append-only" not in str(error)  # refused by the rights, before any trigger
    return False


async def list_tables(connection: asyncpg.Connection) -> list[str]:
    query = "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1"
    return [row["relname"] for row in await connection.fetch(query)]


async def build_changes(connection: asyncpg.Connection, table: str) -> dict[str, str]:
    """Return statements that would change what a table holds, or what protects it."""
    column = await connection.fetchval(
        "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and attidentity = '' limit 1",
        table,
    )
    triggers = await connection.fetch(
        "select tgname as name from pg_trigger where tgrelid = $1::text::regclass and not tgisinternal", table
    )
    changes = {
        "update": f"update {table} set {column} = {column}",
        "delete": f"delete from {table}",
        "truncate": f"truncate {table}",
        "disable": f"alter table {table} disable trigger user",
        "trigger": f"create trigger t before insert on {table} for each row execute function refuse_change()",
        "drop": f"drop table {table} cascade",
        "owner": f"alter table {table} owner to current_user",
        "grant": f"grant all on {table} to current_user",
        "rule": f"create rule r as on insert to {table} do instead nothing",
        "security": f"alter table {table} enable row level security",
        "index": f"create index on {table} ({column})",
        "detach": f"alter table entry detach partition {table}",
    }
    for name in (row["name"] for row in triggers):
        changes[f"drop {name}"] = f"drop trigger {name} on {table}"
        changes[f"replica {name}"] = f"alter table {table} enable replica trigger {name}"
    return {name: sql for name, sql in changes.items() if name not in WRITABLE.get(table, ())}


@pytest.mark.parametrize("kind", SERVERS)
async def test_no_table_can_be_changed_over_the_services_connection(
    kind: str, database: Database, tmp_path: Path
) -> None:
    async with open_ledger(kind, database, tmp_path) as ledger, open_connection(ledger.service) as service:
        await add_entries(service)
        tables = await list_tables(service)
        assert {"entry", "entry_000000", "batch", "payment_run", "bank_item", "audit", "ledger"} <= set(
            tables
        )
        accepted = [
            sql
            for table in tables
            for sql in (await build_changes(service, table)).values()
            if not await is_refused(service, sql)
        ]
        # a grant of what one has not is a warning, and grants nothing
        assert [sql for sql in accepted if not sql.startswith("grant")] == []
        assert (await read_rights(service)).excess == ()
        assert await service.fetchval("select count(*) from entry") == 1


@pytest.mark.parametrize("kind", SERVERS)
async def test_what_protects_the_tables_cannot_be_changed_over_the_services_connection(
    kind: str, database: Database, tmp_path: Path
) -> None:
    async with open_ledger(kind, database, tmp_path) as ledger, open_connection(ledger.service) as service:
        functions = [
            row["name"]
            for row in await service.fetch(
                "select oid::regprocedure::text as name from pg_proc where pronamespace = 'public'::regnamespace"
            )
        ]
        assert "refuse_change()" in functions
        owner = await service.fetchval("select relowner::regrole::text from pg_class where relname = 'entry'")
        statements = [
            "create or replace function refuse_change() returns trigger language plpgsql as 'begin return new; end'",
            *(f"alter function {name} security invoker" for name in functions),
            *(f"drop function {name} cascade" for name in functions),
            "create function other() returns int language sql as 'select 1'",
            "create table other (n int)",
            "create view other as select 1",
            "set session_replication_role = 'replica'",
            f"set role {owner}",
            "create role other",
            f"grant {owner} to current_user",
            "alter role current_user createrole",
            f"alter database {await service.fetchval('select current_database()')} set session_replication_role = replica",
            "alter system set session_replication_role = 'replica'",
            "copy entry to program 'cat'",
            "update engine set secret = secret",
            "update engine set partition_rows = 1",
            "delete from engine",
            "insert into engine (layout, secret, partition_rows) values (1, '', 1)",
            "insert into ledger (name, number) values ('other', 9)",
            "insert into migration (name, digest) values ('other', '')",
            "drop schema public cascade",
        ]
        accepted = [sql for sql in statements if not await is_refused(service, sql)]
        assert accepted == []


@pytest.mark.parametrize("kind", SERVERS)
async def test_the_functions_of_the_owner_do_only_their_work(
    kind: str, database: Database, tmp_path: Path
) -> None:
    async with open_ledger(kind, database, tmp_path) as ledger, open_connection(ledger.service) as service:
        await add_entries(service)
        assert await service.fetchval("select build_lookup_index('entry_000000', 'filter', true)")
        for statement in (
            "select build_lookup_index('entry_000000', 'reference) ; drop table entry; --', false)",
            "select build_lookup_index('batch', 'reference', false)",
            "select summarise_index('batch_pkey'::regclass)",
            "select summarise_index('pg_class'::regclass)",
        ):
            with pytest.raises(asyncpg.InvalidParameterValueError):
                await service.execute(statement)
        # a temporary table of the same name does not deceive them
        await service.execute("create temporary table engine as select 5::bigint as partition_rows")
        await service.fetchval("select ensure_entry_partition(1)")
        await service.execute("discard temp")
        bounds = "select pg_get_expr(relpartbound, oid) from pg_class where relname = 'entry_000001'"
        size = await service.fetchval("select partition_rows from engine")
        assert f"FROM ('{int(size or 0) + 1}')" in str(await service.fetchval(bounds))


async def test_another_role_may_not_call_the_functions_of_the_owner(
    database: Database, tmp_path: Path
) -> None:
    async with (
        open_ledger("given", database, tmp_path) as ledger,
        create_role_database(database) as others,
        open_connection(f"{others.service.rpartition('/')[0]}/{ledger.service.rpartition('/')[2]}") as other,
    ):
        for statement in (
            "select ensure_entry_partition(5)",
            "select from entry",
            "insert into audit default values",
        ):
            assert await is_refused(other, statement)


async def test_a_role_that_owns_the_tables_is_named(dsn: str, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    created = await run_crescendo("db", "create", "--name", "one", "--number", "01", *place)
    assert created.code == 0
    assert "is a superuser" in created.err
    assert "create role crescendo_service" in created.err
    status = await run_crescendo("db", "status", *place)
    assert "could change what it wrote: it is a superuser" in status.out
    started = await run_crescendo("run", *place)
    assert started.code == 0
    assert "Warning: the role crescendo could change what it wrote" in started.err


async def test_an_owner_who_is_no_superuser_is_named_too(database: Database, tmp_path: Path) -> None:
    async with create_role_database(database) as roles:
        place = ("--database", roles.owner, "--data", tmp_path)
        assert (await run_crescendo("db", "create", "--name", "one", "--number", "01", *place)).code == 0
        status = (await run_crescendo("db", "status", *place, "--json")).json()
        assert {"owns tables", "owns functions of the tables"} <= set(status["excess_rights"])
        # the same database gets a service's role later
        both = ("--database", roles.service, "--migrate-database", roles.owner, "--data", tmp_path)
        unprepared = await run_crescendo("db", "status", "--database", roles.service, "--data", tmp_path)
        assert unprepared.code == 3
        assert "--migrate-database" in unprepared.err
        migrated = await run_crescendo("db", "migrate", *both)
        assert (migrated.code, migrated.out, migrated.err) == (0, "The database is up to date.\n", "")
        status = (await run_crescendo("db", "status", *both, "--json")).json()
        assert (status["ledger"], status["number"], status["excess_rights"]) == ("one", 1, [])


async def test_the_service_does_not_migrate(database: Database, tmp_path: Path) -> None:
    async with open_ledger("given", database, tmp_path) as ledger:
        async with open_connection(ledger.administrator) as owner:
            await owner.execute(
                "drop schema analysis_v1 cascade; drop table ledger; drop function build_lookup_index, summarise_index"
            )
            await owner.execute("delete from migration where name = '0014_roles.sql'")
        alone = Settings(data=tmp_path, database=ledger.service)
        with pytest.raises(DatabaseUnfit, match=r"older version.*--migrate-database"):
            async with open_database(alone, lambda _: None):
                pass
        async with (
            open_database(ledger.settings, lambda _: None) as opened,
            open_connection(opened.dsn) as service,
        ):
            await add_entries(service)


async def test_two_addresses_must_name_one_database(database: Database, tmp_path: Path) -> None:
    async with create_role_database(database) as first, create_role_database(database) as second:
        settings = Settings(data=tmp_path, database=first.service, migrate_database=second.owner)
        with pytest.raises(UsageError, match="another database"):
            async with open_database(settings, lambda _: None, LedgerCreation(lambda _: None)):
                pass
        async with open_connection(second.owner) as owner:
            assert await list_tables(owner) == []


async def _list_filters(dsn: str) -> list[str]:
    async with open_connection(dsn) as connection:
        rows = await connection.fetch("select indexname from pg_indexes where indexname like 'entry%filter'")
    return [row["indexname"] for row in rows]


async def test_all_work_is_done_by_the_services_role(database: Database, tmp_path: Path) -> None:
    """Files and forms, keys, payment runs, bank files, reports and proof; the embedded server has the demonstration."""
    async with open_ledger("given", database, tmp_path) as ledger:
        state = State(ledger.service, tmp_path)
        await state.fund(5)
        await state.submit_requests(4)
        files = await state.pay_due(date(2018, 11, 5), datetime(2018, 11, 12, 9, tzinfo=UTC))
        result = await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))
        assert sum(message.debits for message in result.messages) == 4
        assert (await state.read_status()).agrees
        place = ("--database", ledger.service, "--data", tmp_path / "data")
        environment = {"CRESCENDO_REFERENCE": str(state.reference)}
        created = await run_crescendo(
            *("access", "create", "MIN-09", "--role", "authorising_officer", *place, "--json"),
            environment=environment,
        )
        header = {"authorization": f"Bearer {created.json()['token']}"}
        async with (
            run_service(ledger.service, tmp_path / "data", reference=state.reference) as service,
            service.client(header) as client,
        ):
            response = await client.post("/v1/acts", json=build_request(5, "2018-10-02"))
            assert (response.status_code, response.json()["outcome"]) == (200, "accepted")
        assert await _list_filters(ledger.service) == ["entry_000000_filter"]
        for words in (
            ("access", "revoke", created.json()["key"]),
            ("access", "pause", "MIN-09", "--reason", "night"),
            ("pay", "propose", "--as", "Alice", "--until", "2018-11-30", "--at", "2018-11-12"),
            ("pay", "abandon", "2", "--as", "Alice", "--reason", "none"),
            ("pay", "interest", "--dry-run"),
            ("bank", "status"),
            ("report", "budget"),
            ("explain", "DP-1"),
            ("verify",),
            ("db", "status"),
        ):
            ended = await run_crescendo(*words, *place, environment=environment)
            assert ended.code == 0, (words, ended)
