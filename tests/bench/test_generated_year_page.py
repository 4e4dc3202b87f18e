"""docs/generated-year.md names the accounts that the generated year charges, and those that it owes."""

import re
from pathlib import Path

from bench.year import expense_accounts
from bench.year.year_generator import load_codes
from core.catalog import Role
from core.own_creditors import CreditorUse
from core.reference.files import read_rows

PAGE = Path(__file__).parents[2].joinpath("docs/generated-year.md").read_text()
_ITEM_ROW = re.compile(r"^\| (\d\d(?:, \d\d)*)(?: on [\d and]+)? \| ([\d ]+) \|", re.MULTILINE)
DATA = Path(expense_accounts.__file__).with_suffix(".csv")


def read_page() -> dict[str, set[str]]:
    """Return by item the first digits of the accounts that the page names."""
    prefixes: dict[str, set[str]] = {}
    for items, accounts in _ITEM_ROW.findall(PAGE):
        for item in items.split(", "):
            prefixes.setdefault(item, set()).update(accounts.split())
    return prefixes


def list_accounts() -> set[tuple[str, str]]:
    """List the pairs of item and account that the generator charges."""
    rows = read_rows(DATA, ("places", "item", "classes", "account", "weight"))
    return {(row.cells["item"], row.cells["account"]) for row in rows}


def test_the_page_names_every_account_that_is_charged() -> None:
    prefixes = read_page()
    assert len(prefixes) > 15
    for item, account in list_accounts():
        assert account.startswith(tuple(prefixes[item])), (item, account)


def test_the_page_names_no_account_that_is_not_charged() -> None:
    charged = list_accounts()
    for item, prefixes in read_page().items():
        for prefix in prefixes:
            assert any(other == item and account.startswith(prefix) for other, account in charged), prefix


def test_the_page_names_every_creditor() -> None:
    chart = load_codes().chart
    creditors = set()
    for item, account in list_accounts():
        by_role = chart.role_accounts[item]
        role = Role.PAYROLL if Role.PAYROLL in by_role else Role.CREDITOR
        creditors.add(chart.own_creditors.get(CreditorUse(account, role), by_role[role]))
    for creditor in creditors:
        assert creditor in PAGE
