"""Credits that are returned, cancelled and frozen: the journal is proven, and every breach that is planted is found."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from reporting.verification import verify
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, WORKS, act, grant, process_senders
from tests.reporting.planted_breaches import plant_breach

_CREDITS = [
    grant("budget_opening_ae", "O1", "400.00", "0217", "T3"),
    grant("budget_opening_cp", "O2", "100.00", "0217"),
    grant("allotment_ae", "A1", "300.00", "0217-SGAC"),
    grant("allotment_ae", "A2", "200.00", "0217-SGAC-ASPR"),
    act("commitment", "C1", "150.00", ASPR),
    grant("credit_return_ae", "R1", "50.00", "0217-SGAC-ASPR"),
    grant("credit_return_ae", "R2", "60.00", "0217-SGAC"),
    grant("cancellation_ae", "X1", "40.00", "0217", "T3"),
    grant("cancellation_cp", "X2", "100.00", "0217"),
    grant("freeze_ae", "F1", "30.00", "0217-SGAC"),
    grant("freeze_ae", "F2", "50.00", "0217"),
    grant("unfreeze_ae", "F3", "20.00", "0217-SGAC"),
    grant("allotment_ae", "A3", "40.00", "0217-SGAC-IMMO"),
    grant("earmark", "E1", "40.00", "0217-SGAC-IMMO", operation="OP-0217-000001"),
    act("commitment", "C2", "25.00", WORKS),
    grant("earmark_decrease", "E2", "10.00", "0217-SGAC-IMMO", operation="OP-0217-000001"),
    grant("credit_return_ae", "R4", "10.00", "0217-SGAC-IMMO"),
    grant("earmark_decrease", "E3", "5.01", "0217-SGAC-IMMO", operation="OP-0217-000001"),
    grant("credit_return_ae", "R3", "1.00", "0217-SGAC-ASPR"),
    grant("cancellation_ae", "X3", "70.01", "0217"),
    grant("unfreeze_ae", "F4", "10.01", "0217-SGAC"),
]
"""Entries 1 to 17, and four lines that are refused."""
_AMOUNT = "update entry set amount = amount + {cents} where entry_id = {entry}"
_KIND = "update entry set kind = {kind} where entry_id = {entry}"
_KEY = """insert into access_key (key, sender, digest, roles, programmes, label, created_at)
    values ('k', 'DB', sha256('k'), '{budget_directorate}', '{}', '', '2018-01-01')"""
"""A key of the budget directorate from before all entries."""
BREACHES = {
    "more returned than a BOP has left": (
        _AMOUNT.format(cents=90_01, entry=7), "lowered_credits", "entry 7 ",
    ),
    "more cancelled than a programme has left": (
        _AMOUNT.format(cents=120_01, entry=8), "lowered_credits", "entry 8 ",
    ),
    "more returned than a unit has not used": (
        _AMOUNT.format(cents=1, entry=6), "availability", "0217-SGAC-ASPR HT2 ",
    ),
    "credits cancelled at a BOP": (
        _KIND.format(kind=KIND_NUMBERS["cancellation_ae"], entry=7), "credit_levels", "entry 7 ",
    ),
    "credits returned by a programme": (
        _KIND.format(kind=KIND_NUMBERS["credit_return_cp"], entry=9), "credit_levels", "entry 9 ",
    ),
    "credits opened at a BOP": (
        _KIND.format(kind=KIND_NUMBERS["budget_opening_ae"], entry=3), "credit_levels", "entry 3 ",
    ),
    "credits cancelled by a sender without a key of the directorate": (_KEY, "openings", "entry 8 "),
    "more frozen than a BOP has left": (_AMOUNT.format(cents=60_01, entry=10), "lowered_credits", "entry 10 "),
    "more frozen than a programme has left": (_AMOUNT.format(cents=70_01, entry=11), "allotments", "0217 HT2 "),
    "more unfrozen than is frozen": (_AMOUNT.format(cents=10_01, entry=12), "frozen_credits", "entry 12 "),
    "unfrozen where nothing is frozen": (
        "update entry set cell = (select cell from entry where entry_id = 6) where entry_id = 12",
        "frozen_credits",
        "entry 12 ",
    ),
    "credits frozen by a sender without a key of the directorate": (_KEY, "openings", "entry 10 "),
    "what is frozen changed": (
        "update frozen_balance set ae_frozen_here = ae_frozen_here + 1", "frozen_balances", "0217",
    ),
    "what is frozen above changed": (
        "update frozen_balance set ae_frozen = 0 where ae_frozen_here = 5000", "frozen_balances", "0217 HT2 ",
    ),
    "what is frozen deleted": ("delete from frozen_balance", "frozen_balances", "0217"),
    "more withdrawn than is left of an earmark": (_AMOUNT.format(cents=5_01, entry=16), "availability", "OP-0217-000001 HT2 "),
    "an earmark lowered at its unit": (
        "update entry set cell = (select cell from entry where entry_id = 17) where entry_id = 16",
        "credit_levels",
        "entry 16 ",
    ),
    "a return that changed no figure": (_AMOUNT.format(cents=-1, entry=7), "node_balances", "0217-SGAC HT2 "),
    "a cancellation that left the base of its title": (
        "update title_balance set opened = 40000", "title_balances", "0217 title 3 ",
    ),
}  # fmt: skip


@pytest_asyncio.fixture
async def lowered(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the journal, whose triggers are off."""
    await process_senders(dsn, tmp_path, [("MINISTRY", _CREDITS)])
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    yield connection
    await connection.close()


async def test_credits_that_are_lowered_are_proven(lowered: asyncpg.Connection, dsn: str) -> None:
    verification = await verify(dsn, folder=REFERENCE)
    assert verification.findings == []
    assert verification.rows["entry"] == 17
    codes = [row["code"] for row in await lowered.fetch("select code from refusal order by line")]
    assert codes == [
        Outcome.BUDGET_BELOW_CONSUMPTION,
        Outcome.BUDGET_BELOW_CONSUMPTION,
        Outcome.ALLOTMENT_EXCEEDED,
        Outcome.UNFREEZE_EXCEEDED,
    ]
    (title,) = await lowered.fetch("select opened from title_balance")
    assert title["opened"] == 360_00


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_planted_breach_is_found(lowered: asyncpg.Connection, dsn: str, breach: str) -> None:
    statement, check, place = BREACHES[breach]
    places = await plant_breach(lowered, dsn, statement, check)
    assert [found_place for found_place in places if found_place.startswith(place)]
