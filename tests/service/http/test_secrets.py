"""Secrets are never logged: a service that refuses whatever comes, and everything that it leaves behind."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from service.database.embedded import Database
from tests.databases import lock_table, wait_until_blocked
from tests.service.auth.token_issuer import AUDIENCE, URL, format_key_set, format_unsigned, sign
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import FOREIGN, MINISTRY, SECRET, build_headers
from tests.service.http.act_files import build_commitment
from tests.service.http.raw_requests import exchange, format_request
from tests.service.http.running_service import (
    JSONL,
    RunningService,
    create_database,
    fetch,
    run_service,
    to_jsonl,
)

GUESSED = "g" * 20 + "u" * 23
TOKENS: Mapping[str, str] = {
    "good": sign(sub="orders"),
    "expired": sign(sub="orders", iat=1, nbf=1, exp=2),
    "forged": sign("rsa", {"kid": "pss"}, sub="orders"),
    "unsigned": format_unsigned({"alg": "none", "kid": "ed"}, "c2VjcmV0c2VjcmV0", sub="orders"),
    "of nobody": sign(sub="nobody"),
}


def _list_secrets() -> Iterator[str]:
    yield from (SECRET, GUESSED)
    for token in TOKENS.values():
        _, claims, signature = token.split(".")
        yield claims
        yield signature


async def _collect_responses(service: RunningService) -> list[bytes]:
    """What is answered when everything goes wrong."""
    keys: list[Mapping[str, str]] = [
        {},
        FOREIGN,
        build_headers("ministry2222", GUESSED),
        build_headers("unknwn222222", GUESSED),
        {"authorization": f"Basic {GUESSED}"},
        {"authorization": f"bearer  crescendo_{GUESSED}"},
        {**MINISTRY, "cookie": GUESSED},
        *({"authorization": f"Bearer {token}"} for token in TOKENS.values()),
    ]
    asked = ("/v1/submissions", "/v1/submissions/1", f"/v1/{GUESSED[:5]}", "/v1/submissions?limit=x")
    bodies = (b"{", b"\xff", to_jsonl([build_commitment("X", "x")]))
    sending = [(path, body) for path in ("/v1/acts", "/v1/submissions") for body in bodies]
    async with service.client() as client:
        shown = [await client.get(path, headers=key) for key in keys for path in asked]
        sent = [
            await client.post(path, content=body, headers={**key, **(JSONL if path.endswith("ions") else {})})
            for key in keys
            for path, body in sending
        ]
        found = [each.content for each in (*shown, *sent)]
        key = f"Authorization: {MINISTRY['authorization']}"
        for text in (
            format_request("GET /v1/submissions HTTP/1.1", "Host: x", key, key),
            format_request("GET /v1/submissions HTTP/1.1", "Host: x", key, "X: a\0b"),
            format_request("TRACE /v1/submissions HTTP/1.1", "Host: x", key),
            format_request("GET /v1/submissions HTTP/1.1", key, "X-A: " + "a" * 2**17),
        ):
            found += [reply.body for reply in await exchange(service.url, text)]
    return found


async def _read_tables(dsn: str) -> str:
    """Every text in every table."""
    tables = await fetch(dsn, "select tablename from pg_tables where schemaname = 'public'")
    rows = [await fetch(dsn, f'select t::text as said from "{each["tablename"]}" t') for each in tables]
    return "\n".join(row["said"] for table in rows for row in table)


async def test_no_secret_is_in_a_log_a_row_or_an_answer(database: Database, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_bytes(format_key_set())
    async with create_database(database) as dsn:
        where = ("--database", dsn, "--data", tmp_path / "data")
        said = ("--issuer", URL, "--audience", AUDIENCE, "--jwks", keys)
        grant = ("--issuer", "state", "--subject", "orders", "--role", "authorising_officer")
        printed = [
            await run_crescendo("access", "issuer", "add", "state", *said, *where),
            await run_crescendo("access", "grant", "MIN-09", *grant, *where),
            await run_crescendo("access", "list", *where, "--json"),
            await run_crescendo("access", "trust", *where, "--json"),
        ]
        async with run_service(dsn, tmp_path / "data") as service:
            answers = await _collect_responses(service)
            await _fail_requests(service, dsn)
            said_by_it = "".join(service.log_lines)
        everything = {
            "answers": b"\n".join(answers).decode("latin-1"),
            "log": said_by_it,
            "database": await _read_tables(dsn),
            "commands": "".join(each.out + each.err for each in printed),
            "files": "".join(
                file.read_text("latin-1") for file in (tmp_path / "data").rglob("*") if file.is_file()
            ),
        }
    assert "database does not answer" in said_by_it, "something failed for once"
    for where_, text in everything.items():
        assert text, where_
        for each in _list_secrets():
            assert each not in text, where_


async def _fail_requests(service: RunningService, dsn: str) -> None:
    """Requests with good keys whose database is taken away while they read."""
    async with (
        service.client(MINISTRY) as client,
        lock_table(dsn, "submission", "access exclusive") as blocking,
    ):
        asking: list[asyncio.Task[Any]] = [
            asyncio.create_task(client.get("/v1/submissions", headers=key))
            for key in (MINISTRY, {"authorization": f"Bearer {TOKENS['good']}"})
        ]
        await wait_until_blocked(blocking)
        await _cut_readers(blocking)
        for each in await asyncio.gather(*asking):
            assert each.status_code == 503


async def _cut_readers(connection: asyncpg.Connection) -> None:
    both = "select count(*) > 1 from pg_locks where not granted"
    while not await connection.fetchval(both):  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # the server tells nobody: it must be asked
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
        " and application_name = 'crescendo reader' and pid <> pg_backend_pid()"
    )
