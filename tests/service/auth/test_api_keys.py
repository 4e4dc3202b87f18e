"""API keys, roles, rate limits and the audit trail."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from core.roles import Role
from service.auth import api_keys
from service.auth.audit_trail import Attempt, AuditTrail
from service.auth.credentials import build_caller
from service.auth.rate_limit import RateLimiter


def test_a_token_is_parsed_into_its_parts() -> None:
    name, secret = api_keys.generate_key()
    assert api_keys.parse_token(api_keys.format_token(name, secret)) == (name, secret)
    for text in ("", name, f"crescendo_{name}", f"crescendo_{name}_{secret}x", f" crescendo_{name}_{secret}"):
        assert api_keys.parse_token(text) is None


def test_keys_are_unique() -> None:
    assert len({api_keys.generate_key() for _ in range(1000)}) == 1000


def test_a_key_accepts_its_secret_until_it_expires() -> None:
    name, secret = api_keys.generate_key()
    caller = build_caller(name, "MIN-09", frozenset({Role.AUTHORISING_OFFICER}), programmes=frozenset())
    key = api_keys.Key(caller, api_keys.hash_secret(secret), datetime.now(UTC) + timedelta(days=1))
    assert key.has_secret(secret)
    assert not key.has_secret(secret[:-1] + "#")
    assert not key.has_secret("")
    assert not key.is_expired()
    assert key.is_expired(key.expires_at)


def test_the_digest_is_not_the_secret() -> None:
    assert b"secret" not in api_keys.hash_secret("secret")


def test_a_rate_limit_allows_a_burst_and_then_a_steady_rate() -> None:
    now = [0.0]
    rates = RateLimiter(2, 3, lambda: now[0])
    assert [rates.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert rates.take("b") == 0, "senders do not share a bucket"
    now[0] += 0.25
    assert rates.take("a") == 0.25
    now[0] += 0.25
    assert rates.take("a") == 0
    now[0] += 1000
    assert [rates.take("a") for _ in range(4)] == [0, 0, 0, 0.5], "a bucket holds no more than its burst"


def _attempt(code: str, key: str = "") -> Attempt:
    return Attempt(key, "", "127.0.0.1", "GET /", code, "detail")


async def test_equal_attempts_share_a_row() -> None:
    audit_rows: list[tuple[Any, ...]] = []

    async def write(rows: Iterable[tuple[Any, ...]]) -> None:
        audit_rows.extend(rows)

    trail = AuditTrail(write)
    await asyncio.gather(*(trail.record(_attempt(code)) for code in ("x", "x", "y", "x")))
    assert sorted((row[4], row[6]) for row in audit_rows) == [("x", 3), ("y", 1)]
    await trail.record(_attempt("x"))
    assert len(audit_rows) == 3


async def test_a_failed_audit_write_is_raised() -> None:
    async def write(_: Iterable[tuple[Any, ...]]) -> None:
        raise ConnectionError("gone")

    trail = AuditTrail(write)
    results = await asyncio.gather(
        trail.record(_attempt("x")), trail.record(_attempt("y")), return_exceptions=True
    )
    assert [type(result) for result in results] == [ConnectionError, ConnectionError]


async def test_audit_rows_contain_no_control_characters() -> None:
    audit_rows: list[tuple[Any, ...]] = []

    async def write(rows: Iterable[tuple[Any, ...]]) -> None:
        audit_rows.extend(rows)

    await AuditTrail(write).record(_attempt("x", "\x1b[2J" + "k" * 1000))
    assert audit_rows[0][0].startswith("?[2Jk")
    assert len(audit_rows[0][0]) == 300
