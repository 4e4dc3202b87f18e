"""Keys, roles, rates and the trail, by themselves."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.catalog import CATALOG, KIND_NUMBERS, Family
from service.auth import api_keys
from service.auth.audit_trail import Attempt, AuditTrail
from service.auth.credentials import build_caller
from service.auth.rate_limit import RateLimiter
from service.auth.roles import FAMILIES_BY_ROLE, INCOMPATIBLE, Role, find_kinds, parse_roles
from service.configuration.settings import UsageError


def test_a_token_holds_its_parts_and_nothing_else_is_one() -> None:
    name, secret = api_keys.generate_key()
    assert api_keys.parse_token(api_keys.format_token(name, secret)) == (name, secret)
    for text in ("", name, f"crescendo_{name}", f"crescendo_{name}_{secret}x", f" crescendo_{name}_{secret}"):
        assert api_keys.parse_token(text) is None


def test_no_two_keys_are_alike() -> None:
    assert len({api_keys.generate_key() for _ in range(1000)}) == 1000


def test_a_key_opens_to_its_secret_until_it_ends() -> None:
    name, secret = api_keys.generate_key()
    who = build_caller(name, "MIN-09", frozenset({Role.AUTHORISING_OFFICER}), frozenset())
    key = api_keys.Key(who, api_keys.hash_secret(secret), datetime.now(UTC) + timedelta(days=1))
    assert key.has_secret(secret)
    assert not key.has_secret(secret[:-1] + "#")
    assert not key.has_secret("")
    assert not key.is_expired()
    assert key.is_expired(key.expires_at)


def test_the_digest_is_not_the_secret() -> None:
    assert b"secret" not in api_keys.hash_secret("secret")


def test_every_kind_has_a_role_that_may_send_it_and_only_one() -> None:
    for kind in KIND_NUMBERS:
        assert len([role for role in Role if kind in find_kinds([role])]) == 1


def test_who_orders_does_not_pay_and_who_audits_does_neither() -> None:
    assert not find_kinds([Role.AUTHORISING_OFFICER]) & find_kinds([Role.ASSIGNED_ACCOUNTANT])
    for pair in INCOMPATIBLE:
        with pytest.raises(UsageError, match="make two"):
            parse_roles(pair)
    assert find_kinds([Role.AUDITOR, Role.OPERATOR]) == frozenset()
    assert set(FAMILIES_BY_ROLE) == set(Role)


def test_the_accountant_pays_diverts_and_keeps_third_parties() -> None:
    """Late interest is ordered as any payment is; oppositions and assignments are served on the accountant."""
    settling = {each.name for each in CATALOG if each.family is Family.SETTLEMENT}
    of_payees = {"third_party", "bank_details", "payee_block", "payee_release"}
    served = {"attachment", "assignment", "payment_request_rejection"}
    assert find_kinds([Role.ASSIGNED_ACCOUNTANT]) == settling | of_payees | served
    assert "late_interest" in find_kinds([Role.AUTHORISING_OFFICER])


@pytest.mark.parametrize("names", [[], ["minister"], ["authorising_officer", "nobody"]])
def test_a_role_that_is_none_is_wrong_usage(names: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_roles(names)


def test_a_bucket_gives_a_burst_and_then_a_steady_rate() -> None:
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


async def test_equal_attempts_of_one_moment_share_a_row() -> None:
    written: list[tuple[Any, ...]] = []

    async def write(rows: Iterable[tuple[Any, ...]]) -> None:
        written.extend(rows)

    trail = AuditTrail(write)
    await asyncio.gather(*(trail.record(_attempt(code)) for code in ("x", "x", "y", "x")))
    assert sorted((row[4], row[6]) for row in written) == [("x", 3), ("y", 1)]
    await trail.record(_attempt("x"))
    assert len(written) == 3


async def test_an_attempt_that_could_not_be_written_is_told() -> None:
    async def write(_: Iterable[tuple[Any, ...]]) -> None:
        raise ConnectionError("gone")

    trail = AuditTrail(write)
    found = await asyncio.gather(
        trail.record(_attempt("x")), trail.record(_attempt("y")), return_exceptions=True
    )
    assert [type(each) for each in found] == [ConnectionError, ConnectionError]


async def test_the_trail_holds_nothing_that_a_terminal_would_obey() -> None:
    written: list[tuple[Any, ...]] = []

    async def write(rows: Iterable[tuple[Any, ...]]) -> None:
        written.extend(rows)

    await AuditTrail(write).record(_attempt("x", "\x1b[2J" + "k" * 1000))
    assert written[0][0].startswith("?[2Jk")
    assert len(written[0][0]) == 300
