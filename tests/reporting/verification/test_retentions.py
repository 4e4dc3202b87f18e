"""Guarantees: a journal of them is proven, and every planted breach of their rules is found."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from reporting import act_narrative
from tests.reporting.journals import ASPR, BUDGET, PAID, WORKS, act, explain_acts, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_IBAN = "FR1420041010050500013M02606"
_OTHER = {"payee": "OTHER"}
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban=_IBAN),
    act("third_party", "T2", "", _OTHER, payee_name="Autre", iban=_IBAN),
    act("commitment", "C1", "100.00", ASPR),
    act("service", "S1", "100.00", predecessor="C1"),
    act("payment_request", "R1", "60.00", PAID, predecessor="C1"),
    act("attachment", "O1", "10.00", _OTHER, predecessor="R1"),
    act("payment_request_rejection", "RJ1", "10.00", predecessor="O1"),
    act("payment_request_rejection", "RJ2", "20.00", predecessor="R1"),
    act("retention", "G1", "2.00", predecessor="R1"),
    act("payment", "P1", "38.00", predecessor="R1"),
    act("retention_release", "L1", "1.50", predecessor="G1"),
    act("payment", "P2", "1.50", predecessor="L1"),
    act("commitment", "C2", "80.00", WORKS),
    act("service", "S2", "80.00", predecessor="C2"),
    act("payment_request", "R2", "80.00", PAID, predecessor="C2"),
    act("retention", "G2", "4.00", predecessor="R2"),
    act("retention_release", "L2", "4.00", predecessor="G2"),
    act("payment_request_rejection", "RJ3", "1.00", predecessor="L2"),
    act("payment_request", "R3", "40.00", PAID, predecessor="C1"),
    act("attachment", "O2", "40.00", _OTHER, predecessor="R3"),
    act("payment_request", "R4", "20.00", PAID, predecessor="C1"),
    act("retention", "G3", "1.00", predecessor="R4"),
    act("payment", "P4", "19.00", predecessor="R4"),
    act(
        "repayment_receivable",
        "TP1",
        "19.00",
        PAID,
        predecessor="R4",
        fund_centre="0217-SGAC-ASPR",
        commitment_item="48560",
    ),
    act("commitment", "C3", "30.00", ASPR),
    act(
        "payment_request_without_service",
        "R5",
        "30.00",
        PAID,
        predecessor="C3",
        nature="acompte",
        invoice_number="F5",
    ),
    act("retention", "G4", "1.50", predecessor="R5"),
    act("retention_rejection", "RR1", "1.50", predecessor="G4"),
    act("payment_request_rejection", "RJ4", "30.00", predecessor="R5"),
    act(
        "payment_request_without_service",
        "R6",
        "30.00",
        PAID,
        predecessor="C3",
        nature="acompte",
        invoice_number="F5",
    ),
]
"""Entries 16 to 45, behind those of the budget: R1 is entry 20, G1 24, P1 25, L1 26, R2 30, G2 31, L2 32, RJ3 33, R3 34,
O2 35, R4 36, G3 37, P4 38, TP1 39, C3 40, R5 41, G4 42, RR1 43, RJ4 44, R6 45."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _ACTS))


def _find_account(code: str) -> str:
    return f"(select id from reference_text where kind = 5 and code = '{code}')"


BREACHES = {
    "more retained than the share": Breach(
        "update entry set amount = 201 where entry_id = 24", "retentions", "entry 24 "
    ),
    "a guarantee retained from an opposition": Breach(
        "update entry set predecessor = 21 where entry_id = 24", "retentions", "entry 24 "
    ),
    "a guarantee retained from an advance": Breach(
        f"update entry set kind = {KIND_NUMBERS['advance_request']} where entry_id = 20", "retentions", "entry 24 "
    ),
    "a guarantee retained from a grant": Breach(
        "update cell set item = (select id from reference_text where kind = 3 and code = '63')"
        " where cell = (select cell from entry where entry_id = 20)",
        "retentions", "entry 24 ",
    ),
    "a guarantee retained after another act": Breach(
        "update entry set predecessor = 30 where entry_id = 23", "retentions", "entry 31 "
    ),
    "a guarantee retained twice": Breach(
        f"update entry set kind = {KIND_NUMBERS['retention']}, predecessor = 20, amount = 1 where entry_id = 25",
        "retentions", "entry 25 ",
    ),
    "more released than was retained": Breach(
        "update entry set amount = 201 where entry_id = 26", "open_items", "entry 24 "
    ),
    "a payment of what is retained": Breach(
        "update entry set predecessor = 24 where entry_id = 27", "predecessors", "entry 27 "
    ),
    "what is retained on assets on the account of purchases": Breach(
        f"update entry set credit = {_find_account('4017000000')} where entry_id = 31", "accounts_by_role", "entry 31 "
    ),
    "a release to an account that the retention did not debit": Breach(
        f"update entry set credit = {_find_account('4081000000')} where entry_id = 26", "predecessors", "entry 26 "
    ),
    "a repayment of what was only retained": Breach(
        "update entry set predecessor = 30 where entry_id = 38", "repayments", "entry 39 "
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_guarantees_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=45)


async def test_the_history_of_a_request_says_what_is_retained_of_it(dsn: str, tmp_path: Path) -> None:
    """R1: 60 - 20 rejected - 38 paid - 2 retained; R2: 80 - 4; L1 (1.50) is paid, whatever stays retained of G1."""
    await process_senders(dsn, tmp_path, _FILES)
    histories = await explain_acts(dsn, "R1", "R2", "L1")
    lines = {reference: history.accepted[-1].standing for reference, history in histories.items()}
    assert {
        reference: (standing.state, standing.settled_cents, standing.payable_cents, standing.retained_cents)
        for reference, standing in lines.items()
        if standing
    } == {"R1": ("paid", 3_800, 0, 200), "R2": ("requested", 0, 7_600, 400), "L1": ("paid", 150, 0, 0)}
    text = "\n".join(str(part) for part in act_narrative.render(histories["R1"]))
    assert "38.00 euros settled, 0.00 to be paid, 2.00 retained as a guarantee" in text
