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
    act("payment", "V1", "50.00", predecessor="@17"),
    act("repayment_receivable", "R1", "30.00", _REPAID, PAID, predecessor="P1"),
    act("receivable", "R2", "10.00", _UNIT, PAID, commitment_item="269906"),
    act("receipt", "E1", "20.00", predecessor="R1"),
    act("receipt", "E2", "10.00", predecessor="R2"),
    act("credit_restoration", "C1", "15.00", ASPR, predecessor="E1"),
    act("set_off", "S1", "6.00", predecessor="P2", line="1"),
    act("set_off_receipt", "S1", "6.00", predecessor="R1", line="2"),
]
"""Entries 16 to 26, behind those of the budget: P1 is entry 17, V1 19, R1 20, E1 22, E2 23, C1 24, the set-off 25 and 26."""
_LATER = [
    act("credit_restoration", "C2", "5.00", ASPR, **_NEXT_YEAR, predecessor="@22"),
    act("credit_restoration", "C3", "6.00", ASPR, **_NEXT_YEAR, predecessor="@26"),
    act("receipt", "E3", "4.00", **_NEXT_YEAR, predecessor="@20"),
    act("credit_restoration", "C4", "4.00", ASPR, **_NEXT_YEAR, predecessor="E3"),
    act("attachment", "O1", "9.00", PAID, predecessor="P2"),
    act("payment_request_rejection", "J1", "9.00", predecessor="O1"),
    act("repayment_receivable", "R3", "6.00", _REPAID, PAID, predecessor="P2"),
    act("receivable_cancellation", "A3", "6.00", predecessor="R3"),
    act("attachment", "O2", "9.00", PAID, predecessor="P2"),
    act("payment_request_rejection", "J2", "9.00", predecessor="O2"),
    act("payment_request_rejection", "J3", "5.00", predecessor="P2"),
]
"""Entries 27 to 37, decided by a book that was loaded anew: C2 is entry 27, O1 31, R3 33, A3 34, O2 35, J2 36, J3 37."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _FIRST_YEAR), ("MINISTRY", _LATER))
_REJECTION = KIND_NUMBERS["payment_request_rejection"]
_CANCELLATION = KIND_NUMBERS["receivable_cancellation"]
_ACCOUNT = "(select id from reference_text where kind = 5 and code = '{}')"
_CELL = (
    "update cell set {} = (select id from reference_text where kind = {} and code = '{}')"
    " where cell = (select cell from entry where entry_id = {})"
)
BREACHES = {
    "more restored than collected": Breach(
        "update entry set amount = 501 where entry_id = 27", "restorations", "entry 27 "
    ),
    "a restoration of what repays no expense": Breach(
        "update entry set predecessor = 23 where entry_id = 27", "restorations", "entry 27 "
    ),
    "a restoration on another item": Breach(_CELL.format("item", 3, "63", 27), "restorations", "entry 27 "),
    "a restoration that lowers another charge": Breach(
        f"update entry set credit = {_ACCOUNT.format('6113110000')} where entry_id = 24", "restorations", "entry 24 "
    ),
    "a restoration from another account": Breach(
        f"update entry set debit = {_ACCOUNT.format('7280000000')} where entry_id = 24", "restorations", "entry 24 "
    ),
    "a restoration of what is not collected": Breach(
        "update entry set predecessor = 20 where entry_id = 27", "predecessors", "entry 27 "
    ),
    "a repayment by a nature for another title": Breach(
        _CELL.format("item", 3, "48564", 20), "repayments", "entry 20 "
    ),
    "an advance that is asked back": Breach(
        f"update entry set kind = {KIND_NUMBERS['advance_request']}"
        " where entry_id = (select predecessor from entry where entry_id = 20)",
        "repayments", "entry 20 ",
    ),
    "a repayment in another fund centre": Breach(
        _CELL.format("centre", 1, "0217-SGAC-IMMO", 20), "repayments", "entry 20 "
    ),
    "a request that is asked back before it is paid": Breach(
        "update entry set predecessor = 18 where entry_id = 20", "repayments", "entry 20 "
    ),
    "a part that is asked back and was not paid": Breach(
        "update entry set predecessor = 31 where entry_id = 33", "repayments", "entry 33 "
    ),
    "a request of which nothing was taken up but a part rejected whole": Breach(
        "update entry set predecessor = 17 where entry_id = 25", "repayments", "entry 33 "
    ),
    "more asked back than was paid": Breach(
        "update entry set amount = 5001 where entry_id = 20", "repayments", "entry 20 "
    ),
    "more asked back by two receivables than was paid": Breach(
        "update entry set amount = case entry_id when 20 then 4500 else amount end,"
        " predecessor = case entry_id when 33 then 17 else predecessor end where entry_id in (20, 33)",
        "repayments", "entry 33 ",
    ),
    "a rejection of what is asked back": Breach(
        "update entry set predecessor = 21 where entry_id = 34", "repayments", "entry 37 "
    ),
    "a rejection of a part of what is asked back": Breach(
        "update entry set predecessor = 21 where entry_id = 34", "repayments", "entry 36 "
    ),
    "a rejection of what is asked back for good": Breach(
        f"update entry set kind = {_REJECTION}, predecessor = 18 where entry_id = 34", "repayments", "entry 34 "
    ),
    "a rejection before the receivable is cancelled": Breach(
        f"update entry set kind = case entry_id when 34 then {_REJECTION} else {_CANCELLATION} end,"
        " predecessor = case entry_id when 34 then 18 else 33 end where entry_id in (34, 37)",
        "repayments", "entry 34 ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_restorations_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=37)
