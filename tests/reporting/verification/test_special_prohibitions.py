"""Pay on a special account and payments to the State itself: the journal is proven, and a planted breach is found."""

from pathlib import Path

import pytest

from tests.reporting.journals import ASPR, PAID, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_PLACE = {"fund_centre": "0753-CENT-C001", "functional_area": "0753-01", "commitment_item": "31"}
_DUE = {"fund_centre": "0753-CENT-C001", "commitment_item": "269906"}
_IBAN = "FR1420041010050500013M02606"
_CREDITS = [
    *(
        grant(f"{kind}_{measure}", f"{measure}{place}", "100.00", place)
        for measure in ("ae", "cp")
        for kind, place in (
            ("budget_opening", "0753"),
            ("allotment", "0753-CENT"),
            ("allotment", "0753-CENT-C001"),
        )
    ),
    grant("budget_opening_cp", "S1", "100.00", "0217", "T2"),
]
"""Entries 1 to 7."""
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban=_IBAN),
    act("third_party", "T2", "", payee="1001488398", payee_name="Budget général", iban=_IBAN),
    act("receivable", "R1", "50.00", _DUE, PAID),
    act("receipt", "E1", "30.00", predecessor="R1"),
    act("direct_payment_request", "P1", "20.00", _PLACE, PAID),
    act("direct_payment_request", "P2", "1.00", _PLACE, payee="1001488398"),
    act("payroll", "P3", "1.00", _PLACE, PAID, commitment_item="21"),
    act("payroll", "P4", "1.00", ASPR, PAID, commitment_item="21"),
]
"""Entries 8 to 13: P2 and P3 are refused; payroll alone needs no credits before December."""
_FILES = (("BUDGET", _CREDITS), ("MINISTRY", _ACTS))
_STATE = "(select payee from payee where code = '1001488398')"
BREACHES = {
    "the State is paid": Breach(
        f"update entry set payee = {_STATE} where entry_id = 12", "special_payments", "entry 12 "
    ),
    "pay is charged": Breach(
        "update cell set centre = (select id from reference_text where kind = 1 and code = '0753-CENT-C001')"
        " where cell = (select cell from entry where entry_id = 13)", "special_pay", "entry 13 "
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_a_prohibition_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=13)
