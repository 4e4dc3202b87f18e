"""The monthly situation of a small journal of two years, added up by hand."""

from pathlib import Path

from core.nomenclature import CentreLevel
from reporting import code_labels
from reporting.budget import BudgetScope, load_budget
from reporting.code_names import read_names
from reporting.situation import BALANCE, EXPENSES, LABELS, MonthlySituation, build_table, load_situation
from reporting.visibility import WHOLE_JOURNAL, Visibility
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reporting.journals import ASPR, BUDGET, PAID, SPENDING, WORKS, act, grant

_PLACE = {**ASPR, "commitment_item": "269906"}
_ACTS = [
    SPENDING[0],
    act("direct_payment_request", "D1", "60.00", ASPR, PAID),
    act("direct_payment_request", "D2", "40.00", WORKS, PAID),
    act("receivable", "R1", "100.00", PAID, _PLACE),
]
_FIRST = len(BUDGET) + 1
"""The entry of the third party; D1, D2 and R1 follow."""


async def load(dsn: str, visibility: Visibility = WHOLE_JOURNAL, **options: int) -> MonthlySituation:
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        return await load_situation(connection, names, visibility=visibility, **options)


def list_amounts(situation: MonthlySituation, month: int) -> dict[str, tuple[int, int]]:
    return {
        line.line: (line.in_month_cents, line.since_january_cents)
        for line in situation.lines
        if line.month == month and line.since_january_cents
    }


async def post_acts(dsn: str, folder: Path) -> None:
    """Pay 20.00 in March and 10.00 and 40.00 in April; collect 30.00 in April."""
    await process_rows(dsn, folder, REFERENCE, BUDGET, "TREASURY")
    await process_rows(dsn, folder, REFERENCE, _ACTS)
    iban = {"iban": SPENDING[0]["iban"]}
    april = {"date": "2018-04-10"}
    payments = [
        act("payment", "P1", "20.00", iban, predecessor=f"@{_FIRST + 1}"),
        act("payment", "P2", "10.00", iban, april, predecessor=f"@{_FIRST + 1}"),
        act("payment", "P3", "40.00", iban, april, predecessor=f"@{_FIRST + 2}"),
    ]
    await process_rows(dsn, folder, REFERENCE, payments, "treasury")
    await process_rows(dsn, folder, REFERENCE, [act("receipt", "E1", "30.00", april, predecessor="R1")])


async def test_expenses_and_receipts_are_cumulated_by_month(dsn: str, tmp_path: Path) -> None:
    await post_acts(dsn, tmp_path)
    situation = await load(dsn)
    assert situation.year == 2018
    assert {line.month for line in situation.lines} == {1, 2, 3, 4}
    assert list_amounts(situation, 2) == {}
    assert list_amounts(situation, 3) == {
        "title_3": (2_000, 2_000),
        "expenses": (2_000, 2_000),
        "balance": (-2_000, -2_000),
    }
    assert list_amounts(situation, 4) == {
        "title_3": (1_000, 3_000),
        "title_5": (4_000, 4_000),
        "expenses": (5_000, 7_000),
        "other_receipts": (3_000, 3_000),
        "receipts": (3_000, 3_000),
        "balance": (-2_000, -4_000),
    }
    assert {line.year_before_cents for line in situation.lines} == {None}
    assert len((await load(dsn, month=6)).lines) == len(LABELS)


async def test_the_expenses_are_the_credits_that_were_consumed(dsn: str, tmp_path: Path) -> None:
    await post_acts(dsn, tmp_path)
    async with open_connection(dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        budget = await load_budget(connection, names, BudgetScope(CentreLevel.PROGRAMME, None, 2018, None))
    (total,) = [line for line in (await load(dsn, month=12)).lines if line.line == EXPENSES]
    assert total.since_january_cents == sum(node.cp.consumed for node in budget.nodes) == 7_000


async def test_special_accounts_are_left_out(dsn: str, tmp_path: Path) -> None:
    """The radars (0751) collect 50.00 and spend 20.00, which is no part of the general budget."""
    centre = "0751-CENT-C001"
    credits_of_radars = [
        grant(f"{kind}_{measure}", f"{kind}{measure}", "100.00", place)
        for measure in ("ae", "cp")
        for kind, place in (("budget_opening", "0751"), ("allotment", "0751-CENT"), ("allotment", centre))
    ]
    credits_of_radars = [{**row, "reference": f"G{at}"} for at, row in enumerate(credits_of_radars)]
    await post_acts(dsn, tmp_path)
    before = await load(dsn, month=4)
    await process_rows(dsn, tmp_path, REFERENCE, credits_of_radars, "TREASURY")
    place = {"fund_centre": centre, "functional_area": "0751-01", "commitment_item": "31"}
    acts = [
        act("receivable", "R9", "50.00", PAID, {"fund_centre": centre, "commitment_item": "269906"}),
        act("receipt", "E9", "50.00", predecessor="R9"),
        act("direct_payment_request", "D9", "20.00", place, PAID),
        act("payment", "V9", "20.00", predecessor="D9", iban=SPENDING[0]["iban"]),
    ]
    await process_rows(dsn, tmp_path, REFERENCE, acts)
    after = await load(dsn, month=4)
    assert after.batch > before.batch
    assert after.lines == before.lines


async def test_the_year_before_stands_beside(dsn: str, tmp_path: Path) -> None:
    await post_acts(dsn, tmp_path)
    (before,) = [line for line in (await load(dsn, year=2019, month=4)).lines if line.line == BALANCE]
    assert (before.in_month_cents, before.since_january_cents, before.year_before_cents) == (0, 0, -4_000)


async def test_a_sender_sees_what_is_paid_of_its_requests(dsn: str, tmp_path: Path) -> None:
    await post_acts(dsn, tmp_path)
    own = await load(dsn, Visibility("MINISTRY"))
    assert own == await load(dsn)
    assert (await load(dsn, Visibility("OTHER"))).lines == []
    works = await load(dsn, Visibility(centres=[]))
    assert works.lines == []


async def test_the_table_has_a_row_for_each_month_and_line(dsn: str, tmp_path: Path) -> None:
    await post_acts(dsn, tmp_path)
    table = build_table(await load(dsn, month=4))
    assert table.title == "Monthly situation 2018, after batch 4"
    assert ["4", LABELS[EXPENSES], 5_000, 7_000, None] in table.rows
    assert (
        table.to_csv().splitlines()[0] == "month,line of the situation,in the month,since January,year before"
    )
