"""Keys that could open credits before only the budget directorate could: the start names them, the database enforces it."""

from pathlib import Path

import asyncpg
import pytest

from core.senders import RESERVED_SENDERS
from service.database.embedded_server import Database
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import DIRECTORATE, MINISTRY, build_headers
from tests.service.http.act_files import OPENINGS
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

_INSERT = (
    "insert into access_key (key, sender, digest, roles, programmes, label, created_at, expires_at)"
    " select $1, 'MIN-33', digest, array['programme_manager'], '{}', '', $2::text::timestamptz, $3::text::timestamptz"
    " from access_key where key = 'ministry2222'"
)
_BEFORE, _EVER = "2018-01-01", "infinity"
_LINE = "no longer opens credits"
_UNSIGNED_LINE = "unsigned files had it before"


async def test_a_start_names_the_keys_that_opened_credits(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        await fetch(dsn, _INSERT, "former222222", _BEFORE, _EVER)
        await fetch(dsn, _INSERT, "ended2222222", _BEFORE, _EVER)
        await fetch(dsn, _INSERT, "expired22222", _BEFORE, "2018-02-01")
        await fetch(dsn, "insert into access_key_end values ('ended2222222', 'lost')")
        async with run_service(dsn, tmp_path) as service, service.client(MINISTRY) as client:
            line = await service.wait_for_log(_LINE)
            assert "key former222222" in line
            assert "--role budget_directorate" in line
            for name in ("ended2222222", "expired22222", "ministry2222"):
                assert name not in line
            response = await client.post("/v1/submissions", content=to_jsonl(OPENINGS), headers=JSONL)
            assert (response.status_code, response.json()["code"]) == (403, "role-not-held")
        await fetch(dsn, "insert into access_key_end values ('former222222', 'replaced')")
        async with run_service(dsn, tmp_path) as service:
            assert not [line for line in service.log_lines if _LINE in line]


async def test_the_start_names_systems_and_signers_too(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        roles = "array['programme_manager', 'authorising_officer']"
        await fetch(dsn, "insert into access_issuer values ('state', 'https://id.example', 'us', 'sub', '')")
        await fetch(
            dsn,
            "insert into access_grant (issuer, subject, sender, roles, programmes, created_at)"
            f" values ('state', 'chorus', 'MIN-33', {roles}, '{{}}', '{_BEFORE}')",
        )
        await fetch(
            dsn,
            f"insert into signer values ('sig', 'MIN-33', decode(repeat('00', 32), 'hex'), {roles}, '{{}}', 'en', false,"
            f" '{_BEFORE}', '{_BEFORE}', 'infinity')",
        )
        async with run_service(dsn, tmp_path) as service:
            assert "signer sig, system state/chorus" in await service.wait_for_log(_LINE)


async def test_the_start_names_unsigned_files_that_opened_credits(database: Database, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    words: tuple[object, ...] = ("--drop", drop, "--drop-unsigned")
    changed = "update migration set applied_at = clock_timestamp() where name = '0017_directorate.sql'"
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path, *words, "programme_manager") as service:
            async with service.client(DIRECTORATE) as client:
                response = await client.post(
                    "/v1/submissions?wait=60", content=to_jsonl(OPENINGS), headers=JSONL
                )
                assert response.json()["state"] == "decided"
            assert not [
                line for line in service.log_lines if _UNSIGNED_LINE in line
            ]  # a new ledger: nothing was lost
        await fetch(dsn, changed)
        async with run_service(dsn, tmp_path, *words, "programme_manager") as service:
            line = await service.wait_for_log(_UNSIGNED_LINE)
            assert "--drop-unsigned programme_manager" in line
            assert "access signer add SENDER --key FILE --role budget_directorate" in line
        async with run_service(dsn, tmp_path, *words, "authorising_officer") as service:
            assert not [line for line in service.log_lines if _UNSIGNED_LINE in line]


async def test_keys_of_reserved_senders_are_named_and_not_accepted(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        await fetch(dsn, "alter table access_key drop constraint sender_not_reserved")
        await fetch(
            dsn,
            "insert into access_key (key, sender, digest, roles, programmes, label)"
            " select 'former222222', 'bank', digest, array['assigned_accountant'], '{}', ''"
            " from access_key where key = 'ministry2222'",
        )
        async with run_service(dsn, tmp_path) as service, service.client() as client:
            assert "key former222222" in await service.wait_for_log("bank, closing, treasury are reserved")
            response = await client.get("/v1/submissions", headers=build_headers("former222222"))
            assert (response.status_code, response.json()["code"]) == (401, "key-unknown")


@pytest.mark.parametrize("table", ["access_key", "access_grant", "signer"])
async def test_the_database_gives_the_directorate_no_other_role(table: str, database: Database) -> None:
    values = {
        "access_key": "(key, sender, digest, roles, programmes, label)"
        " values ('x', 'S', decode(repeat('00', 32), 'hex'), {}, '{{}}', '')",
        "access_grant": "(issuer, subject, sender, roles, programmes) values ('state', 'x', 'S', {}, '{{}}')",
        "signer": "(signer, sender, public_key, roles, programmes, language, pain002, valid_from, expires_at)"
        " values ('x', 'S', decode(repeat('00', 32), 'hex'), {}, '{{}}', 'en', false, now(), 'infinity')",
    }[table]
    async with create_database(database) as dsn:
        await fetch(dsn, "insert into access_issuer values ('state', 'https://id.example', 'us', 'sub', '')")
        for role in ("programme_manager", "operator", "auditor"):
            both = values.format(f"array['budget_directorate', '{role}']")
            with pytest.raises(asyncpg.CheckViolationError, match="directorate_alone"):
                await fetch(dsn, f"insert into {table} {both}")
        alone = values.format("array['budget_directorate']")
        await fetch(dsn, f"insert into {table} {alone}")


@pytest.mark.parametrize("sender", sorted(RESERVED_SENDERS))
async def test_no_key_is_created_for_a_reserved_sender(
    sender: str, database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        words = ("create", sender, "--role", "assigned_accountant", "--database", dsn, "--data", tmp_path)
        result = await run_crescendo("access", *words)
        assert (result.code, "reserved" in result.err) == (2, True)
        with pytest.raises(asyncpg.CheckViolationError, match="sender_not_reserved"):
            await fetch(dsn, _INSERT.replace("MIN-33", sender), "former222222", _BEFORE, _EVER)
