"""Version 1 of the views: its columns, types and comments stay; and who may read which of them."""

import json
from pathlib import Path

import asyncpg
import pytest

from posting.store.analyst_roles import PERSONAL_VIEWS, grant_analyst
from service.database.embedded_server import Database
from tests.databases import create_role_database, open_connection
from tests.reporting.analysts.analyst_roles import AnalystRoles, Connection

VERSION_1 = Path(__file__).with_name("analysis_v1.json")
COLUMNS = """
select v.relname as view, a.attname as name, format_type(a.atttypid, null) as type, col_description(v.oid, a.attnum) as comment
from pg_class v join pg_attribute a on a.attrelid = v.oid and a.attnum > 0
where v.relnamespace = 'analysis_v1'::regnamespace order by v.relname, a.attnum
"""
PERSONAL_COLUMNS = {"name", "iban", "bic", "person"}


async def list_columns(connection: Connection) -> dict[str, dict[str, str]]:
    columns: dict[str, dict[str, str]] = {}
    for row in await connection.fetch(COLUMNS):
        columns.setdefault(row["view"], {})[row["name"]] = row["type"]
    return columns


async def test_version_1_keeps_its_columns(views: Connection) -> None:
    """A change adds columns behind these, with a change of the file; what is in the file now stays."""
    version, present = json.loads(VERSION_1.read_text()), await list_columns(views)
    assert present == version
    assert {name: list(columns) for name, columns in present.items()} == {
        name: list(columns) for name, columns in version.items()
    }


async def test_every_view_and_column_has_a_comment(views: Connection) -> None:
    bare = [f"{row['view']}.{row['name']}" for row in await views.fetch(COLUMNS) if not row["comment"]]
    views_without = await views.fetch(
        "select relname from pg_class v where relnamespace = 'analysis_v1'::regnamespace"
        " and obj_description(v.oid, 'pg_class') is null"
    )
    assert not bare
    assert not views_without


async def test_comments_of_money_say_the_unit(views: Connection) -> None:
    rows = [row for row in await views.fetch(COLUMNS) if row["name"].endswith("_cents")]
    assert rows
    assert [f"{row['view']}.{row['name']}" for row in rows if "in cents of euro" not in row["comment"]] == []
    assert {row["type"] for row in rows} == {"bigint"}


async def test_personal_data_stand_in_views_of_their_own(views: Connection) -> None:
    columns = await list_columns(views)
    personal = {name for name, names in columns.items() if PERSONAL_COLUMNS & names.keys()} - {"kind"}
    assert personal == set(PERSONAL_VIEWS)


async def test_the_plain_role_reads_every_other_view_and_nothing_else(
    views: Connection, roles: AnalystRoles
) -> None:
    names = set(await list_columns(views))
    async with open_connection(roles.plain) as plain:
        for name in names - set(PERSONAL_VIEWS):
            await plain.fetch(f"select * from analysis_v1.{name} limit 1")
        for name in PERSONAL_VIEWS:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await plain.fetch(f"select * from analysis_v1.{name}")


@pytest.mark.parametrize("role", ["plain", "with_names"])
async def test_no_role_reads_or_changes_a_table(views: Connection, roles: AnalystRoles, role: str) -> None:
    tables = await views.fetch(
        "select oid::regclass::text as name from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('r', 'p', 'v')"
    )
    assert len(tables) > 60
    async with open_connection(getattr(roles, role)) as connection:
        for table in tables:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.fetch(f"select * from {table['name']} limit 1")
        for statement in (
            "insert into analysis_v1.third_party_name values ('X', 1, 'X', 'X', 'X')",
            "insert into analysis_v1.kind select * from analysis_v1.kind",
            "delete from analysis_v1.nomenclature",
            "create table analysis_v1.mine (one int)",
            "select build_analysis_index('entry_000000', 'payee')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)


async def test_the_role_with_names_reads_names(roles: AnalystRoles) -> None:
    async with open_connection(roles.with_names) as connection:
        rows = await connection.fetch("select * from analysis_v1.third_party_name limit 5")
        assert all(row["name"] and row["iban"] for row in rows)
        assert rows


async def test_no_statement_of_the_plain_role_reveals_a_name(roles: AnalystRoles) -> None:
    """Errors of values that a view does not have, which a reader could provoke, would reveal them."""
    async with open_connection(roles.plain) as connection:
        with pytest.raises(asyncpg.UndefinedColumnError):
            await connection.fetch("select iban from analysis_v1.third_party")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select starelid from pg_statistic")
        assert not await connection.fetch("select from pg_stats where tablename = 'payee'")


async def test_a_further_grant_takes_the_names_away(analyst_dsn: str, roles: AnalystRoles) -> None:
    async with open_connection(analyst_dsn) as owner, open_connection(roles.with_names) as analyst:
        role = str(await analyst.fetchval("select current_user"))
        rights = await grant_analyst(owner, role, with_names=False)
        assert (rights.is_new, rights.excess) == (False, "")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await analyst.fetch("select * from analysis_v1.officer")


async def test_a_role_that_reads_tables_by_another_grant_is_named(
    analyst_dsn: str, roles: AnalystRoles
) -> None:
    async with open_connection(analyst_dsn) as owner, open_connection(roles.plain) as analyst:
        role = str(await analyst.fetchval("select current_user"))
        await owner.execute(f"grant select on payee to {role}")
        rights = await grant_analyst(owner, role, with_names=False)
        assert rights.excess == "it reads tables of the ledger by other grants"


@pytest.mark.parametrize("receiver", ["public", "auditor"])
async def test_a_role_that_reads_names_by_another_grant_is_named(
    analyst_dsn: str, roles: AnalystRoles, receiver: str
) -> None:
    async with open_connection(analyst_dsn) as owner, open_connection(roles.plain) as analyst:
        plain = str(await analyst.fetchval("select current_user"))
        auditor = plain.replace("_plain", "_names")
        transaction = owner.transaction()
        await transaction.start()
        try:
            granted = auditor if receiver == "auditor" else "select on analysis_v1.officer"
            await owner.execute(f"grant {granted} to {plain if receiver == 'auditor' else receiver}")
            rights = await grant_analyst(owner, plain, with_names=False)
            assert rights.excess == "it reads names by a grant to PUBLIC or to another role"
            assert (await grant_analyst(owner, plain, with_names=True)).excess == ""
        finally:
            await transaction.rollback()


async def test_the_owner_of_a_given_server_grants(database: Database) -> None:
    """The owner of the tables, who may not create roles, grants to a role that exists."""
    async with create_role_database(database) as addresses:
        async with open_connection(addresses.owner) as owner:
            from posting.store.migrate import migrate

            await migrate(owner)
            service = addresses.service.rpartition("//")[2].partition(":")[0]
            rights = await grant_analyst(owner, service, with_names=False)
            assert not rights.is_new
        async with open_connection(addresses.service) as analyst:
            assert await analyst.fetch("select * from analysis_v1.balance") == []
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await analyst.fetch("select * from entry")
