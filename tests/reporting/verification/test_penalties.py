"""Penalties: a journal of them is proven, and every planted breach of their rules is found."""

from pathlib import Path

import pytest

from core.catalog import KIND_NUMBERS
from reporting import code_labels
from reporting.code_names import read_names
from reporting.receipts import load_receipts
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, WORKS, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_IBAN = "FR1420041010050500013M02606"
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban=_IBAN),
    act("commitment", "C1", "100.00", ASPR),
    act("service", "S1", "90.00", predecessor="C1"),
    act("penalty", "N1", "20.00", PAID, predecessor="C1"),
    act("payment_request", "R1", "60.00", PAID, predecessor="C1"),
    act("payment", "P1", "60.00", predecessor="R1"),
    act("penalty_confirmation", "F1", "7.00", predecessor="N1"),
    act("penalty_remission", "M1", "8.00", predecessor="N1"),
    act("payment", "P2", "6.00", predecessor="M1"),
    act("payment_request_rejection", "RJ1", "2.00", predecessor="M1"),
    act("penalty_rejection", "NX1", "4.00", predecessor="N1"),
    act("commitment", "C2", "80.00", WORKS),
    act("service", "S2", "80.00", predecessor="C2"),
    act("penalty", "N2", "10.00", PAID, predecessor="C2"),
    act("penalty_confirmation", "F2", "10.00", predecessor="N2"),
]
"""Entries 16 to 30, behind those of the budget: C1 is entry 17, S1 18, N1 19, R1 20, P1 21, F1 22, M1 23, P2 24, RJ1 25,
NX1 26, C2 27, S2 28, N2 29, F2 30."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _ACTS))


def _find_account(code: str) -> str:
    return f"(select id from reference_text where kind = 5 and code = '{code}')"


BREACHES = {
    "more withheld than was certified": Breach(
        "update entry set amount = 9001 where entry_id = 19", "penalties", "entry 19 "
    ),
    "a penalty before the service": Breach(
        "update entry set predecessor = 17 where entry_id = 28", "penalties", "entry 29 "
    ),
    "a penalty of a grant": Breach(
        "update cell set item = (select id from reference_text where kind = 3 and code = '63')"
        " where cell = (select cell from entry where entry_id = 19)",
        "penalties", "entry 19 ",
    ),
    "a penalty of nobody": Breach("update entry set payee = 0 where entry_id = 19", "penalties", "entry 19 "),
    "more confirmed than was withheld": Breach(
        "update entry set amount = 1001 where entry_id = 30", "open_items", "entry 29 "
    ),
    "a payment of what is withheld": Breach(
        "update entry set predecessor = 19 where entry_id = 24", "predecessors", "entry 24 "
    ),
    "a guarantee released in place of a penalty": Breach(
        f"update entry set kind = {KIND_NUMBERS['retention_release']} where entry_id = 23", "predecessors", "entry 23 "
    ),
    "a penalty on assets on the account of purchases": Breach(
        f"update entry set credit = {_find_account('4016000000')} where entry_id = 29", "accounts_by_role", "entry 29 "
    ),
    "a confirmation to the account of the supplier": Breach(
        f"update entry set credit = {_find_account('4011100000')} where entry_id = 22", "accounts_by_role", "entry 22 "
    ),
    "a confirmation that consumed no CP": Breach(
        "update node_balance set cp_consumed = cp_consumed - 700 where cp_consumed > 0", "node_balances", "0217",
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_penalties_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=30)


async def test_a_confirmed_penalty_is_a_receipt_of_the_nature_of_its_product(
    dsn: str, tmp_path: Path
) -> None:
    """7.00 and 10.00 are confirmed; 251102 is the nature of receipts.csv whose product is 7220000000."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        report = await load_receipts(connection, await read_names(connection, code_labels.load(REFERENCE)))
    (nature,) = report.natures
    assert (nature.exercise, nature.nature, nature.issued_cents) == (2018, "251102", 1_700)
    assert (nature.collected_cents, nature.lowered_cents, nature.left_cents) == (1_700, 0, 0)
