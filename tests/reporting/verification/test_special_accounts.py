"""Earmarked special accounts: a journal of their receipts and expenses is proven, and every planted breach is found."""

from pathlib import Path

import pytest

from tests.reporting.journals import PAID, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_TICKETS = {"fund_centre": "0753-CENT-C001", "functional_area": "0753-01", "commitment_item": "31"}
_TOWNS = {"fund_centre": "0754-CENT-C001", "functional_area": "0754-01", "commitment_item": "31"}
_DUE = {"fund_centre": "0753-CENT-C001", "commitment_item": "269906"}
_CREDITS = [
    grant(kind.format(measure), f"{kind}{programme}{measure}{place}", "100.00", f"{programme}{place}")
    for programme in ("0753", "0754")
    for measure in ("ae", "cp")
    for kind, place in (("budget_opening_{}", ""), ("allotment_{}", "-CENT"), ("allotment_{}", "-CENT-C001"))
]
"""Entries 1 to 12."""
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("receivable", "R1", "50.00", _DUE, PAID),
    act("receipt", "E1", "30.00", predecessor="R1"),
    act("direct_payment_request", "P1", "20.00", _TICKETS, PAID),
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
    act("direct_payment_request", "P4", "6.00", _TICKETS, PAID),
    act("direct_payment_request", "P5", "0.01", _TICKETS, PAID),
    act("receipt", "E4", "7.00", predecessor="R1"),
    act("commitment", "C1", "4.00", _TOWNS),
    act("commitment", "C2", "3.01", _TICKETS),
    act("commitment_decrease", "D1", "1.00", predecessor="C1"),
    act("commitment", "C3", "4.00", _TICKETS),
]
"""Entries 21 to 27, decided by a book that was loaded anew; P5 and C2 are refused."""
_OTHER_SECTION = [grant("budget_opening_ae", "0751ae", "100.00", "0751")]
"""Entry 28."""
_FILES = (("BUDGET", _CREDITS), ("MINISTRY", _ACTS), ("MINISTRY", _LATER), ("BUDGET", _OTHER_SECTION))
_CELL = "(select min(c.cell) from cell c join reference_text t on t.kind = 1 and t.id = c.centre where t.code = '0751')"
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
    "more engaged than collected": Breach(
        "update entry set amount = 401 where entry_id = 27", "special_engagements", "entry 27 "
    ),
    "less taken back": Breach(
        "update entry set amount = 99 where entry_id = 26", "special_engagements", "entry 27 "
    ),
    "engaged before it was collected": Breach(
        "update entry set amount = 699 where entry_id = 24", "special_engagements", "entry 27 "
    ),
    "ordered by what the other section collected": Breach(
        f"update entry set cell = {_CELL} where entry_id = 14", "special_accounts", "entry 16 "
    ),
    "engaged by what the other section collected": Breach(
        f"update entry set cell = {_CELL} where entry_id = 14", "special_engagements", "entry 16 "
    ),
    "a figure of engagements raised": Breach(
        "update special_balance set engaged = engaged + 1", "special_balances", "0754 of 2018 "
    ),
    "a figure of receipts raised": Breach(
        "update special_balance set collected = collected + 1", "special_balances", "0753 of 2018 "
    ),
    "a figure of receipts deleted": Breach("delete from special_balance", "special_balances", "0753 of 2018 "),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_special_accounts_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=28)
