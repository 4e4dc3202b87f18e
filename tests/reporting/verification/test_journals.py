"""Entries by hand: a journal of them is proven and reported, and every planted breach of their rule is found."""

from pathlib import Path

import pytest

from reporting import code_labels, trial_balance
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.code_names import read_names
from reporting.proofs import prove_batch
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_DD75 = {"fund_centre": "0177-D075-DD75", "functional_area": "0177-12", "commitment_item": "31"}


def _post(side: str, line: int, amount: str, account: str, **fields: str) -> dict[str, str]:
    row = act(f"journal_{side}", "OD-1", amount, ASPR, _PERSONS, line=str(line), account=account)
    return row | fields


_ENTRIES = [
    _post("debit", 1, "40.00", "6113110000"),
    _post("credit", 2, "30.00", "6188000000"),
    _post("credit", 3, "10.00", "4721000000"),
]
"""Entries 16 to 18, behind those of the budget."""
_LATER = [
    _post("debit", 1, "7.00", "6113110000", reference="OD-2", **_DD75),
    _post("credit", 2, "7.00", "6188000000", reference="OD-2", **_DD75),
]
"""Entries 19 and 20, of another accountant, decided by a book that was loaded anew."""
_TRANSFER = [
    _post("debit", 1, "5.00", "1842100000", reference="OD-3"),
    _post("credit", 2, "5.00", "6188000000", reference="OD-3"),
    _post("debit", 3, "5.00", "6188000000", reference="OD-3", **_DD75),
    _post("credit", 4, "5.00", "1842100000", reference="OD-3", **_DD75),
]
"""Entries 21 to 24, from one accountant to another."""
_FILES = (("BUDGET", BUDGET), ("DRFIP", _ENTRIES), ("DRFIP", _LATER), ("DRFIP", _TRANSFER))
_SUPPLIERS = "(select id from reference_text where kind = 5 and code = '4011100000')"
BREACHES = {
    "an act that is not balanced": (
        "update entry set amount = amount - 1 where entry_id = 17", "manual_entries", "entry 16 ",
    ),
    "two sides that are not of one month": ("update entry set month = 4 where entry_id = 20", "manual_entries", "entry 20 "),
    "two sides that are not of one accountant": (
        "update entry set accountant = 1 where entry_id = 17", "manual_entries", "entry 17 ",
    ),
    "the account of suppliers": (
        f"update entry set credit = {_SUPPLIERS} where entry_id = 18", "manual_entries", "entry 18 ",
    ),
    "something left between two accountants": (
        "update entry set amount = 499 where entry_id in (23, 24)", "manual_entries", "entry 21 ",
    ),
    "a transfer of one accountant alone": (
        "update entry set accountant = (select accountant from entry where entry_id = 21) where entry_id > 22",
        "manual_entries", "entry 21 ",
    ),
    "no persons": ("delete from entry_signature where entry = 19", "manual_entries", "entry 19 "),
    "two sides in one entry": (
        "update entry set debit = credit where entry_id = 18", "accounts_known", "entry 18 ",
    ),
    "a credit on the side of debits": (
        "update entry set debit = credit, credit = 0 where entry_id = 18", "accounts_known", "entry 18 ",
    ),
    "an entry without account": ("update entry set credit = 0 where entry_id = 18", "accounts_known", "entry 18 "),
}  # fmt: skip


async def _process(dsn: str, tmp_path: Path) -> None:
    await add_accountants(dsn)
    await process_senders(dsn, tmp_path, _FILES)


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_an_entry_by_hand_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await _process(dsn, tmp_path)
    planted = Breach(*BREACHES[breach]) if breach else None
    await assert_found(dsn, planted, entries=24)


async def test_reports_and_proofs_follow_an_entry_by_hand(dsn: str, tmp_path: Path) -> None:
    """57.00 stand on both sides: 40.00 of one accountant, 7.00 of another, and 5.00 of each for the transfer."""
    await _process(dsn, tmp_path)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        rows = await connection.fetch("select batch from batch order by batch")
        proofs = [await prove_batch(connection, names, row["batch"]) for row in rows]
        balance = await trial_balance.load_trial_balance(connection, names)
        explanation = await explain(connection, names, "OD-1")
    assert [part for proof in proofs if proof for part in proof.agreements if not part.holds] == []
    assert (balance.debit_cents, balance.credit_cents) == (5_700, 5_700)
    figures = {account.account: (account.debit_cents, account.credit_cents) for account in balance.accounts}
    assert figures == {"6113110000": (4_700, 0), "6188000000": (500, 4_200), "4721000000": (0, 1_000)} | {
        "1842100000": (500, 500)
    }
    lines = [part for part in render(explanation) if isinstance(part, str)]
    posted = [line for line in lines if line.startswith("  posted")]
    assert [line.split()[1:3] for line in posted] == [
        ["debit", "6113110000"],
        ["credit", "6188000000"],
        ["credit", "4721000000"],
    ]
    assert all(not line.nodes for line in explanation.accepted), "no budget changes"
