"""The reconciliation of budget balance and result: a small year by hand, parts of it, and postings that no rule names."""

from pathlib import Path

import msgspec
import pytest

from core.catalog import KIND_NUMBERS
from posting.book.registry import ReferenceData
from reporting import code_labels
from reporting.code_names import read_names
from reporting.french_headings import translate_headings
from reporting.reconciliation import Reconciliation, build_table, load_reconciliation
from reporting.reconciliation_items import (
    ITEMS,
    NOT_EXPLAINED,
    OTHER_YEARS,
    POSTING_RULES,
    TREASURY_RULES,
    PostedSum,
    list_amounts,
)
from reporting.visibility import Visibility, list_centres_within
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reference_years import copy_reference, replace_text
from tests.reporting.journals import BUDGET, process_senders
from tests.reporting.reconciled_year import REASSIGNED, post_year

_EXPECTED = """
budget       Receipts collected                                       50.00
budget       CP consumed                                            -190.00
budget       Budget balance                                         -140.00
accruals     Services certified and not requested   200.00  220.00   -20.00
accruals     Entries of the inventory                 0.00   15.00   -15.00
assets       Assets                                 180.00   80.00   100.00
assets       Depreciation and impairment              0.00   20.00   -20.00
advances     Advances paid and not recovered         20.00    0.00    20.00
unpaid       Requests and wages not paid            180.00  210.00   -30.00
unpaid       Penalties withheld and not confirmed    10.00   10.00     0.00
unpaid       Returned transfers                      60.00   60.00     0.00
receipts     Receivables not collected              100.00   40.00    60.00
result       Not explained                            0.00    0.00     0.00
result       Result                                                  -45.00
"""
"""By hand.  Receipts: 40.00 of the receivable, 10.00 of the penalty.  CP: 60.00, 100.00, 20.00, and 10.00 of the penalty.
Result: services 120.00, accrual 15.00, depreciation 20.00, against the receivable 100.00 and the penalty 10.00.

Of the service of 120.00 only 90.00 are requested and 10.00 withheld, and the asset of 100.00 is all requested; of the
requests of 210.00 (with the advance) 180.00 are paid.  The rejected transfer stays due and costs no money."""


async def load(
    dsn: str,
    *,
    exercise: int | None = 2018,
    batch: int | None = None,
    programmes: tuple[str, ...] = (),
    sender: str | None = None,
) -> Reconciliation:
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        centres = list_centres_within(names, frozenset(programmes))
        visibility = Visibility(sender, centres, list(programmes) or None)
        return await load_reconciliation(
            connection, names, exercise=exercise, batch=batch, visibility=visibility
        )


async def test_a_small_year_is_reconciled_as_by_hand(dsn: str, tmp_path: Path) -> None:
    await post_year(dsn, tmp_path)
    report = await load(dsn)
    table = build_table(report)
    rows = [[cell for cell in row if cell] for row in table.format_rows()]
    lines = [line.split("  ") for line in _EXPECTED.strip().splitlines()]
    assert rows == [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert table.format_footer() == ["reconciled", "", "", "", "0.00"]
    assert report.is_reconciled


async def test_the_reversal_of_an_accrual_is_a_line_of_the_next_year(dsn: str, tmp_path: Path) -> None:
    await post_year(dsn, tmp_path)
    report = await load(dsn, exercise=2019)
    assert [(item.item, item.amount_cents) for item in report.items if item.amount_cents] == [
        ("inventory_reversals", 1_500)
    ]
    assert (report.budget_balance_cents, report.result_cents, report.is_reconciled) == (0, 1_500, True)
    assert await load(dsn, exercise=None) == report


async def test_a_part_and_an_earlier_batch_are_reconciled_too(dsn: str, tmp_path: Path) -> None:
    await post_year(dsn, tmp_path)
    whole = await load(dsn)
    assert whole.stored_figures == ["cp_consumed", "result"]
    part = await load(dsn, programmes=("0217",))
    assert part == msgspec.structs.replace(whole, stored_figures=["cp_consumed"])
    assert build_table(part).format_footer()[0] == "CP reconciled"
    other = await load(dsn, programmes=("0117",))
    assert (other.result_cents, other.is_reconciled) == (0, True)
    assert (await load(dsn, batch=1)).budget_balance_cents == 0


async def test_of_one_sender_nothing_is_compared_so_nothing_is_reconciled(dsn: str, tmp_path: Path) -> None:
    """His entries state both ends, so they agree whatever is stored."""
    await post_year(dsn, tmp_path)
    report = await load(dsn, sender="MINISTRY")
    assert (report.budget_balance_cents, report.result_cents) == (-14_000, -4_500)
    assert (report.not_explained_cents, report.stored_figures, report.is_reconciled) == (0, [], False)
    assert build_table(report).format_footer()[0] == "a part of the journal: not compared"


async def test_cp_of_another_programme_are_not_compared_with_those_of_a_part(
    dsn: str, tmp_path: Path
) -> None:
    await post_year(dsn, tmp_path)
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "update node_balance set cp_consumed = cp_consumed - 1 where cp_consumed > 0"
        )
    report = await load(dsn, programmes=("0217",))
    assert (report.not_explained_cents, report.is_reconciled) == (-1, False)
    assert build_table(report).format_footer()[0] == "NOT reconciled"
    assert (await load(dsn, programmes=("0117",))).is_reconciled


async def test_a_reassignment_between_two_programmes_is_reconciled_for_each(dsn: str, tmp_path: Path) -> None:
    """Of 30.00 that 0217 paid 12.00 go to 0117: the charge and the CP alike, so nothing lies between."""
    reference = copy_reference(tmp_path)
    replace_text(reference, "2018/assigned.csv", "0117,ADCE", "0117,ECOL")
    senders = (("BUDGET", BUDGET), ("MINISTRY", REASSIGNED))
    await process_senders(dsn, tmp_path, senders, ReferenceData.load(reference))
    for programmes, cents in ((("0217",), 1_800), (("0117",), 1_200), ((), 3_000)):
        report = await load(dsn, programmes=programmes)
        assert (report.consumed_cents, report.result_cents) == (cents, -cents)
        assert (report.not_explained_cents, report.is_reconciled) == (0, True), programmes
        assert sum(abs(item.amount_cents) for item in report.items) == 0


async def test_cp_that_another_year_paid_in_its_books_are_an_item_of_both(dsn: str, tmp_path: Path) -> None:
    """The payment P1 of 60.00 stands in the books of 2019, as in a complementary period."""
    await post_year(dsn, tmp_path)
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("update entry set exercise = 2019, month = 1 where entry_id = 20")
    for year, cents in ((2018, 6_000), (2019, -6_000)):
        for programmes in ((), ("0217",)):
            report = await load(dsn, exercise=year, programmes=programmes)
            amounts = {item.item: item.amount_cents for item in report.items}
            assert (amounts[OTHER_YEARS], report.not_explained_cents) == (cents, 0), (year, programmes)


async def test_an_empty_ledger_has_nothing_to_reconcile(dsn: str, tmp_path: Path) -> None:
    await post_year(dsn, tmp_path)
    report = await load(dsn, exercise=None, batch=0)
    assert (report.result_cents, report.is_reconciled) == (0, True)


@pytest.mark.parametrize(("sender", "stored"), [(None, ["cp_consumed", "result"]), ("MINISTRY", [])])
async def test_nothing_is_compared_for_one_sender_before_the_first_entry_either(
    dsn: str, sender: str | None, stored: list[str]
) -> None:
    report = await load(dsn, exercise=None, sender=sender)
    assert (report.exercise, report.stored_figures, report.is_reconciled) == (None, stored, bool(stored))


async def test_a_stored_figure_that_no_entry_explains_is_shown(dsn: str, tmp_path: Path) -> None:
    await post_year(dsn, tmp_path)
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(
            "update node_balance set cp_consumed = cp_consumed - 1 where cp_consumed > 0"
        )
    report = await load(dsn)
    assert (report.not_explained_cents, report.is_reconciled) == (-1, False)
    assert build_table(report).format_footer()[0] == "NOT reconciled"


async def test_the_table_is_french_word_for_word(dsn: str, tmp_path: Path) -> None:
    await post_year(dsn, tmp_path)
    table = translate_headings(build_table(await load(dsn)))
    assert table.title.startswith("Passage du solde budgétaire au résultat 2018, après le lot ")
    assert [row[1] for row in table.rows][:3] == ["Recettes encaissées", "CP consommés", "Solde budgétaire"]
    assert table.footer[0] == "concordant"


async def test_a_posting_without_an_item_is_shown(dsn: str, tmp_path: Path) -> None:
    """The payment P1 clears no account of the treasury: 60.00 of CP are consumed without money."""
    await post_year(dsn, tmp_path)
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        account = "(select id from reference_text where kind = 5 and code = '4081000000')"
        await connection.execute(f"update entry set credit = {account} where entry_id = 20")
    report = await load(dsn)
    assert (report.unnamed_raises_cents, report.not_explained_cents) == (6_000, 6_000)
    assert not report.is_reconciled


def test_every_rule_names_an_item_and_every_item_has_one() -> None:
    codes = [item.code for item in ITEMS]
    assert len(set(codes)) == len(codes)
    assert {rule.item for rule in (*POSTING_RULES, *TREASURY_RULES)} == set(codes) - {OTHER_YEARS}


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "expected"),
    [
        ("journal_debit", "8010000000", "", {NOT_EXPLAINED: 100}),
        ("payment", "4011100000", "7280000000", {"requests": 100, NOT_EXPLAINED: 100}),
        ("identification_receipt", "4721000000", "4111100000", {"suspense": 0, "receivables": -100}),
        ("receipt", "4721000000", "4111100000", {"suspense": 100, "receivables": -100, NOT_EXPLAINED: -100}),
        ("set_off", "4011100000", "4678840000", {"requests": 100, "set_offs": 0}),
        ("reissue", "4671518000", "5126410000", {"returned_transfers": 0}),
        ("suspense_receipt", "5121100000", "4721000000", {"suspense": 0}),
        ("suspense_return", "5121100000", "5129500000", {"suspense": 0}),
        ("identification_return", "5129500000", "4671518000", {"suspense": 0}),
        ("bank_return", "5121100000", "4671518000", {"returned_transfers": 0}),
        ("inventory_reversal", "4081000000", "6188000000", {"inventory_reversals": 100}),
        ("inventory_correction", "4081000000", "6188000000", {"inventory": 100}),
        ("reassignment_origin", "", "6188000000", {}),
        ("reassignment_target", "2313100000", "", {"assets": 100}),
        ("journal_debit", "5121100000", "", {"treasury_by_hand": 100}),
        ("journal_debit", "5129100000", "", {"suspense": 100}),
    ],
)
def test_each_posting_belongs_to_one_item(
    kind: str, debit: str, credit: str, expected: dict[str, int]
) -> None:
    sums: dict[str, int] = {}
    for item, cents in list_amounts(PostedSum(KIND_NUMBERS[kind], debit, credit, 100)):
        sums[item] = sums.get(item, 0) + cents
    assert sums == expected
