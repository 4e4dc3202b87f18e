"""The reference data as the plain model sees it: codes, the tree of budget nodes, accounts, periods."""

import csv
from collections.abc import Hashable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from core import accountants, calendar, chart, nomenclature, periods
from core.account_roles import ENTRY_ROLES
from core.accountants import Accountants
from core.calendar import Exercise
from core.catalog import Role
from core.chart import Chart
from core.nomenclature import FundFamily, Nomenclature
from core.periods import to_period
from tests.oracle.model import NONE, AssetAccounts, BudgetYear, Node, SpecialAccount

CENTRES_A_YEAR = 131_072
SHEETS = 6
"""Nodes of one fund centre in one year: T2 or HT2, times three fund families."""


class YearReference(NamedTuple):
    """The reference data of one year."""

    nomenclature: Nomenclature
    chart: Chart
    accountants: Accountants


class Reference(NamedTuple):
    """The reference data of the exercises in use, each from its own files."""

    years: Mapping[int, YearReference]
    exercises: Mapping[int, Exercise]
    centres: Mapping[str, int]
    """Number of each fund centre and operation, from 1."""
    accounts: Mapping[str, int]
    """Number of each account, from 1."""
    accountants: Mapping[str, int]
    """Number of each accountant, from 1."""
    nodes: Mapping[int, Node]
    successions: frozenset[tuple[int, str, str]]
    """The year into which an order gives commitments of a programme to another one, and both programmes."""

    @classmethod
    def load(cls, folder: Path) -> "Reference":
        """Read ``folder``: ``calendar.toml`` and the files of each year."""
        exercises = calendar.load(folder.joinpath("calendar.toml")).exercises
        years = {year: _load_year(folder.joinpath(str(year))) for year in sorted(exercises)}
        centres = _number_codes(code for data in years.values() for code in data.nomenclature.centres)
        accounts = _number_codes(code for data in years.values() for code in data.chart.accounts)
        assigned = _number_codes(code for data in years.values() for code in data.accountants.accountants)
        nodes = {
            number: node
            for year, data in years.items()
            for number, node in _build_nodes(data.nomenclature, centres, year)
        }
        successions = frozenset(row for year in years for row in _read_successions(folder, year))
        return cls(years, exercises, centres, accounts, assigned, nodes, successions)

    def list_open_periods(self) -> frozenset[int]:
        """Return the numbers of the open periods."""
        return frozenset(
            to_period(e.year, month)
            for e in self.exercises.values()
            for month in (0, 13, 14, 15, *e.months_open_at_start)  # openings, the inventory, the result
        )

    def list_budget_years(self) -> dict[int, BudgetYear]:
        """Return the days of each budget year."""
        return {year: _build_budget_year(exercise) for year, exercise in self.exercises.items()}

    def find_node(self, centre: str, sheet: tuple[int, int, int]) -> int:
        """Return the number of the node of ``centre`` on the sheet (budget year, staff, fund family)."""
        return compute_node_number(self.centres[centre], sheet)

    def find_centre(self, node: int) -> str:
        """Return the code of the fund centre of ``node``; empty for none."""
        number = node // SHEETS % CENTRES_A_YEAR
        return "" if node == NONE else next(code for code, other in self.centres.items() if other == number)

    def find_role_accounts(self, item: str, year: int) -> tuple[int, int, int, int]:
        """Return the expense, accrued, creditor and payroll accounts of a commitment item; 0 for a role that it lacks.

        A nature of receipt has its product in place of the first, and in place of the second what is annulled in a later year.
        """
        nature = self.years[year].nomenclature.receipt_natures.get(item)
        if nature:
            return self.accounts[nature.product], self.accounts[nature.annulment], 0, 0
        by_role = self.years[year].chart.role_accounts.get(item, {})
        expense, accrued, creditor, payroll = (
            self.accounts[by_role[role]] if role in by_role else 0
            for role in (Role.EXPENSE, Role.ACCRUED, Role.CREDITOR, Role.PAYROLL)
        )
        return expense, accrued, creditor, payroll

    def list_accounts_of_item(self, item: str, year: int) -> frozenset[int] | None:
        """Return the accounts that a commitment item admits; None for an item of budget acts, which nothing is posted to."""
        chart = self.years[year].chart
        if item not in chart.admitted_prefixes:
            return None
        return frozenset(number for code, number in self.accounts.items() if chart.is_admitted(item, code))

    def list_own_creditors(self) -> dict[tuple[int, int, Role], int]:
        """Return the creditors of the expense accounts that have their own, by year."""
        return {
            (year, self.accounts[account], role): self.accounts[creditor]
            for year, data in self.years.items()
            for (account, role), creditor in data.chart.own_creditors.items()
        }

    def list_asset_accounts(self) -> dict[tuple[int, int], AssetAccounts]:
        """Return the plan of each account of assets, by year."""
        return {
            (year, self.accounts[account]): AssetAccounts(
                self.accounts[plan.under_construction],
                self.accounts.get(plan.depreciation, 0),
                self.accounts.get(plan.charge, 0),
                self.accounts[plan.net_value],
                plan.months,
            )
            for year, data in self.years.items()
            for account, plan in data.chart.assets.items()
        }

    def list_counterparts(self) -> dict[tuple[int, str, int], int]:
        """Return what entries of the inventory stand against, by year, kind and account."""
        return {
            (year, kind, self.accounts[account]): self.accounts[counterpart]
            for year, data in self.years.items()
            for kind, of_kind in data.chart.inventory.items()
            for account, counterpart in of_kind.items()
        }

    def list_programmes(self) -> dict[int, frozenset[Hashable]]:
        """Return the programmes of each budget year."""
        return {year: frozenset(data.nomenclature.programmes) for year, data in self.years.items()}

    def list_special_accounts(self) -> dict[tuple[int, Hashable], SpecialAccount]:
        """Return the account of each programme whose expenses are limited by receipts, by budget year."""
        accounts: dict[tuple[int, Hashable], SpecialAccount] = {}
        for year, data in self.years.items():
            codes = data.nomenclature
            for programme in codes.programmes.values():
                account = codes.special_accounts.get(programme.mission)
                if account and account.category.value == "earmarked":
                    section = account.sections.get(programme.code, "")
                    same = {
                        other.code
                        for other in codes.programmes.values()
                        if (other.mission, account.sections.get(other.code, "")) == (account.name, section)
                    }
                    accounts[year, programme.code] = SpecialAccount(
                        account.name,
                        section,
                        frozenset(same),
                        account.balances.get((section, year), 0),
                        account.forbidden_payees,
                    )
        return accounts

    def list_entry_accounts(self) -> dict[int, tuple[int, ...]]:
        """Return the accounts of each budget year on which is owed what an entry settles, without a transfer."""
        return {
            year: tuple(self.accounts[data.chart.shared_accounts[role]] for role in ENTRY_ROLES)
            for year, data in self.years.items()
        }

    def find_accountant(self, centre: str, year: int) -> int:
        """Return the number of the accountant of a fund centre in a budget year."""
        return self.accountants[self.years[year].accountants.by_centre[centre]]

    def list_payroll_checks(self) -> frozenset[tuple[int, int]]:
        """Return the periods in which the credits of payroll are checked, each with the budget year of these credits."""
        return frozenset(
            (to_period(e.year, month), e.year)
            for e in self.exercises.values()
            for month in range(e.payroll_check_month, 13)
        )

    def list_shared_accounts(self) -> dict[tuple[int, Role], int]:
        """Return the accounts that do not depend on the commitment item, by period."""
        return {
            (to_period(year, month), role): self.accounts[account]
            for year, data in self.years.items()
            for role, account in data.chart.shared_accounts.items()
            for month in range(1, 13)
        }


def _read_successions(folder: Path, year: int) -> Iterator[tuple[int, str, str]]:
    path = folder / str(year) / "successions.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                old, new = (row[name].removeprefix("OP-")[:4] for name in ("fund_centre", "new_fund_centre"))
                yield year, old, new


def _load_year(folder: Path) -> YearReference:
    codes = nomenclature.load(folder)
    return YearReference(codes, chart.load(folder, codes), accountants.load(folder, codes))


def _build_budget_year(exercise: Exercise) -> BudgetYear:
    """Return the days of a year; what is ordered from October on may be paid in the window (decree 2007-687)."""
    year = exercise.year
    last_day = _count_days(date(year, 12, 31))
    last_order_day = _count_days(exercise.last_order_day) if exercise.last_order_day else last_day
    days = _count_days(date(year, 1, 1)), last_day, _count_days(date(year - 1, 11, 1))
    days = *days, last_order_day, _count_days(date(year, 10, 1))
    limits = exercise.retention_limit, exercise.carry_over_limit, exercise.visa_days
    return BudgetYear(*days, last_day + exercise.complementary_days, *exercise.decrees, *limits)


def _count_days(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _number_codes(codes: Iterable[str]) -> dict[str, int]:
    """Number codes in the order of their first occurrence."""
    return {code: number for number, code in enumerate(dict.fromkeys(codes), 1)}


def compute_node_number(centre: int, sheet: tuple[int, int, int]) -> int:
    """Return the number of a node: budget year, then fund centre, then T2 or HT2, then fund family."""
    year, staff, family = sheet
    return ((year - periods.YEAR_FIRST) * CENTRES_A_YEAR + centre) * SHEETS + staff * len(FundFamily) + family


def _build_nodes(codes: Nomenclature, centres: Mapping[str, int], year: int) -> list[tuple[int, Node]]:
    """Return every node of ``year``: each centre once for each sheet."""
    nodes: list[tuple[int, Node]] = []
    for code, centre in codes.centres.items():
        programme = code.removeprefix("OP-")[:4]
        blocking = not codes.programmes[programme].estimated
        for sheet in ((year, staff, family) for staff in (0, 1) for family in FundFamily):
            parent = compute_node_number(centres[centre.parent], sheet) if centre.parent else NONE
            node = Node(
                parent, centre.level, programme, sheet[1], sheet[2], year, blocking, centres[code], code
            )
            nodes.append((compute_node_number(centres[code], sheet), node))
    return nodes
