"""Credits of funds: a journal of openings by receipts is proven, and every planted breach of their rules is found."""

from pathlib import Path

import pytest

from core.nomenclature import CentreLevel
from reporting import code_labels
from reporting.act_history import explain
from reporting.code_names import read_names
from reporting.commitments import load_outstanding_commitments
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, act, grant, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_FUND, _OTHER = {"fund": "1-1-00733"}, {"fund": "2-1-00041"}
_DUE = {"fund_centre": "0217-SGAC-ASPR", "commitment_item": "269906"}
_PROGRAMME = {"fund_centre": "0217", "commitment_item": "HT2"}
_RECEIPTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606"),
    act("direct_payment_request", "P1", "20.00", ASPR, PAID),
    act("payment", "V1", "20.00", predecessor="P1"),
    act("receivable", "R1", "50.00", _DUE, PAID, _FUND),
    act("receivable", "R2", "10.00", _DUE, PAID),
    act("receivable", "R3", "10.00", _DUE, PAID, _OTHER),
    act("repayment_receivable", "R4", "5.00", _DUE, PAID, predecessor="P1", commitment_item="48560"),
    act("receipt", "E1", "30.00", predecessor="R1"),
    act("receipt", "E2", "10.00", predecessor="R2"),
    act("receipt", "E3", "10.00", predecessor="R3"),
    act("receipt", "E4", "5.00", predecessor="R4"),
]
"""Entries 16 to 26, behind those of the budget: R1 is entry 19, E1 23, E2 24, E3 25, E4 26."""
_OPENINGS = [
    act("fund_opening", "F1", "20.00", _PROGRAMME, _FUND, predecessor="@23"),
    act("fund_opening", "F2", "10.00", _PROGRAMME, _FUND, predecessor="@23"),
    act("fund_opening", "F3", "4.00", _PROGRAMME, _OTHER, predecessor="@25"),
    grant("budget_opening_ae", "O7", "3.00", "0217", **_FUND, origin="carry_over"),
    grant("budget_opening_cp", "O8", "3.00", "0217", **_OTHER, origin="transfer"),
    grant("allotment_cp", "A7", "33.00", "0217-SGAC", **_FUND),
]
"""Entries 27 to 32, decided by a book that was loaded anew; A7 allots more than was opened and is refused: 31 entries."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _RECEIPTS), ("BUDGET", _OPENINGS))
_CELL = "update cell set {} where cell = (select cell from entry where entry_id = {})"
BREACHES = {
    "more opened than collected": Breach(
        "update entry set amount = 1001 where entry_id = 28", "fund_openings", "entry 28 "
    ),
    "an opening by the receipt of no fund": Breach(
        "update entry set predecessor = 24 where entry_id = 27", "fund_openings", "entry 27 "
    ),
    "an opening by the receipt of another fund": Breach(
        "update entry set predecessor = 25 where entry_id = 28", "fund_openings", "entry 28 "
    ),
    "an opening by what repays an expense": Breach(
        "update entry set predecessor = 26 where entry_id = 29", "fund_openings", "entry 29 "
    ),
    "an opening by what is not collected": Breach(
        "update entry set predecessor = 19 where entry_id = 27", "predecessors", "entry 27 "
    ),
    "an opening in another year than the receipt": Breach(
        _CELL.format("budget_year = 2019", 29), "fund_openings", "entry 29 "
    ),
    "an opening of ordinary credits by a receipt": Breach(
        _CELL.format("fund = (select id from reference_text where kind = 4 and code = 'N/A')", 29),
        "fund_openings", "entry 29 ",
    ),
    "an opening by a finance law on a fund": Breach(
        "update entry set source = 1 where entry_id = 30", "fund_openings", "entry 30 "
    ),
    "an opening of the origin of funds": Breach(
        "update entry set source = 6 where entry_id = 1", "fund_openings", "entry 1 "
    ),
    "an opening by receipt at a BOP": Breach(
        _CELL.format("centre = (select id from reference_text where kind = 1 and code = '0217-SGAC')", 29),
        "credit_levels", "entry 29 ",
    ),
}  # fmt: skip


async def test_an_opening_is_no_commitment(dsn: str, tmp_path: Path) -> None:
    """What is left of a receipt is not what remains to be paid of a commitment; ``explain`` shows what it opened."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        report = await load_outstanding_commitments(connection, names, level=CentreLevel.PROGRAMME)
        (receipt,) = (await explain(connection, names, "E3")).accepted
    assert (report.commitments, report.open_cents) == (0, 0)
    assert [follower.kind for follower in receipt.followers] == ["fund_opening"]


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_funds_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=31)
