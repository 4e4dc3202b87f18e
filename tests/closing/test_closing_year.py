"""The closing year of ``docs/closing-year.md``: the engine, SQL, hledger, the model of the law and plain sums agree."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest

from reporting import code_labels
from reporting.aged_items import BY_ITEM, ItemScope, load_aged_items
from reporting.analysts.journal_texts import TextFormat, write_journal
from reporting.analysts.refresh import refresh_views
from reporting.budget import BudgetScope
from reporting.code_names import read_names
from reporting.execution import load_execution
from reporting.trial_balance import BY_ACCOUNTANT, AccountSums, BalanceScope, load_trial_balance
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing import closing_page, closing_statements, closing_sums
from tests.closing.closing_page import YEAR, add_up_page, list_rows, read_balances, read_cents
from tests.closing.closing_play import open_closing_year
from tests.closing.closing_state import TECHNICAL
from tests.closing.test_treasury_checks import TREASURY
from tests.databases import open_connection
from tests.reference_years import copy_reference
from tests.reporting.analysts.text_programs import read_hledger_balances
from tests.service.small_state import State

_FLOWS = ("opened", "carried_in", "consumed", "carried_out", "annulled")
_REST = ("reserved", "available")
_BALANCE_SHEET = frozenset("12345")


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_closing_year(database, tmp_path / "state") as small_state:
        yield small_state


def _read_closing() -> dict[tuple[str, str], tuple[int, int]]:
    """Return debit and credit of the trial balance of the page by accountant and account."""
    return {
        (row["closing"], row["account"]): (read_cents(row["debit"]), read_cents(row["credit"]))
        for row in list_rows("closing")
    }


def _read_execution() -> dict[tuple[str, int, str], dict[str, int]]:
    """Return the columns of the execution by programme, year and measure."""
    return {
        (row["execution"], int(row["year"]), row["measure"]): {
            column: read_cents(row[column]) for column in (*_FLOWS, *_REST)
        }
        for row in list_rows("execution")
    }


# ------------------------------------------------------------------------------------------------ the page alone


def test_the_page_has_sixty_acts_of_two_accountants_in_order() -> None:
    numbers = [int(row["act"]) for row in list_rows("act")]
    assert sorted(set(numbers)) == list(range(1, 1 + max(numbers)))
    assert numbers == sorted(numbers)
    assert max(numbers) >= 60
    accountants = {closing_page.find_place(row["place"])["accountant"] for row in list_rows("act")}
    assert accountants == {"PACA", "ECOL"}
    assert [row["step"] for row in list_rows("step") if row["state"] == "proven"] == [
        *("C01", "C02", "C03", "C05", "C06", "C04", "C08", "C09", "C10", "C11"),
        *("C12", "C13", "C14", "C07", "C15", "C16"),
    ]


def test_every_table_of_the_page_is_read() -> None:
    tables = closing_page.load_page().tables
    assert all(table.rows for table in tables)
    assert {table.category for table in tables} == {
        *("place", "payee", "credits", "act", "step", "posted", "provisional"),
        *("statement", "result", "closing", "opening", "item", "execution", "reconciled"),
    }


def test_the_trial_balance_is_the_sum_of_the_acts() -> None:
    sums = add_up_page()
    assert {key[1:]: sides for key, sides in sums.items() if key[0] == YEAR} == _read_closing()
    balances = {key: debit - credit for key, (debit, credit) in _read_closing().items()}
    assert balances == read_balances("closing")
    for accountant in ("ADCE", "ECOL", "PACA"):
        assert sum(cents for (owner, _), cents in balances.items() if owner == accountant) == 0


def test_the_opening_is_what_the_year_closes_with_and_items_add_up_to_it() -> None:
    opening = read_balances("opening")
    assert opening == {key: cents for key, cents in read_balances("closing").items() if cents}
    assert {account[0] for _, account in opening} <= _BALANCE_SHEET
    items: Counter[tuple[str, str]] = Counter()
    for row in list_rows("item"):
        items[row["item"], row["account"]] += read_cents(row["balance"])
    assert items == {key: opening[key] for key in items}


def test_a_statement_closes_with_what_the_books_have_of_the_treasury() -> None:
    balances = read_balances("closing")
    for row in list_rows("statement"):
        sums: Counter[str] = Counter()
        for act in closing_statements.list_movements(row):
            sums[act["kind"]] += read_cents(act["amount"])
        debits, credits_ = read_cents(row["debits"]), read_cents(row["credits"])
        assert (sums["bank_debit"], sums["receipt"]) == (debits, credits_)
        closing = read_cents(row["opening"]) - debits + credits_
        assert closing == read_cents(row["closing"]) == balances[row["statement"], TREASURY]


def test_the_result_is_charges_less_products() -> None:
    sums = add_up_page(until="C11")
    for row in list_rows("result"):
        own = {
            account: sides
            for (year, owner, account), sides in sums.items()
            if (year, owner) == (YEAR, row["result"])
        }
        charges = sum(debit - credit for account, (debit, credit) in own.items() if account[0] == "6")
        products = sum(credit - debit for account, (debit, credit) in own.items() if account[0] == "7")
        assert (charges, products) == (read_cents(row["charges"]), read_cents(row["products"]))
        assert read_cents(row["balance"]) == charges - products


def test_what_is_opened_of_credits_is_all_in_the_other_columns() -> None:
    for row in _read_execution().values():
        remainder = row["opened"] + row["carried_in"] - row["carried_out"] - row["annulled"] - row["consumed"]
        assert remainder == row["reserved"] + row["available"]


def test_the_model_of_the_law_comes_to_the_figures_of_the_page(tmp_path: Path) -> None:
    """It decides all acts, and carries what it finds open."""
    reference = copy_reference(tmp_path)
    closing_page.write_reference(reference)
    year = closing_sums.decide_by_law(reference, TECHNICAL)
    posted = [row for row in list_rows("posted") if row["posted"] in ("C04", "C06")]
    assert Counter(year.carried) == Counter(
        (row["posted"], row["kind"], row["of"], read_cents(row["amount"])) for row in posted
    )
    sides = year.model.state.debits, year.model.state.credits
    keys = {key for sums in sides for key, cents in sums.items() if cents}
    assert {tuple(key): (sides[0][key], sides[1][key]) for key in keys} == closing_sums.add_up_acts()
    assert year.technical == {key[0]: cents for key, cents in read_balances("provisional").items()}
    for (programme, exercise, measure), row in _read_execution().items():
        assert year.read_consumed(programme, exercise, measure) == row["consumed"]


# ------------------------------------------------------------------------------------------------ the engine


async def test_the_reports_and_sql_come_to_the_balances_of_the_page(state: State) -> None:
    entries = await closing_sums.add_up_entries(state)
    assert entries == add_up_page()
    opened = await closing_sums.add_up_entries(state, is_opening=True)
    balances = {key: debit - credit for key, (debit, credit) in opened.items() if debit != credit}
    assert balances == {(YEAR + 1, *key): cents for key, cents in read_balances("opening").items()}
    rows, next_rows = await _load_rows(state, YEAR), await _load_rows(state, YEAR + 1)
    assert {key: (row.debit_cents, row.credit_cents) for key, row in rows.items()} == _read_closing()
    assert {key: row.balance_cents for key, row in rows.items()} == read_balances("closing")
    openings = {key: row.opening_cents for key, row in next_rows.items() if row.opening_cents}
    assert openings == read_balances("opening")
    assert (await state.verify()).findings == []


async def _load_rows(state: State, year: int) -> dict[tuple[str, str], AccountSums]:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        scope = BalanceScope(year, None, None, BY_ACCOUNTANT)
        balance = await load_trial_balance(connection, names, scope)
    return {(row.accountant, row.account): row for row in balance.accounts}


@pytest.mark.parametrize("step", ["C04", "C06", "C07", "C08", "C12", "C14", "C15", "C16"])
async def test_a_step_posts_what_the_page_says(state: State, step: str) -> None:
    posted = await closing_sums.read_posted(state, step)
    assert posted == Counter(
        (
            *(row["kind"], row["of"], row["accountant"]),
            *(str(read_cents(row["amount"])), row["debit"], row["credit"]),
        )
        for row in list_rows("posted")
        if row["posted"] == step
    )


async def test_the_bank_states_what_the_books_have(state: State) -> None:
    """C11 found a statement of each account that has something, and no cent of difference."""
    report = await state.read_status()
    assert {
        row.account: (row.day, row.bank, row.books, row.unmatched_items, row.by_hand)
        for row in report.accounts
    } == {
        row["iban"]: (date.fromisoformat(row["day"]), *[read_cents(row["closing"])] * 2, 0, 0)
        for row in list_rows("statement")
    }


async def test_the_open_items_are_those_of_the_page(state: State) -> None:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        report = await load_aged_items(connection, names, ItemScope(grouping=BY_ITEM, opening=YEAR + 1))
    assert sorted((row.accountant, row.account, row.reference, row.open_cents) for row in report.items) == [
        (row["item"], row["account"], row["of"], read_cents(row["balance"])) for row in list_rows("item")
    ]


async def test_the_execution_is_that_of_the_page(state: State) -> None:
    sums = await closing_sums.add_up_credits(state)
    expected = _read_execution()
    by_sql = {key: {column: sums[*key, column] for column in _FLOWS} for key in expected}
    assert by_sql == {key: {column: row[column] for column in _FLOWS} for key, row in expected.items()}
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        execution = await load_execution(connection, names, BudgetScope())
    assert {
        (row.centre, row.year, row.measure): {
            "opened": row.initial_cents,
            "carried_in": row.carried_in_cents,
            "consumed": row.consumed_cents,
            "carried_out": row.carried_out_cents,
            "annulled": row.cancelled_cents,
            "reserved": row.reserved_cents,
            "available": row.available_cents,
        }
        for row in execution.places
    } == expected


@pytest.mark.outside("hledger")
@pytest.mark.parametrize("year", [YEAR, YEAR + 1])
async def test_hledger_comes_to_the_balances_of_the_page(state: State, tmp_path: Path, year: int) -> None:
    path = tmp_path / "year.journal"
    async with open_connection(state.dsn) as connection:
        await refresh_views(connection, code_labels.load(state.reference))
        file = BytesIO()
        await write_journal(connection, file, year, text_format=TextFormat.HLEDGER)
        path.write_bytes(file.getvalue())
    expected: Counter[str] = Counter()
    for (exercise, _, account), (debit, credit) in add_up_page().items():
        expected[account] += (debit - credit) * (exercise == year)
    for (_, account), cents in read_balances("opening").items():
        expected[account] += cents * (year == YEAR + 1)
    balances = {account: cents for account, cents in expected.items() if cents}
    assert read_hledger_balances(path) == balances
