"""Keys, roles, rates and the trail, by themselves."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.catalog import CATALOG, KIND_NUMBER, Family
from service.auth import api_keys
from service.auth.audit_trail import Attempt, Trail
from service.auth.rate_limit import Rates
from service.auth.roles import INCOMPATIBLE, MAY_SEND, Role, held, kinds
from service.settings import Misuse


def test_a_token_holds_its_parts_and_nothing_else_is_one() -> None:
    name, secret = api_keys.made()
    assert api_keys.parts(api_keys.token(name, secret)) == (name, secret)
    for text in ("", name, f"crescendo_{name}", f"crescendo_{name}_{secret}x", f" crescendo_{name}_{secret}"):
        assert api_keys.parts(text) is None


def test_no_two_keys_are_alike() -> None:
    assert len({api_keys.made() for _ in range(1000)}) == 1000


def test_a_key_opens_to_its_secret_until_it_ends() -> None:
    name, secret = api_keys.made()
    who = api_keys.caller(name, "MIN-09", frozenset({Role.AUTHORISING_OFFICER}), frozenset())
    key = api_keys.Key(who, api_keys.digest(secret), datetime.now(UTC) + timedelta(days=1))
    assert key.fits(secret)
    assert not key.fits(secret[:-1] + "#")
    assert not key.fits("")
    assert not key.is_over()
    assert key.is_over(key.expires_at)


def test_the_digest_is_not_the_secret() -> None:
    assert b"secret" not in api_keys.digest("secret")


def test_every_kind_has_a_role_that_may_send_it_and_only_one() -> None:
    for kind in KIND_NUMBER:
        assert len([role for role in Role if kind in kinds([role])]) == 1


def test_who_orders_does_not_pay_and_who_audits_does_neither() -> None:
    assert not kinds([Role.AUTHORISING_OFFICER]) & kinds([Role.ASSIGNED_ACCOUNTANT])
    for pair in INCOMPATIBLE:
        with pytest.raises(Misuse, match="make two"):
            held(pair)
    assert kinds([Role.AUDITOR, Role.OPERATOR]) == frozenset()
    assert set(MAY_SEND) == set(Role)


def test_the_accountant_pays_diverts_and_keeps_third_parties() -> None:
    """Late interest is ordered as any payment is; oppositions and assignments are served on the accountant."""
    settling = {each.name for each in CATALOG if each.family is Family.SETTLEMENT}
    of_payees = {"third_party", "bank_details", "payee_block", "payee_release"}
    served = {"attachment", "assignment", "payment_request_rejection"}
    assert kinds([Role.ASSIGNED_ACCOUNTANT]) == settling | of_payees | served
    assert "late_interest" in kinds([Role.AUTHORISING_OFFICER])


@pytest.mark.parametrize("names", [[], ["minister"], ["authorising_officer", "nobody"]])
def test_a_role_that_is_none_is_wrong_usage(names: list[str]) -> None:
    with pytest.raises(Misuse):
        held(names)


def test_a_bucket_gives_a_burst_and_then_a_steady_rate() -> None:
    now = [0.0]
    rates = Rates(2, 3, lambda: now[0])
    assert [rates.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert rates.wait("b") == 0, "senders do not share a bucket"
    now[0] += 0.25
    assert rates.wait("a") == 0.25
    now[0] += 0.25
    assert rates.wait("a") == 0
    now[0] += 1000
    assert [rates.wait("a") for _ in range(4)] == [0, 0, 0, 0.5], "a bucket holds no more than its burst"


def _attempt(code: str, key: str = "") -> Attempt:
    return Attempt(key, "", "127.0.0.1", "GET /", code, "detail")


async def test_equal_attempts_of_one_moment_share_a_row() -> None:
    written: list[tuple[Any, ...]] = []

    async def write(rows: Iterable[tuple[Any, ...]]) -> None:
        written.extend(rows)

    trail = Trail(write)
    await asyncio.gather(*(trail.note(_attempt(code)) for code in ("x", "x", "y", "x")))
    assert sorted((row[4], row[6]) for row in written) == [("x", 3), ("y", 1)]
    await trail.note(_attempt("x"))
    assert len(written) == 3


async def test_an_attempt_that_could_not_be_written_is_told() -> None:
    async def write(_: Iterable[tuple[Any, ...]]) -> None:
        raise ConnectionError("gone")

    trail = Trail(write)
    found = await asyncio.gather(trail.note(_attempt("x")), trail.note(_attempt("y")), return_exceptions=True)
    assert [type(each) for each in found] == [ConnectionError, ConnectionError]


async def test_the_trail_holds_nothing_that_a_terminal_would_obey() -> None:
    written: list[tuple[Any, ...]] = []

    async def write(rows: Iterable[tuple[Any, ...]]) -> None:
        written.extend(rows)

    await Trail(write).note(_attempt("x", "\x1b[2J" + "k" * 1000))
    assert written[0][0].startswith("?[2Jk")
    assert len(written[0][0]) == 300
