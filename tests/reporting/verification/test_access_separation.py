"""Keys, systems and signers: none has roles that exclude each other, and no sender orders and accounts; breaches are found."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from tests.reporting.journals import grant, process_senders
from tests.reporting.planted_breaches import plant_breach

_KEY = (
    "insert into access_key (key, sender, digest, roles, programmes, label, created_at, expires_at) values"
    " ('{key}', 'MIN-09', sha256('{key}'), '{{{roles}}}', '{{}}', '', now() + interval '{since} hours',"
    " now() + interval '{until} hours')"
)
_ORDERING = _KEY.format(key="k1", roles="uo_manager", since=1, until=9)
_ACCOUNTING = _KEY.format(key="k2", roles="central_accountant", since=2, until=9)
_SYSTEM = (
    "insert into access_issuer (issuer, url, audience, claim, jwks) values ('state', 'u', 'a', 'sub', 'j');"
    "insert into access_grant (issuer, subject, sender, roles, programmes)"
    " values ('state', 'chorus', 'MIN-09', '{assigned_accountant}', '{}')"
)
_SIGNER = (
    "insert into signer values"
    " ('s1', 'MIN-09', sha256('1'), '{assigned_accountant}', '{}', 'fr', true, now(), now(), 'infinity')"
)
_END = "insert into access_key_end (key, reason, ended_at) values ('k1', 'left', now() + interval '{}')"
_WITHOUT_CONSTRAINTS = "alter table {table} drop constraint {constraint};"
BREACHES = {
    "a key on both sides": (
        _WITHOUT_CONSTRAINTS.format(table="access_key", constraint="two_sides")
        + _KEY.format(key="k1", roles="certifier,central_accountant", since=1, until=9),
        "key k1",
    ),
    "a key for acts that is for audits too": (
        _WITHOUT_CONSTRAINTS.format(table="access_key", constraint="two_sides")
        + _KEY.format(key="k1", roles="auditor,central_accountant", since=1, until=9),
        "key k1",
    ),
    "a system on both sides": (
        _WITHOUT_CONSTRAINTS.format(table="access_grant", constraint="two_sides_of_a_grant")
        + _SYSTEM.replace("{assigned", "{uo_manager,assigned"),
        "grant 1 of system state/chorus",
    ),
    "a signer on both sides": (
        _WITHOUT_CONSTRAINTS.format(table="signer", constraint="signer_two_sides")
        + _SIGNER.replace("{assigned", "{uo_manager,assigned"),
        "signer s1",
    ),
    "a sender with keys of both sides": (f"{_ORDERING};{_ACCOUNTING}", "sender MIN-09"),
    "a sender with a key and a system": (f"{_ORDERING};{_SYSTEM}", "sender MIN-09"),
    "a sender with a key and a signer": (f"{_ORDERING};{_SIGNER}", "sender MIN-09"),
    "a key that ended late": (
        f"{_ORDERING};{_ACCOUNTING};{_END.format('121 minutes 1 second')}",
        "sender MIN-09",
    ),
    "no rule": ("delete from separation_rule", "separation_rule"),
    "a second rule": ("insert into separation_rule values ('2100-01-01')", "separation_rule"),
}
PROVEN = {
    "keys of one side": f"{_ORDERING};{_ORDERING.replace('k1', 'k2')}",
    "keys of two senders": f"{_ORDERING};{_ACCOUNTING.replace('MIN-09', 'DRFIP')}",
    "a key for reading beside one for acts": f"{_ORDERING};{_ACCOUNTING.replace('central_accountant', 'auditor')}",
    "one side after the other": f"{_ORDERING};{_ACCOUNTING};{_END.format('120 minutes')}",
    "a key that waited for the end of the other": f"{_ORDERING};{_ACCOUNTING};{_END.format('121 minutes')}",
    "an issuer that ended": f"{_ORDERING};{_SYSTEM};"
    "insert into access_issuer_end (issuer, reason, ended_at) values ('state', 'stolen', now() + interval '1 hour')",
    "rows from before the rule": f"{_ORDERING};{_ACCOUNTING};update separation_rule set since = now() + interval '3 hours'",
}


@pytest_asyncio.fixture
async def ledger(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection, whose triggers are off, to a ledger with one batch."""
    opening = grant("budget_opening_ae", "O1", "500.00", "0217")
    await process_senders(dsn, tmp_path, [("DB", [opening])])
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    yield connection
    await connection.close()


@pytest.mark.parametrize("breach", list(BREACHES))
async def test_a_planted_breach_is_found(ledger: asyncpg.Connection, dsn: str, breach: str) -> None:
    statement, place = BREACHES[breach]
    assert set(await plant_breach(ledger, dsn, statement, "access_separation")) == {place}


@pytest.mark.parametrize("rows", list(PROVEN))
async def test_what_the_rules_allow_is_proven(ledger: asyncpg.Connection, dsn: str, rows: str) -> None:
    assert await plant_breach(ledger, dsn, PROVEN[rows], "access_separation") == []
