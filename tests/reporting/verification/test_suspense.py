"""Suspense accounts: their items are proven and reported with their justification, and every planted breach is found."""

from datetime import date
from pathlib import Path

import pytest

from reporting import code_labels, suspense
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.code_names import read_names
from reporting.proofs import prove_batch
from reporting.visibility import Visibility
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, act, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_PLACE = {"fund_centre": "0177-D075-DD75", "functional_area": "0177-12", "commitment_item": "31"}
_CREDITOR, _DEBTOR = "4721000000", "4731000000"


def _post(kind: str, reference: str, line: int, amount: str, account: str, **fields: str) -> dict[str, str]:
    row = act(kind, reference, amount, ASPR, _PERSONS, line=str(line), account=account)
    return row | fields


def _justify(reference: str, entry: int, account: str, reason: str, **fields: str) -> dict[str, str]:
    named = {"predecessor": f"@{entry}", "account": account, "reason": reason}
    row = {"kind": "justification", "reference": reference, "exercise": "2018", "date": "2018-05-30"}
    return row | named | fields


_ITEMS = [
    _post("journal_debit", "OD-1", 1, "100.00", "6188000000"),
    _post("journal_credit", "OD-1", 2, "70.00", _CREDITOR),
    _post("journal_credit", "OD-1", 3, "30.00", _CREDITOR),
    _post("journal_debit", "OD-2", 1, "8.00", _DEBTOR, **_PLACE),
    _post("journal_credit", "OD-2", 2, "8.00", "6188000000", **_PLACE),
]
"""Entries 16 to 20, behind those of the budget: the last two are of another accountant."""
_CLEARINGS = [
    _post("clearing_debit", "OD-3", 1, "50.00", _CREDITOR, predecessor="OD-1#2"),
    _post("journal_credit", "OD-3", 2, "50.00", "6113110000"),
    _post("clearing_debit", "OD-4", 1, "30.00", _CREDITOR, predecessor="@18"),
    _post("journal_credit", "OD-4", 2, "30.00", "6113110000"),
]
"""Entries 21 to 24, decided by a book that was loaded anew."""
_JUSTIFICATIONS = [
    _justify("JU-1", 17, _CREDITOR, "unknown sender"),
    _justify("JU-2", 17, _CREDITOR, "sender found: titre à émettre", date="2018-06-01"),
]
"""Entries 25 and 26: the second replaces the first."""
_FILES = (("BUDGET", BUDGET), ("DRFIP", _ITEMS), ("DRFIP", _CLEARINGS), ("DRFIP", _JUSTIFICATIONS))
_CHECK = "suspense_items"
BREACHES = {
    "a clearing of another entry": ("update entry set predecessor = 19 where entry_id = 21", _CHECK, "entry 21 "),
    "a clearing of a charge": ("update entry set predecessor = 16 where entry_id = 21", _CHECK, "entry 21 "),
    "a clearing of another accountant": (
        "update entry set accountant = (select accountant from entry where entry_id = 19) where entry_id = 21",
        _CHECK, "entry 21 ",
    ),
    "a clearing on the other side": (
        "update entry set credit = debit, debit = 0 where entry_id = 21", _CHECK, "entry 21 ",
    ),
    "more cleared than stood there": ("update entry set amount = 9000 where entry_id = 21", _CHECK, "entry 17 "),
    "a justification of a charge": ("update entry set predecessor = 16 where entry_id = 25", _CHECK, "entry 25 "),
    "a justification of what is cleared": ("update entry set predecessor = 18 where entry_id = 26", _CHECK, "entry 26 "),
    "a justification without a text": (
        "alter table request_detail disable trigger all; delete from request_detail", _CHECK, "entry 25 ",
    ),
    "a balance that is not the sum of its items": (
        f"update entry set debit = (select id from reference_text where kind = 5 and code = '{_DEBTOR}') where entry_id = 23",
        _CHECK, _DEBTOR,
    ),
}  # fmt: skip


async def _process(dsn: str, tmp_path: Path) -> None:
    await add_accountants(dsn)
    await process_senders(dsn, tmp_path, _FILES)


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_a_suspense_account_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await _process(dsn, tmp_path)
    planted = Breach(*BREACHES[breach]) if breach else None
    await assert_found(dsn, planted, entries=26)


async def test_the_report_lists_what_is_open_and_why(dsn: str, tmp_path: Path) -> None:
    """Of 70.00 50.00 are cleared, so 20.00 are open; the 30.00 are cleared; the 8.00 of another accountant have no text."""
    await _process(dsn, tmp_path)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        report = await suspense.load_suspense(connection, names, exercise=2018, day=date(2018, 7, 1))
        of_one = await suspense.load_suspense(connection, names, accountant=report.items[0].accountant)
        hidden = await suspense.load_suspense(connection, names, visibility=Visibility(sender="NOBODY"))
        rows = await connection.fetch("select batch from batch order by batch")
        proofs = [await prove_batch(connection, names, row["batch"]) for row in rows]
        history = await explain(connection, names, "JU-2")
    assert [part for proof in proofs if proof for part in proof.agreements if part.holds is False] == []
    figures = [(item.account, item.entry, item.open_cents, item.justification) for item in report.items]
    assert figures == [
        (_CREDITOR, 17, -2_000, "sender found: titre à émettre"),
        (_DEBTOR, 19, 800, ""),
    ]
    assert [(item.justified_on, item.age_days > 0) for item in report.items] == [
        ("2018-06-01", True),
        (None, True),
    ]
    sums = [(account.account, account.not_justified, account.balance_cents) for account in report.accounts]
    assert sums == [(_CREDITOR, 0, -2_000), (_DEBTOR, 1, 800)]
    assert report.add_up
    assert suspense.build_table(report).footer[-1] == "equal to the balances"
    assert [item.entry for item in of_one.items] == [17]
    assert of_one.add_up
    assert not hidden.items
    lines = [part for part in render(history) if isinstance(part, str)]
    assert any("sender found: titre à émettre" in line for line in lines)


async def test_a_caller_sees_the_items_of_his_acts_and_no_text_of_another_sender(
    dsn: str, tmp_path: Path
) -> None:
    """A justification by another sender shows its day alone; part of a journal is not compared with the balances."""
    await add_accountants(dsn)
    text = [_justify("JU-1", 17, _CREDITOR, "unknown sender")]
    await process_senders(dsn, tmp_path, (*_FILES[:2], ("OTHER", text)))
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        own = await suspense.load_suspense(connection, names, visibility=Visibility(sender="DRFIP"))
        of_other = await suspense.load_suspense(connection, names, visibility=Visibility(sender="OTHER"))
        centre = names.by_code["0217-SGAC-ASPR"]
        of_centre = await suspense.load_suspense(connection, names, visibility=Visibility(centres=[centre]))
    assert [(item.entry, item.justification, item.justified_on) for item in own.items] == [
        (17, "", "2018-05-30"),
        (18, "", None),
        (19, "", None),
    ]
    assert [account.balance_cents for account in own.accounts] == [None, None]
    assert suspense.build_table(own).footer[-1] == "a part of the journal: not compared"
    assert not of_other.items
    assert [(item.entry, item.justification) for item in of_centre.items] == [
        (17, "unknown sender"),
        (18, ""),
    ]
