"""Credits that decrees move, open and cancel: the journal is proven, and every breach that is planted is found."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from reporting.verification import verify
from tests.file_strategies import REFERENCE
from tests.reporting.journals import grant, process_senders
from tests.reporting.planted_breaches import plant_breach
from tests.scenario_persons import Row

_ADVANCE = {"origin": "decree_of_advance"}


def _decree(kind: str, reference: str, amount: str, centre: str, counterpart: str = "") -> Row:
    fields = {"counterpart": counterpart} if counterpart else {}
    return grant(kind, reference, amount, centre, document_hash="5e" * 32, **fields)


_ACTS = [
    grant("budget_opening_ae", "O1", "1000.00", "0177"),
    grant("budget_opening_ae", "O2", "5000.00", "0217"),
    grant("budget_opening_ae", "O3", "500.00", "0217", "T2"),
    grant("budget_opening_ae", "O4", "1000.00", "0117", origin="amending_law"),
    _decree("virement_ae", "V1", "8.00", "0177", "0217/T2"),
    _decree("virement_ae", "V2", "12.00", "0217", "0177"),
    _decree("decree_transfer_ae", "T1", "300.00", "0177", "0117"),
    grant("budget_opening_ae", "O5", "65.00", "0177", **_ADVANCE),
    _decree("decree_cancellation_ae", "X1", "112.50", "0217"),
    _decree("virement_ae", "V3", "0.01", "0217", "0177"),
    grant("budget_opening_ae", "O6", "0.01", "0177", **_ADVANCE),
    _decree("decree_cancellation_ae", "X2", "0.01", "0177"),
]
"""Entries 1 to 9, and three lines that are refused."""
_AMOUNT = "update entry set amount = amount + {cents} where entry_id = {entry}"
_KIND = "update entry set kind = {kind} where entry_id = {entry}"
_CELL = "update entry set cell = (select cell from entry where entry_id = {other}) where entry_id = {entry}"
_KEY = """insert into access_key (key, sender, digest, roles, programmes, label, created_at)
    values ('k', 'LAW', sha256('k'), '{budget_directorate}', '{}', '', '2018-01-01')"""
"""A key of the budget directorate from before all entries, of another sender."""
BREACHES = {
    "more moved than the limit of a programme": (_AMOUNT.format(cents=1, entry=6), "decree_limits", "entry 6 "),
    "more of title 2 moved than its limit": (_AMOUNT.format(cents=2_01, entry=5), "decree_limits", "entry 5 "),
    "more opened by decrees of advance": (_AMOUNT.format(cents=1, entry=8), "decree_limits", "entry 8 "),
    "more cancelled by decrees": (_AMOUNT.format(cents=1, entry=9), "decree_limits", "entry 9 "),
    "a law that opened less than its decrees need": (_AMOUNT.format(cents=-1_00, entry=2), "decree_limits", "entry 8 "),
    "a virement between two ministries": (
        _KIND.format(kind=KIND_NUMBERS["virement_ae"], entry=7), "decree_moves", "entry 7 ",
    ),
    "a transfer within a ministry": (
        _KIND.format(kind=KIND_NUMBERS["decree_transfer_ae"], entry=6), "decree_moves", "entry 6 ",
    ),
    "a move to title 2 from the others": (_CELL.format(other=3, entry=6), "decree_moves", "entry 6 "),
    "a move to a programme that no finance law opened": (
        "update entry set source = 5 where entry_id = 1", "decree_moves", "entry 5 ",
    ),
    "what was cancelled set to nothing": (
        "update decree_balance set cancelled = 0", "decree_balances", "0217 HT2 ",
    ),
    "what was moved changed": ("update decree_balance set moved = moved + 1", "decree_balances", "0177 HT2 "),
    "what limits decrees deleted": ("delete from decree_balance", "decree_balances", "0117 HT2 "),
    "a virement by a sender without a key of the directorate": (_KEY, "openings", "entry 5 "),
    "a transfer by such a sender": (_KEY, "openings", "entry 7 "),
    "a cancellation by such a sender": (_KEY, "openings", "entry 9 "),
    "a move that changed no figure": (_AMOUNT.format(cents=-1, entry=7), "node_balances", "0117 HT2 "),
}  # fmt: skip


@pytest_asyncio.fixture
async def decreed(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection to the journal, whose triggers are off."""
    await process_senders(dsn, tmp_path, [("DB", _ACTS)])
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    yield connection
    await connection.close()


async def test_what_decrees_did_is_proven(decreed: asyncpg.Connection, dsn: str) -> None:
    verification = await verify(dsn, folder=REFERENCE)
    assert verification.findings == []
    assert verification.rows["entry"] == 9
    codes = [row["code"] for row in await decreed.fetch("select code from refusal order by line")]
    assert codes == [Outcome.VIREMENT_LIMIT, Outcome.ADVANCE_LIMIT, Outcome.CANCELLATION_LIMIT]
    sums = await decreed.fetch(
        "select law, amending, moved, advanced, cancelled from decree_balance order by node"
    )
    assert [tuple(row) for row in sums] == [
        (0, 1000_00, 0, 0, 0),
        (1000_00, 0, 20_00, 65_00, 0),
        (5000_00, 0, 12_00, 0, 112_50),
        (500_00, 0, 8_00, 0, 0),
    ]


@pytest.mark.parametrize("breach", list(BREACHES))
async def test_a_planted_breach_is_found(decreed: asyncpg.Connection, dsn: str, breach: str) -> None:
    statement, check, place = BREACHES[breach]
    places = await plant_breach(decreed, dsn, statement, check)
    assert [found_place for found_place in places if found_place.startswith(place)]
