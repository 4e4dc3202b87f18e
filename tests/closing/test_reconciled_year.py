"""The reconciliation of ``docs/closing-year.md``: plain sums of the page and the report agree."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from reporting import code_labels
from reporting.code_names import read_names
from reporting.reconciliation import load_reconciliation
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_page import YEAR, add_up_page, list_rows, read_cents
from tests.closing.closing_play import open_closing_year
from tests.service.small_state import State

_RECONCILED = ("raises", "lowers", "amount")
_ACCRUALS = ("services", "inventory", "inventory_reversals")
_ITEMS_OF: Mapping[str, tuple[str, ...]] = {
    "11": ("net_position",),
    "12": ("net_position",),
    "15": ("provisions",),
    "2": ("assets",),
    "28": ("depreciation",),
    "401": ("requests",),
    "4017": ("guarantees",),
    "4081": _ACCRUALS,
    "4091": ("advances",),
    "4111": ("receivables",),
    "4181": _ACCRUALS,
    "467": ("returned_transfers",),
    "4721": ("suspense",),
    "4860": _ACCRUALS,
    "51": ("balance",),
}
"""By the first digits of accounts: the items that have what the accounts gained; the longest digits count."""
_ITEMS = frozenset(name for names in _ITEMS_OF.values() for name in names) - {"balance"}


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_closing_year(database, tmp_path / "state") as small_state:
        yield small_state


def _read_reconciled(year: int) -> dict[str, dict[str, int]]:
    """Return the columns of the reconciliation of a year by item, in cents."""
    return {
        row["reconciled"]: {column: read_cents(row[column]) for column in _RECONCILED}
        for row in list_rows("reconciled")
        if row["year"] == str(year)
    }


def _find_items(account: str) -> tuple[str, ...]:
    """Return the items that have what an account gained."""
    return _ITEMS_OF[max((start for start in _ITEMS_OF if account.startswith(start)), key=len)]


@pytest.mark.parametrize("year", [YEAR, YEAR + 1])
def test_the_items_of_the_reconciliation_are_what_the_accounts_gained(year: int) -> None:
    """Each amount but the result, which is what charges and products make; C12 takes them away, so the sums are before it."""
    gained: Counter[tuple[str, ...]] = Counter()
    result = 0
    for (of_year, _, account), (debit, credit) in add_up_page(until="C11" if year == YEAR else "C16").items():
        if of_year != year:
            continue
        if account[0] in "67":
            result += credit - debit
        else:
            gained[_find_items(account)] += debit - credit
    rows = _read_reconciled(year)
    amounts = {item: row["amount"] for item, row in rows.items()}
    assert {names: sum(amounts.get(name, 0) for name in names) for names in gained} == dict(gained)
    assert amounts.pop("result") == result
    assert amounts.pop("receipts") + amounts.pop("consumed") == amounts["balance"]
    assert sum(amounts.values()) == result
    assert all(row["amount"] == row["raises"] - row["lowers"] for item, row in rows.items() if item in _ITEMS)


def test_the_result_that_is_reconciled_is_that_of_both_accountants() -> None:
    losses = sum(read_cents(row["balance"]) for row in list_rows("result"))
    assert _read_reconciled(YEAR)["result"]["amount"] == -losses


@pytest.mark.parametrize("year", [YEAR, YEAR + 1])
async def test_the_reconciliation_is_that_of_the_page(state: State, year: int) -> None:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        report = await load_reconciliation(connection, names, exercise=year)
    rows = {
        row.item: {"raises": row.raises_cents, "lowers": row.lowers_cents, "amount": row.amount_cents}
        for row in report.items
        if row.raises_cents or row.lowers_cents
    }
    expected = _read_reconciled(year)
    assert rows == {item: row for item, row in expected.items() if item in _ITEMS}
    assert {
        "receipts": report.receipts_cents,
        "consumed": -report.consumed_cents,
        "balance": report.budget_balance_cents,
        "result": report.result_cents,
    } == {item: row["amount"] for item, row in expected.items() if item not in _ITEMS}
    assert (report.not_explained_cents, report.is_reconciled) == (0, True)
