"""The reports of closing on a small State, before and after its commitments and requests are carried; all added up by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from closing.steps import Step
from reporting import code_labels
from reporting.aged_items import BY_ITEM, ItemScope, load_aged_items
from reporting.code_names import read_names
from reporting.commitments import load_outstanding_commitments
from reporting.mandatory import MandatoryReport, load_mandatory
from reporting.remaining_amounts import RemainingToPay, load_remaining_amounts
from reporting.statements import Statements, load_statements
from reporting.trial_balance import BalanceScope
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_state import ACCRUED, YEAR, execute, load_balance, open_year_end
from tests.service.small_state import State, build_payee_code

NEXT = {"exercise": 2019, "date": "2019-02-01"}


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    """Open the State: 366.00 are engaged, 239.00 certified, 129.00 requested for it, 9.00 paid."""
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def load_and_compare(state: State) -> RemainingToPay:
    """Load what remains to be paid, which must add up to the report of commitments."""
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        remaining = await load_remaining_amounts(connection, names)
        outstanding = await load_outstanding_commitments(connection, names)
    for name in ("engaged", "withdrawn", "paid", "open", "unbilled", "requested", "remaining"):
        assert getattr(remaining, f"{name}_cents") == getattr(outstanding, f"{name}_cents"), name
    assert remaining.commitments == outstanding.commitments
    return remaining


async def load_expenses(
    state: State, exercise: int | None = None, batch: int | None = None
) -> MandatoryReport:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        return await load_mandatory(connection, names, exercise=exercise, batch=batch)


async def load_years(state: State, exercise: int | None = None, accountant: str | None = None) -> Statements:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        return await load_statements(connection, names, BalanceScope(exercise, None, accountant))


def list_remaining(remaining: RemainingToPay) -> list[tuple[str, int, int, int, int, int]]:
    return [
        (
            row.programme,
            row.origin_year,
            row.engaged_cents,
            row.paid_cents,
            row.requested_cents,
            row.remaining_cents,
        )
        for row in remaining.programmes
    ]


def list_expenses(report: MandatoryReport) -> list[tuple[str, int, int, int]]:
    return [(row.programme, row.certified_in, row.accrued_cents, row.owed_cents) for row in report.programmes]


async def find_last(state: State, reference: str) -> str:
    (row,) = await state.fetch(f"select max(entry_id) as entry from entry where reference = '{reference}'")
    return f"@{row['entry']}"


async def test_a_carried_commitment_stays_in_its_year_of_origin(state: State) -> None:
    """What is requested and not paid remains, too: 120.00 of EJ-1; 9.00 of EJ-3 are paid."""
    expected = [("0177", 2018, 36_600, 900, 12_000, 35_700)]
    assert list_remaining(await load_and_compare(state)) == expected
    await execute(state, Step.COMMITMENTS)
    await execute(state, Step.REQUESTS)
    assert list_remaining(await load_and_compare(state)) == expected
    place = {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}
    later = {"reference": "EJ-9", "kind": "commitment", "amount": "5.00", **place, **NEXT}
    withdrawal = {"reference": "RE-1", "kind": "prior_withdrawal", "amount": "7.00", **NEXT}
    await state.submit_accepted([later])
    await state.submit_accepted([{**withdrawal, "predecessor": await find_last(state, "EJ-2")}])
    remaining = await load_and_compare(state)
    assert list_remaining(remaining) == [
        ("0177", 2018, 36_600, 900, 12_000, 35_000),
        ("0177", 2019, 500, 0, 0, 500),
    ]
    assert remaining.withdrawn_cents == 700


async def test_mandatory_expenses_are_what_is_certified_and_not_paid(state: State) -> None:
    """Neither the direct request of 70.00 nor an entry by hand counts; 9.00 of DP-3 are paid."""
    expected = [("0177", 2018, 11_000, 12_000)]
    report = await load_expenses(state)
    assert list_expenses(report) == expected
    assert report.mandatory_cents == 23_000
    accrued = {row.account: row.balance_cents for row in (await load_balance(state, YEAR)).accounts}[ACCRUED]
    assert accrued == -report.accrued_cents
    await execute(state, Step.COMMITMENTS)
    await execute(state, Step.REQUESTS)
    assert list_expenses(await load_expenses(state)) == expected


async def test_the_earliest_service_is_requested_and_paid_first(state: State) -> None:
    """Of EJ-1 180.00 of 2018 and 30.00 of 2019 are certified, 120.00 and 70.00 requested, 50.00 of them paid."""
    await execute(state, Step.COMMITMENTS)
    await execute(state, Step.REQUESTS)
    payee = {"payee": build_payee_code(1)}
    await state.submit_accepted(
        [
            {"reference": "SF-9", "kind": "service", "amount": "30.00", "predecessor": "EJ-1", **NEXT},
            {
                "reference": "DP-9",
                "kind": "payment_request",
                "amount": "70.00",
                "predecessor": "EJ-1",
                **payee,
                **NEXT,
            },
        ]
    )
    payment = {"reference": "P-9", "kind": "payment", "amount": "50.00", **NEXT}
    await state.submit_accepted([{**payment, "predecessor": await find_last(state, "DP-1")}], "treasury")
    report = await load_expenses(state)
    assert list_expenses(report) == [("0177", 2018, 5_000, 13_000), ("0177", 2019, 2_000, 1_000)]
    assert report.owed_cents == 19_000 - 5_000
    assert list_expenses(await load_expenses(state, 2019)) == [("0177", 2019, 2_000, 1_000)]
    before = await load_expenses(state, None, report.batch - 2)
    assert list_expenses(before) == [("0177", 2018, 11_000, 12_000)]


async def test_the_statements_of_both_years_are_balanced(state: State) -> None:
    """309.00 of external services are charged; 300.00 are owed, and 9.00 are on the way to the bank."""
    await execute(state, Step.OPENING)
    statements = await load_years(state)
    assert [(year.exercise, year.difference_cents, year.unplaced_cents) for year in statements.years] == [
        (2018, 0, 0),
        (2019, 0, 0),
    ]
    nets = {(line.exercise, line.line): line.net_cents for line in statements.lines if line.net_cents}
    of_2018 = {line: cents for (year, line), cents in nets.items() if year == YEAR}
    charges = dict.fromkeys(("C11", "C19", "C30", "C39", "C99"), 30_900)
    balance = {"A31": -900, "A39": -900, "A99": -900, "L20": 30_000, "L29": 30_000, "L99": 30_000}
    assert of_2018 == {**balance, **charges, "S99": -30_900, "N13": -30_900, "N99": -30_900}
    of_2019 = {line: cents for (year, line), cents in nets.items() if year == YEAR + 1}
    assert of_2019 == {**balance, "N11": -30_900, "N99": -30_900}
    (year,) = (await load_years(state, YEAR, "PACA")).years
    assert (year.assets_cents, year.liabilities_cents, year.result_cents) == (-900, 30_000, -30_900)


async def test_the_items_of_an_opening_are_what_it_opens(state: State) -> None:
    """What comes in the next year is no item of its opening, and what the year before still changes is, once opened."""
    await execute(state, Step.OPENING)
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        scope = ItemScope(grouping=BY_ITEM, opening=YEAR + 1)
        before = await load_aged_items(connection, names, scope)
        await execute(state, Step.REQUESTS)
        request = {
            "reference": "DP-9",
            "kind": "direct_payment_request",
            "amount": "5.00",
            "exercise": YEAR + 1,
        }
        request |= {"date": "2019-02-01", "payee": build_payee_code(1)}
        request |= {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}
        await state.submit_accepted([request])
        after = await load_aged_items(connection, names, scope)
    assert before.items == after.items
    assert before.add_up
    assert after.add_up
    assert {row.account: row.balance_cents for row in before.accounts if row.account == ACCRUED} == {
        ACCRUED: -11_000
    }
    assert {row.year for row in before.items} == {YEAR}
