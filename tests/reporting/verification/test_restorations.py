"""Restorations of credits: a journal of them is proven, and every planted breach of their rules is found."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from tests.reporting.journals import ASPR, BUDGET, PAID, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_UNIT = {"fund_centre": "0217-SGAC-ASPR"}
_NEXT_YEAR = {"exercise": "2019", "date": "2019-02-01"}
_REPAID = {**_UNIT, "commitment_item": "48560"}
_FIRST_YEAR = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("direct_payment_request", "P1", "50.00", ASPR, PAID),
    act("direct_payment_request", "P2", "20.00", ASPR, PAID),
    act("repayment_receivable", "R1", "30.00", _REPAID, PAID, predecessor="P1"),
    act("receivable", "R2", "10.00", _UNIT, PAID, commitment_item="269906"),
    act("receipt", "E1", "20.00", predecessor="R1"),
    act("receipt", "E2", "10.00", predecessor="R2"),
    act("credit_restoration", "C1", "15.00", ASPR, predecessor="E1"),
    act("set_off", "S1", "6.00", predecessor="P2", line="1"),
    act("set_off_receipt", "S1", "6.00", predecessor="R1", line="2"),
]
"""Entries 16 to 25, behind those of the budget: P1 is entry 17, R1 19, R2 20, E1 21, E2 22, C1 23, the set-off 24 and 25."""
_LATER = [
    act("credit_restoration", "C2", "5.00", ASPR, **_NEXT_YEAR, predecessor="@21"),
    act("credit_restoration", "C3", "6.00", ASPR, **_NEXT_YEAR, predecessor="@25"),
    act("receipt", "E3", "4.00", **_NEXT_YEAR, predecessor="@19"),
    act("credit_restoration", "C4", "4.00", ASPR, **_NEXT_YEAR, predecessor="E3"),
]
"""Entries 26 to 29, decided by a book that was loaded anew."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _FIRST_YEAR), ("MINISTRY", _LATER))
_ACCOUNT = "(select id from reference_text where kind = 5 and code = '{}')"
_CELL = (
    "update cell set {} = (select id from reference_text where kind = {} and code = '{}')"
    " where cell = (select cell from entry where entry_id = {})"
)
BREACHES = {
    "more restored than collected": Breach(
        "update entry set amount = 501 where entry_id = 26", "restorations", "entry 26 "
    ),
    "a restoration of what repays no expense": Breach(
        "update entry set predecessor = 22 where entry_id = 26", "restorations", "entry 26 "
    ),
    "a restoration on another item": Breach(_CELL.format("item", 3, "63", 26), "restorations", "entry 26 "),
    "a restoration that lowers another charge": Breach(
        f"update entry set credit = {_ACCOUNT.format('6113110000')} where entry_id = 23", "restorations", "entry 23 "
    ),
    "a restoration from another account": Breach(
        f"update entry set debit = {_ACCOUNT.format('7280000000')} where entry_id = 23", "restorations", "entry 23 "
    ),
    "a restoration of what is not collected": Breach(
        "update entry set predecessor = 19 where entry_id = 26", "predecessors", "entry 26 "
    ),
    "a repayment by a nature for another title": Breach(
        _CELL.format("item", 3, "48564", 19), "repayments", "entry 19 "
    ),
    "an advance that is asked back": Breach(
        f"update entry set kind = {KIND_NUMBERS['advance_request']}"
        " where entry_id = (select predecessor from entry where entry_id = 19)",
        "repayments", "entry 19 ",
    ),
    "a repayment in another fund centre": Breach(
        _CELL.format("centre", 1, "0217-SGAC-IMMO", 19), "repayments", "entry 19 "
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_restorations_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=29)
