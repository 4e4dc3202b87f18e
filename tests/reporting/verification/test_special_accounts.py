"""Earmarked special accounts: a journal of their receipts and expenses is proven, and every planted breach is found."""

from pathlib import Path

import pytest

from tests.reporting.journals import PAID, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_RADARS = {"fund_centre": "0751-CENT-C001", "functional_area": "0751-01", "commitment_item": "31"}
_TOWNS = {"fund_centre": "0754-CENT-C001", "functional_area": "0754-01", "commitment_item": "31"}
_DUE = {"fund_centre": "0751-CENT-C001", "commitment_item": "269906"}
_CREDITS = [
    grant(kind.format(measure), f"{kind}{programme}{measure}{place}", "100.00", f"{programme}{place}")
    for programme in ("0751", "0754")
    for measure in ("ae", "cp")
    for kind, place in (("budget_opening_{}", ""), ("allotment_{}", "-CENT"), ("allotment_{}", "-CENT-C001"))
]
"""Entries 1 to 12."""
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("receivable", "R1", "50.00", _DUE, PAID),
    act("receipt", "E1", "30.00", predecessor="R1"),
    act("direct_payment_request", "P1", "20.00", _RADARS, PAID),
    act("payment", "V1", "20.00", predecessor="P1"),
    act("repayment_receivable", "R2", "5.00", _DUE, PAID, predecessor="P1", commitment_item="48560"),
    act("receipt", "E2", "5.00", predecessor="R2"),
    act("direct_payment_request", "P2", "10.00", _TOWNS, PAID),
    act("direct_payment_request", "P3", "0.01", _TOWNS, PAID),
]
"""Entries 13 to 20; P3 exceeds the receipts and is refused."""
_LATER = [
    act("payment_request_rejection", "J1", "4.00", predecessor="P2"),
    act("receipt", "E3", "2.00", predecessor="R1"),
    act("direct_payment_request", "P4", "6.00", _RADARS, PAID),
    act("direct_payment_request", "P5", "0.01", _RADARS, PAID),
]
"""Entries 21 to 23, decided by a book that was loaded anew; P5 is refused."""
_FILES = (("BUDGET", _CREDITS), ("MINISTRY", _ACTS), ("MINISTRY", _LATER))
BREACHES = {
    "more ordered than collected": Breach(
        "update entry set amount = 2001 where entry_id = 16", "special_accounts", "entry 20 "
    ),
    "less collected than ordered": Breach(
        "update entry set amount = 2999 where entry_id = 15", "special_accounts", "entry 20 "
    ),
    "ordered before it was collected": Breach(
        "update entry set amount = 199 where entry_id = 22", "special_accounts", "entry 23 "
    ),
    "less rejected": Breach(
        "update entry set amount = 399 where entry_id = 21", "special_accounts", "entry 23 "
    ),
    "collected in another year": Breach(
        "update entry set day = '2019-03-15' where entry_id = 15", "special_accounts", "entry 16 "
    ),
    "collected by what repays an expense": Breach(
        "update entry set predecessor = 16 where entry_id = 14", "special_accounts", "entry 16 "
    ),
    "a figure of receipts raised": Breach(
        "update special_balance set collected = collected + 1", "special_balances", "0751 of 2018 "
    ),
    "a figure of receipts deleted": Breach("delete from special_balance", "special_balances", "0751 of 2018 "),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_special_accounts_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=23)
