"""Secrets are never logged: failing requests, and everything that the service writes because of them."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from service.database.embedded_server import Database
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

WRONG_SECRET = "g" * 20 + "u" * 23
TOKENS: Mapping[str, str] = {
    "good": sign(sub="orders"),
    "expired": sign(sub="orders", iat=1, nbf=1, exp=2),
    "forged": sign("rsa", {"kid": "pss"}, sub="orders"),
    "unsigned": format_unsigned({"alg": "none", "kid": "ed"}, "c2VjcmV0c2VjcmV0", sub="orders"),
    "of nobody": sign(sub="nobody"),
}


def _list_secrets() -> Iterator[str]:
    yield from (SECRET, WRONG_SECRET)
    for token in TOKENS.values():
        _, claims, signature = token.split(".")
        yield claims
        yield signature


async def _collect_responses(service: RunningService) -> list[bytes]:
    """Send requests of every kind that fails, and return the bodies of the responses."""
    keys: list[Mapping[str, str]] = [
        {},
        FOREIGN,
        build_headers("ministry2222", WRONG_SECRET),
        build_headers("unknwn222222", WRONG_SECRET),
        {"authorization": f"Basic {WRONG_SECRET}"},
        {"authorization": f"bearer  crescendo_{WRONG_SECRET}"},
        {**MINISTRY, "cookie": WRONG_SECRET},
        *({"authorization": f"Bearer {token}"} for token in TOKENS.values()),
    ]
    paths = ("/v1/submissions", "/v1/submissions/1", f"/v1/{WRONG_SECRET[:5]}", "/v1/submissions?limit=x")
    bodies = (b"{", b"\xff", to_jsonl([build_commitment("X", "x")]))
    posts = [(path, body) for path in ("/v1/acts", "/v1/submissions") for body in bodies]
    async with service.client() as client:
        read = [await client.get(path, headers=key) for key in keys for path in paths]
        sent = [
            await client.post(path, content=body, headers={**key, **(JSONL if path.endswith("ions") else {})})
            for key in keys
            for path, body in posts
        ]
        contents = [response.content for response in (*read, *sent)]
        key = f"Authorization: {MINISTRY['authorization']}"
        for text in (
            format_request("GET /v1/submissions HTTP/1.1", "Host: x", key, key),
            format_request("GET /v1/submissions HTTP/1.1", "Host: x", key, "X: a\0b"),
            format_request("TRACE /v1/submissions HTTP/1.1", "Host: x", key),
            format_request("GET /v1/submissions HTTP/1.1", key, "X-A: " + "a" * 2**17),
        ):
            contents += [reply.body for reply in await exchange(service.url, text)]
    return contents


async def _read_tables(dsn: str) -> str:
    """Return the text of every row of every table."""
    tables = await fetch(dsn, "select tablename from pg_tables where schemaname = 'public'")
    rows = [await fetch(dsn, f'select t::text as content from "{row["tablename"]}" t') for row in tables]
    return "\n".join(row["content"] for table in rows for row in table)


async def test_no_secret_is_in_a_log_a_row_or_a_response(database: Database, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    keys.write_bytes(format_key_set())
    async with create_database(database) as dsn:
        database_options = ("--database", dsn, "--data", tmp_path / "data")
        issuer_options = ("--issuer", URL, "--audience", AUDIENCE, "--jwks", keys)
        grant_options = ("--issuer", "state", "--subject", "orders", "--role", "authorising_officer")
        commands = [
            await run_crescendo("access", "issuer", "add", "state", *issuer_options, *database_options),
            await run_crescendo("access", "grant", "MIN-09", *grant_options, *database_options),
            await run_crescendo("access", "list", *database_options, "--json"),
            await run_crescendo("access", "trust", *database_options, "--json"),
        ]
        async with run_service(dsn, tmp_path / "data") as service:
            responses = await _collect_responses(service)
            await _fail_requests(service, dsn)
            log = "".join(service.log_lines)
        texts = {
            "answers": b"\n".join(responses).decode("latin-1"),
            "log": log,
            "database": await _read_tables(dsn),
            "commands": "".join(command.out + command.err for command in commands),
            "files": "".join(
                file.read_text("latin-1") for file in (tmp_path / "data").rglob("*") if file.is_file()
            ),
        }
    assert "database does not answer" in log, "no request failed with an internal cause"
    for origin, text in texts.items():
        assert text, origin
        for secret in _list_secrets():
            assert secret not in text, origin


async def _fail_requests(service: RunningService, dsn: str) -> None:
    """Let requests with valid keys fail, because their database connections end while they read."""
    async with (
        service.client(MINISTRY) as client,
        lock_table(dsn, "submission", "access exclusive") as blocking,
    ):
        requests: list[asyncio.Task[Any]] = [
            asyncio.create_task(client.get("/v1/submissions", headers=key))
            for key in (MINISTRY, {"authorization": f"Bearer {TOKENS['good']}"})
        ]
        await wait_until_blocked(blocking)
        await _terminate_readers(blocking)
        for response in await asyncio.gather(*requests):
            assert response.status_code == 503


async def _terminate_readers(connection: asyncpg.Connection) -> None:
    are_both_blocked = "select count(*) > 1 from pg_locks where not granted"
    while not await connection.fetchval(are_both_blocked):  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # the server sends no notification: it must be polled
    await connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
        " and application_name = 'crescendo reader' and pid <> pg_backend_pid()"
    )
