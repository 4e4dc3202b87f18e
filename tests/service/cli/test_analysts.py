"""``crescendo analysts``, ``export`` and ``report plot``: what a person calls, and what each says."""

import json
import os
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from service.database.addresses import replace_user
from service.database.embedded_server import Database
from tests.databases import create_role_database, open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.test_invoices import FIRST
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.http.running_service import to_jsonl

ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE), "CRESCENDO_ANALYST_PASSWORD": "secret"}
Place = tuple[str | Path, ...]
_numbers = count()


async def call(*words: str | Path, code: int = 0) -> CommandResult:
    result = await run_crescendo(*words, environment=ENVIRONMENT)
    assert result.code == code, result.err
    return result


@pytest_asyncio.fixture
async def place(dsn: str, tmp_path: Path) -> Place:
    """The options of a database with the requests of a ministry."""
    path = tmp_path / "requests.jsonl"
    path.write_bytes(to_jsonl(FIRST))
    place = ("--database", dsn, "--data", tmp_path / "data")
    await call("run", path, *place, "--sender", "MIN-09")
    return place


@pytest_asyncio.fixture
async def role(dsn: str) -> AsyncIterator[str]:
    """The name of a role that is missing; dropped afterwards."""
    name = f"analyst_cli_{os.getpid()}_{next(_numbers)}"
    yield name
    async with open_connection(dsn) as owner:
        if await owner.fetchval("select exists (select from pg_roles where rolname = $1)", name):
            await owner.execute(f"drop owned by {name}")
            await owner.execute(f"drop role {name}")


async def test_an_analyst_is_let_in_and_exports(dsn: str, place: Place, role: str, tmp_path: Path) -> None:
    result = await call("export", "parquet", "--year", "2018", "--output", tmp_path / "early", *place, code=3)
    assert "call crescendo analysts refresh first" in result.err
    assert "The views show the journal up to entry" in (await call("analysts", "refresh", *place)).out
    result = await call("analysts", "grant", role, *place)
    assert result.out == (
        f"Created: the role {role} reads the views of analysis_v1, without names, IBANs and persons, and no table.\n"
    )
    analyst = ("--database", replace_user(dsn, role, "secret"), "--data", tmp_path / "data")
    folder = tmp_path / "year"
    result = await call("export", "parquet", "--year", "2018", "--output", folder, *analyst, "--json")
    assert result.json() == json.loads((folder / "manifest.json").read_text())
    assert result.json()["views"]["invoice"]["rows"] > 0
    later = ("export", "parquet", "--year", "2035", "--output", tmp_path / "later")
    assert "the ledger has nothing of 2035" in (await call(*later, *analyst, code=3)).err
    names = ("export", "parquet", "--year", "2018", "--output", tmp_path / "names", "--with-names")
    assert "may not read names" in (await call(*names, *analyst, code=3)).err
    await call("analysts", "grant", role, "--with-names", *place)
    result = await call(*names, *analyst)
    assert result.out.startswith("Exported 2018 up to batch 1: ")


async def test_journals_and_plots_are_files(place: Place, tmp_path: Path) -> None:
    await call("analysts", "refresh", "--complete", *place, "--json")
    for words, name, start in (
        (("export", "hledger"), "2018.journal", "; Journal of 2018"),
        (("export", "beancount"), "2018.beancount", ";; Journal of 2018"),
        (("report", "plot", "execution"), "execution.svg", "<svg "),
        (("report", "plot", "ageing"), "ageing.svg", "<svg "),
    ):
        await call(*words, "--year", "2018", "--output", tmp_path / name, *place)
        assert (tmp_path / name).read_text().startswith(start)
        result = await call(*words, "--year", "2018", "--output", tmp_path / "none" / name, *place, code=2)
        assert "there is no folder" in result.err
        result = await call(*words, "--year", "2035", "--output", tmp_path / "2035", *place, code=3)
        assert "the ledger has nothing of 2035: it has 2018" in result.err
        assert not (tmp_path / "2035").exists()
    assert not list(tmp_path.glob("*.part"))


async def test_a_role_that_cannot_be_created_is_named(database: Database, tmp_path: Path) -> None:
    async with create_role_database(database) as addresses:
        place = ("--database", addresses.service, "--migrate-database", addresses.owner, "--data", tmp_path)
        await call("db", "create", "--name", "one", "--number", "01", *place)
        result = await call("analysts", "grant", "nobody_of_this_name", *place, code=3)
        assert 'create role "nobody_of_this_name" login' in result.err
        await call("analysts", "refresh", *place)


async def test_a_superuser_is_no_analyst(place: Place, dsn: str) -> None:
    async with open_connection(dsn) as connection:
        superuser = str(await connection.fetchval("select current_user"))
    result = await call("analysts", "grant", superuser, *place, code=1)
    assert "it is a superuser" in result.err


async def test_the_embedded_server_creates_roles(tmp_path: Path) -> None:
    await call("db", "create", "--name", "one", "--number", "01", "--data", tmp_path)
    result = await call("analysts", "grant", "analyst", "--data", tmp_path, "--json")
    assert result.json() == {"role": "analyst", "is_new": True, "excess": "", "with_names": False}
    await call("analysts", "refresh", "--data", tmp_path)
    journal = tmp_path / "2018.journal"
    result = await call(
        "export", "hledger", "--year", "2018", "--output", journal, "--data", tmp_path, code=3
    )
    assert "the ledger has nothing of 2018: it is empty" in result.err
    assert not list(tmp_path.glob("2018.journal*"))


async def test_a_plain_role_is_refused_by_tables(dsn: str, place: Place, role: str) -> None:
    await call("analysts", "grant", role, *place)
    async with open_connection(replace_user(dsn, role, "secret")) as analyst:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await analyst.fetch("select name, iban from payee")
