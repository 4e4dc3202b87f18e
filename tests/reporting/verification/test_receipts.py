"""Receivables and receipts: a journal of them is proven, and every planted breach of their rules is found."""

from pathlib import Path

import msgspec
import pytest

from core.catalog import KIND_NUMBERS
from reporting import act_narrative, code_labels
from reporting.code_names import read_names
from reporting.receipts import build_table, load_receipts
from reporting.situation import load_situation
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.journals import ASPR, BUDGET, PAID, act, explain_acts, process_senders
from tests.reporting.planted_breaches import Breach, assert_found

_UNIT = {"fund_centre": "0217-SGAC-ASPR"}
_DIVERS = {**_UNIT, "commitment_item": "269906"}
_COSTS = {**_UNIT, "commitment_item": "251102"}
_NEXT_YEAR = {"exercise": "2019", "date": "2019-02-01"}
_DEBTOR = act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban="FR1420041010050500013M02606")
_ISSUED = [
    _DEBTOR,
    act("receivable", "R1", "100.00", PAID, _DIVERS),
    act("receivable", "R2", "40.00", PAID, _COSTS, due="2018-12-01"),
    act("receivable", "R3", "25.00", PAID, _DIVERS),
    act("receipt", "E1", "30.00", predecessor="R1"),
    act("receivable_reduction", "D1", "10.00", predecessor="R1"),
    act("receivable_cancellation", "X1", "40.00", predecessor="R2"),
    act("commitment", "C1", "10.00", ASPR),
    act("direct_payment_request", "P1", "50.00", ASPR, PAID),
    act("set_off", "S1", "15.00", predecessor="P1", line="1"),
    act("set_off_receipt", "S1", "15.00", predecessor="R3", line="2"),
]
"""Entries 16 to 26, behind those of the budget: R1 is entry 17, E1 is 20, D1 21, X1 22, S1 is 25 and 26."""
_LATER = [
    act("receivable_reduction", "D2", "5.00", **_NEXT_YEAR, predecessor="@19"),
    act("receipt", "E2", "60.00", **_NEXT_YEAR, predecessor="@17"),
]
"""Entries 27 and 28, decided by a book that was loaded anew."""
_FILES = (("BUDGET", BUDGET), ("MINISTRY", _ISSUED), ("MINISTRY", _LATER))
_ACCOUNT = "(select id from reference_text where kind = 5 and code = '{}')"
_ITEM = (
    "update cell set item = (select id from reference_text where kind = 3 and code = '{}')"
    " where cell = (select cell from entry where entry_id = {})"
)
BREACHES = {
    "more collected than is due": Breach(
        "update entry set amount = 6001 where entry_id = 28", "receivables", "entry 17 "
    ),
    "a receipt of an earlier receivable that was cancelled": Breach(
        "update entry set predecessor = 18 where entry_id = 28", "receivables", "entry 18 "
    ),
    "no debtor": Breach("update entry set payee = 0 where entry_id = 19", "receivables", "entry 19 "),
    "a receivable on an item of expenses": Breach(
        _ITEM.format("31", 17), "receipt_natures", "entry 17 "
    ),
    "an expense on a nature of receipt": Breach(
        _ITEM.format("269906", 23), "receipt_natures", "entry 23 "
    ),
    "a product lowered in a later year": Breach(
        f"update entry set debit = {_ACCOUNT.format('7280000000')} where entry_id = 27", "annulments", "entry 27 "
    ),
    "an annulment in the year of the receivable": Breach(
        f"update entry set debit = {_ACCOUNT.format('7291000000')} where entry_id = 21", "annulments", "entry 21 "
    ),
    "a part cancelled": Breach("update entry set amount = 3999 where entry_id = 22", "reversals", "entry 22 "),
    "a receipt that credits another account": Breach(
        f"update entry set credit = {_ACCOUNT.format('4011100000')} where entry_id = 20", "predecessors", "entry 20 "
    ),
    "a receipt before its receivable": Breach(
        f"update entry set kind = {KIND_NUMBERS['receipt']} where entry_id = 18", "predecessors", "entry 18 "
    ),
    "a set-off of another sum than its collection": Breach(
        "update entry set amount = 1499 where entry_id = 26", "set_offs", "entry 25 "
    ),
    "a set-off against the receivable of another person": Breach(
        "update entry set payee = 0 where entry_id = 26", "set_offs", "entry 25 "
    ),
    "a receipt in place of the collection by set-off": Breach(
        f"update entry set kind = {KIND_NUMBERS['receipt']} where entry_id = 26", "set_offs", "entry 25 "
    ),
    "a set-off before its receivable is due": Breach(
        "update entry set source = source + 400 where entry_id = 19", "set_offs", "entry 26 "
    ),
    "a receivable that is due before its own day": Breach(
        "update entry set source = source - 1 where entry_id = 17", "set_offs", "entry 17 "
    ),
    "a receivable that is due on another day than it states": Breach(
        "update entry set source = source + 1 where entry_id = 18", "set_offs", "entry 18 "
    ),
}  # fmt: skip

_TAKEN_BACK = (*_FILES, ("MINISTRY", [act("receipt_reversal", "AE1", "12.00", predecessor="E1")]))
"""Entry 29 takes back a part of E1, entry 20."""
REVERSAL_BREACHES = {
    "more taken back than was collected": Breach(
        "update entry set amount = 3001 where entry_id = 29", "receipt_reversals", "entry 20 "
    ),
    "a collection by set-off that is taken back": Breach(
        "update entry set predecessor = 26 where entry_id = 29", "receipt_reversals", "entry 29 "
    ),
    "what is taken back of a receipt of the bank": Breach(
        "update submission set sender = 'bank' where submission = (select submission from entry where entry_id = 20)",
        "receipt_reversals",
        "entry 29 ",
    ),
    "a reversal that credits another account": Breach(
        f"update entry set credit = {_ACCOUNT.format('4011100000')} where entry_id = 29", "predecessors", "entry 29 "
    ),
}  # fmt: skip


@pytest.mark.parametrize("breach", [None, *BREACHES])
async def test_a_breach_of_receivables_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _FILES)
    await assert_found(dsn, BREACHES[breach] if breach else None, entries=28)


@pytest.mark.parametrize("breach", [None, *REVERSAL_BREACHES])
async def test_a_breach_of_reversals_is_found(dsn: str, tmp_path: Path, breach: str | None) -> None:
    await process_senders(dsn, tmp_path, _TAKEN_BACK)
    await assert_found(dsn, REVERSAL_BREACHES[breach] if breach else None, entries=29)


async def test_what_is_taken_back_was_not_collected(dsn: str, tmp_path: Path) -> None:
    """Of 2018, 45 were collected and 12 are taken back, which are left to be collected again beside the 5 of R3."""
    await process_senders(dsn, tmp_path, _TAKEN_BACK)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        report = await load_receipts(connection, names, exercise=2018)
        situation = await load_situation(connection, names, year=2018)
    assert (report.collected_cents, report.left_cents) == (3_300, 1_700)
    receipts = [line for line in situation.lines if line.line == "receipts"][-1]
    assert receipts.since_january_cents == 3_300
    history = (await explain_acts(dsn, "R1"))["R1"]
    collection = history.accepted[0].collection
    assert collection is not None
    assert msgspec.structs.astuple(collection) == (7_800, 1_000, 1_200)


async def test_the_report_adds_up_what_was_issued_lowered_and_collected(dsn: str, tmp_path: Path) -> None:
    """Of R1 (100) 30 and 60 are collected and 10 reduced; R2 (40) is cancelled; of R3 (25) 15 are set off and 5 reduced."""
    await process_senders(dsn, tmp_path, _FILES)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        report = await load_receipts(connection, names)
        later = await load_receipts(connection, names, exercise=2019)
    rows = [
        (nature.exercise, nature.nature, *msgspec.structs.astuple(nature)[3:7]) for nature in report.natures
    ]
    assert rows == [
        (2018, "251102", 4_000, 4_000, 0, 0),
        (2018, "269906", 12_500, 1_000, 4_500, 500),
        (2019, "269906", 0, 500, 6_000, 0),
    ]
    assert (report.issued_cents, report.lowered_cents) == (16_500, 5_500)
    assert (report.collected_cents, report.left_cents) == (10_500, 500)
    assert (later.collected_cents, later.left_cents) == (6_000, 0)
    assert build_table(report).rows[1][1:3] == ["269906", "Autres produits divers: autres recettes diverses"]


async def test_the_history_of_a_receivable_says_what_is_left_of_it(dsn: str, tmp_path: Path) -> None:
    """The same sums by hand: 100 - 30 - 60 - 10; 40 - 40; 25 - 15 - 5.  A receipt and a request are no receivable."""
    await process_senders(dsn, tmp_path, _FILES)
    explanations = await explain_acts(dsn, "R1", "R2", "R3", "E1", "P1", "S1")
    sums = {
        reference: [line.collection and msgspec.structs.astuple(line.collection) for line in history.accepted]
        for reference, history in explanations.items()
    }
    assert sums == {
        "R1": [(9_000, 1_000, 0)],
        "R2": [(0, 4_000, 0)],
        "R3": [(1_500, 500, 500)],
        "E1": [None, None],
        "P1": [None],
        "S1": [None, None],
    }
    texts = {reference: list(act_narrative.render(history)) for reference, history in explanations.items()}
    assert (
        "  left       0.00 euros to be collected: 90.00 were collected, 10.00 were taken off it"
        in texts["R1"]
    )
    assert (
        "  left       5.00 euros to be collected: 15.00 were collected, 5.00 were taken off it" in texts["R3"]
    )
    assert not any("the account of the transfer" in str(text) for text in texts["S1"])
