"""The acts of a small year whose budget balance and result are reconciled by hand, to the cent."""

from pathlib import Path

from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.reporting.journals import ASPR, BUDGET, DEBT, PAID, WORKS, act, process_senders

_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_INVENTORY = {"date": "2018-12-31", **_PERSONS}
_IBAN = "FR1420041010050500013M02606"
ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban=_IBAN),
    act("commitment", "C1", "200.00", ASPR),
    act("service", "S1", "120.00", predecessor="C1"),
    act("payment_request", "R1", "90.00", PAID, predecessor="C1"),
    act("payment", "P1", "60.00", predecessor="R1"),
    act("bank_reject", "B1", "60.00", predecessor="P1"),
    act("commitment", "C2", "150.00", WORKS),
    act("service", "S2", "100.00", predecessor="C2"),
    act("payment_request", "R2", "100.00", PAID, predecessor="C2"),
    act("payment", "P2", "100.00", predecessor="R2"),
    act("advance_request", "A1", "20.00", PAID, predecessor="C1", received="2018-03-15"),
    act("payment", "P3", "20.00", predecessor="A1"),
    act("penalty", "N1", "10.00", PAID, predecessor="C1"),
    act("penalty_confirmation", "F1", "10.00", predecessor="N1"),
    act("receivable", "TP1", "100.00", PAID, {**ASPR, "commitment_item": "269906"}),
    act("receipt", "E1", "40.00", predecessor="TP1"),
    act("accrual", "CAP1", "15.00", ASPR, _INVENTORY, line="1", account="6113110000"),
    act("asset_service", "IM1", "80.00", WORKS, _PERSONS, line="1", account="2183200000"),
    act("asset_depreciation", "DA1", "20.00", WORKS, _INVENTORY, line="1", predecessor="IM1"),
]
"""Entries 16 to 34, behind those of the budget: S1 is entry 18, P1 20, A1 26, CAP1 32."""
_REVERSAL = act(
    "inventory_reversal",
    "X1",
    "15.00",
    line="1",
    exercise="2019",
    date="2019-01-02",
    predecessor="@32",
)
REASSIGNED = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban=_IBAN),
    act("direct_payment_request", "R1", "30.00", ASPR, PAID),
    act("payment", "P1", "30.00", predecessor="R1"),
    act("bank_debit", "B1", "30.00", predecessor="P1"),
    act("reassignment_origin", "X1", "12.00", line="1", predecessor="B1"),
    act(
        "reassignment_target",
        "X1",
        "12.00",
        {**DEBT, "commitment_item": "31"},
        line="2",
        predecessor="#1",
    ),
]
"""A paid expense of 0217, of which a part goes to 0117."""
ENTRIES = len(BUDGET) + len(ACTS) + 1


async def post_year(dsn: str, folder: Path) -> None:
    """Post the acts of 2018, and on 2 January the reversal of the accrual."""
    await add_accountants(dsn)
    await process_senders(dsn, folder, (("BUDGET", BUDGET), ("MINISTRY", ACTS), ("closing", [_REVERSAL])))
