"""Title 2 and payroll: the journal of a year-end is proven, and every breach of their rules that is planted is found."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from reporting.verification import verify
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, PAID, Row, act, grant, process_senders
from tests.reporting.planted_breaches import plant_breach

_STAFF: Row = {**ASPR, "commitment_item": "21"}
_AGENT = act("third_party", "T1", "", PAID, payee_name="Agent", iban="FR1420041010050500013M02606")
_CREDITS = [
    grant("budget_opening_ae", "O1", "100.00", "0217", "T2"),
    grant("budget_opening_cp", "O2", "100.00", "0217", "T2"),
    grant("allotment_ae", "A1", "50.00", "0217-SGAC", "T2"),
    grant("allotment_cp", "A2", "50.00", "0217-SGAC", "T2"),
    grant("allotment_ae", "A3", "50.00", "0217-SGAC-ASPR", "T2"),
    grant("allotment_cp", "A4", "50.00", "0217-SGAC-ASPR", "T2"),
    grant("budget_opening_ae", "O3", "10.00", "0217"),
    grant("allotment_ae", "A5", "10.00", "0217-SGAC"),
    grant("allotment_ae", "A6", "10.00", "0217-SGAC-ASPR"),
    _AGENT,
]
"""Entries 1 to 10."""
_STAFF_YEAR = [
    act("direct_payment_request", "D1", "40.00", _STAFF, PAID),
    act("payroll", "P1", "30.00", _STAFF, PAID),
    act("payroll", "P2", "15.00", _STAFF, PAID, date="2018-11-30"),
    act("payment_request_rejection", "R1", "5.00", predecessor="P2", date="2018-11-30"),
    act("payment", "V1", "30.00", predecessor="P1"),
    act("direct_payment_request", "D2", "1.00", _STAFF, PAID),  # refused: 30.00 are lacking
    act("payment", "V2", "10.00", predecessor="P2", date="2018-12-03"),  # refused, too
    act("commitment", "C1", "10.00", ASPR),
    act("commitment", "C2", "10.00", _STAFF),  # refused
    grant("allotment_ae", "A7", "50.00", "0217-SGAC", "T2", date="2018-12-04"),
    grant("allotment_cp", "A8", "50.00", "0217-SGAC", "T2", date="2018-12-04"),
    grant("allotment_ae", "A9", "50.00", "0217-SGAC-ASPR", "T2", date="2018-12-04"),
    grant("allotment_cp", "A10", "50.00", "0217-SGAC-ASPR", "T2", date="2018-12-04"),
    act("payment", "V3", "10.00", predecessor="P2", date="2018-12-05"),
    act("payroll", "P3", "20.00", _STAFF, PAID, date="2018-12-20"),
]
"""Entries 11 to 22: request, payroll, payroll, rejection, payment, commitment, allotments 17 to 20, payment, payroll."""
_MONTHS = "update entry set month = {month}, day = '2018-{month:02}-05' where entry_id = {entry}"
_NODE = "18 * 131072 * 6 + 6 * (select centre from cell where cell = entry.cell)"
"""The node of an entry's fund centre, on the other titles."""
_OTHER_NODE = (
    "18 * 131072 * 6 + 3 + 6 * (select id from reference_text where kind = 1 and code like '0177%' limit 1)"
)
"""A node of title 2 of another programme."""
_MOVE = f"update entry set kind = {KIND_NUMBERS['budget_move_ae']}, source = {{source}} where entry_id = 5"
_KEY = """insert into access_key (key, sender, digest, roles, programmes, label, created_at)
    values ('k', 'DB', sha256('k'), '{budget_directorate}', '{}', '', '2018-01-01')"""
"""A key of the budget directorate from before all openings."""
BREACHES = {
    "a commitment on title 2": (
        "update entry set cell = (select cell from entry where entry_id = 12) where entry_id = 16", "title_two", "entry 16 ",
    ),
    "payroll on another title": (
        "update entry set cell = (select cell from entry where entry_id = 16) where entry_id = 12", "title_two", "entry 12 ",
    ),
    "an earmark on title 2": (
        f"update entry set kind = {KIND_NUMBERS['earmark']} where entry_id = 3", "title_two", "entry 3 ",
    ),
    "payroll paid in December without credits": (_MONTHS.format(month=12, entry=15), "payroll", "entry 15 "),
    "payroll of December without credits": (_MONTHS.format(month=12, entry=13), "payroll", "entry 13 "),
    "a direct request beyond the credits": (
        f"update entry set kind = {KIND_NUMBERS['direct_payment_request']} where entry_id = 13", "payroll", "entry 13 ",
    ),
    "title 2 fed from other titles": (
        _MOVE.format(source=_NODE), "fungibility", "entry 5 ",
    ),
    "credits moved between programmes": (
        _MOVE.format(source=_OTHER_NODE), "fungibility", "entry 5 ",
    ),
    "credits opened by a sender without a key of the directorate": (
        _KEY, "openings", "entry 7 ",
    ),
    "more taken than payroll explains": (
        "update entry set amount = amount + 15000 where entry_id = 11", "availability", "0217",
    ),
}  # fmt: skip


@pytest_asyncio.fixture
async def staff_year(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a journal of all of them, whose triggers are off."""
    await process_senders(dsn, tmp_path, (("BUDGET", _CREDITS), ("MINISTRY", _STAFF_YEAR)))
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    yield connection
    await connection.close()


async def test_payroll_beyond_its_credits_is_proven(staff_year: asyncpg.Connection, dsn: str) -> None:
    verification = await verify(dsn, folder=REFERENCE)
    assert verification.findings == []
    assert verification.rows["entry"] == 22
    assert [row["code"] for row in await staff_year.fetch("select code from refusal order by line")] == [
        39,
        39,
        56,
    ]
    (row,) = await staff_year.fetch(
        "select min(cp_opened - cp_reserved - cp_consumed) as least from node_balance"
    )
    assert row["least"] >= 0, "the whole file is one batch, and its end has credits again"


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_planted_breach_is_found(staff_year: asyncpg.Connection, dsn: str, breach: str) -> None:
    statement, check, place = BREACHES[breach]
    places = await plant_breach(staff_year, dsn, statement, check)
    assert [found_place for found_place in places if found_place.startswith(place)]
