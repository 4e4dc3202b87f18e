"""The nomenclature, roles of accounts and calendar of a reference folder, as plain values."""

import csv
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

FAMILIES = ("ordinary", "contribution", "assigned_revenue")
ORDINARY = "N/A"


@dataclass(frozen=True)
class Centre:
    """A programme, BOP, UO or investment operation."""

    code: str
    level: str
    parent: str
    programme: str


@dataclass(frozen=True)
class Item:
    """A commitment item: its title, whether it is of title 2, whether only acts on credits use it; or a nature of receipt."""

    code: str
    title: int
    staff: bool
    budget_only: bool
    receipt: bool = False


@dataclass(frozen=True)
class Role:
    """The accounts of an item: expense or asset, goods received not invoiced, creditor, creditor of payroll."""

    expense: str
    accrued: str
    creditor: str
    payroll: str
    admits: tuple[str, ...]


class AssetPlan(NamedTuple):
    """The accounts beside an account of assets, and the months of its plan; 0 without one."""

    under_construction: str
    depreciation: str
    charge: str
    net_value: str
    months: int


class Order(NamedTuple):
    """One row of the successions into a year: of the year before a fund centre, an area of it, an act on it (GBCP 161)."""

    centre: str
    area: str
    act: tuple[str, str]
    """Sender and reference; both empty for every act."""
    new_centre: str
    new_area: str


class ResultAccounts(NamedTuple):
    """Where charges and products of a year come to: the account, the one over which they come, and whose books (A62)."""

    result: str = ""
    transfer: str = ""
    accountant: str = ""


class Section(NamedTuple):
    """A section of an earmarked special account with receipts of its own; without a name it is the whole account."""

    account: str
    """The mission."""
    name: str


@dataclass
class Year:
    """What one budget year's files say."""

    estimated: set[str] = field(default_factory=set)
    centres: dict[str, Centre] = field(default_factory=dict)
    areas: dict[str, str] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    funds: dict[str, tuple[str, str]] = field(default_factory=dict)
    accounts: set[str] = field(default_factory=set)
    roles: dict[str, Role] = field(default_factory=dict)
    creditors: dict[str, str] = field(default_factory=dict)
    payroll_creditors: dict[str, str] = field(default_factory=dict)
    settlement: dict[str, str] = field(default_factory=dict)
    accountants: dict[str, str] = field(default_factory=dict)
    liaison: tuple[str, ...] = ()
    """The accounts between accountants."""
    technical_account: str = ""
    """On which openings stand for the results that are not on a balance yet (docs/closing.md)."""
    suspense: tuple[str, ...] = ()
    """The first digits of the suspense accounts."""
    restricted: tuple[str, ...] = ()
    """The first digits of the accounts that the file restricts."""
    assets: dict[str, AssetPlan] = field(default_factory=dict)
    """By account of assets in service."""
    inventory: dict[tuple[str, str], str] = field(default_factory=dict)
    """By kind of the inventory and first digits of an account: the account of the balance sheet that it stands against."""
    result: ResultAccounts = field(default_factory=ResultAccounts)
    settled_on: str = ""
    """The account to which the settlement act of the year allots the result of the year before; empty without one."""
    lifted: set[str] = field(default_factory=set)
    """The programmes of the year before whose ceiling of carried CP a finance law lifts, for the titles other than 2."""
    recycling: dict[str, bool] = field(default_factory=dict)
    """The cases in which AE of earlier commitments are available again, and whether each needs an operation."""
    visas: dict[tuple[str, str], str] = field(default_factory=dict)
    """By ministry and title, or ``*``: the euros from which on a commitment needs a visa, empty for none."""
    invoice_services: dict[str, date] = field(default_factory=dict)
    """By fund centre, for those below it too: the first day of its invoice service."""
    receipts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By nature of receipt: the account of its product, and that of what is annulled in a later year."""

    restorations: dict[str, tuple[int, int | None, bool]] = field(default_factory=dict)
    """By nature that repays: the title of its expenses, its years of deadline if any, whether it stays on open operations."""

    def is_restricted(self, account: str) -> bool:
        """Return whether nothing is posted by hand on an account: the file names it, or debts or cash stand on it."""
        of_items = {
            held for role in self.roles.values() for held in (role.accrued, role.creditor, role.payroll)
        }
        open_roles = {
            "late_interest",
            "penalty_product",
            "suspense_receipt",
            "suspense_debit",
            "suspense_return",
        }
        of_all = {held for role, held in self.settlement.items() if role not in open_roles}
        own = {*self.creditors.values(), *self.payroll_creditors.values()}
        own |= {*self.assets, *(plan.depreciation for plan in self.assets.values())}
        own |= {*self.inventory.values(), self.result.result, self.result.transfer, self.settled_on}
        return bool(account) and (account in of_items | of_all | own or account.startswith(self.restricted))

    successions: set[tuple[str, str]] = field(default_factory=set)
    """Programmes of the year before, each with one to which an order gives its commitments in this year (GBCP 161)."""
    orders: list[Order] = field(default_factory=list)
    """What the orders of the year say, row by row."""
    earmarked: dict[str, Section] = field(default_factory=dict)
    """Of each programme of an earmarked special account the section of the account."""
    without_pay: set[str] = field(default_factory=set)
    """The programmes of special accounts that no pay is charged to (LOLF 20)."""
    state_payees: dict[str, set[str]] = field(default_factory=dict)
    """Of each third party that is the State itself the accounts that a finance law lets pay it (LOLF 21 II)."""
    brought_forward: dict[tuple[Section, int], int] = field(default_factory=dict)
    """The cents that a section brings into a year."""
    ministries: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Of each programme its ministry, and the special account or annexed budget it belongs to, if any."""

    def find_counterpart(self, kind: str, account: str) -> str:
        """Return the account that an entry of the inventory stands against; empty if the kind does not post on ``account``."""
        prefixes = [first for own, first in self.inventory if own == kind and account.startswith(first)]
        return self.inventory[kind, max(prefixes, key=len)] if prefixes and account else ""

    def is_accrued_asset(self, account: str) -> bool:
        """Return whether an account of assets is one of accruals, which their request does not charge."""
        return account.startswith("2") and bool(self.find_counterpart("accrual", account))

    def find_accountant(self, centre: str) -> str:
        """Return the accountant who is assigned to a centre, or to the one above it that has one."""
        while centre not in self.accountants:
            centre = self.centres[centre].parent
        return self.accountants[centre]


@dataclass
class Reference:
    """All years, and of each exercise the open months, the days of the window after its end, the last day of orders."""

    folder: Path
    years: dict[int, Year]
    months_open_at_start: dict[int, set[int]]
    window_days: dict[int, int]
    last_order_days: dict[int, date]
    retention_limits: dict[int, int]
    """Thousandths of a request that may be retained as a guarantee; 5 % where the calendar states none."""
    carry_over_limits: dict[int, int]
    """Thousandths of the initial CP that may be carried over; 3 % where the calendar states none (LOLF 15)."""
    visa_days: dict[int, int]
    """The days of the budget controller; 15 where the calendar states none (GBCP 103)."""


def follows_by_order(years: dict[int, Year], later: tuple[int, str], earlier: tuple[int, str]) -> bool:
    """Return whether orders, year after year, lead from the centre of an earlier year to another programme (GBCP 161)."""
    (last, centre), (first, old) = later, earlier
    programme, reached = years[last].centres[centre].programme, {years[first].centres[old].programme}
    is_other = programme not in reached
    for year in range(first + 1, last + 1):
        goes_on = {code for code in reached if code in years[year].centres}
        reached = goes_on | {new for old, new in years[year].successions if old in reached}
    return is_other and programme in reached


def read_reference(folder: Path) -> Reference:
    """Read the files of every year and the calendar."""
    calendar = tomllib.loads((folder / "calendar.toml").read_text())
    exercises = {int(year): facts for year, facts in calendar["exercise"].items()}
    return Reference(
        folder,
        {year: _read_year(folder, year) for year in exercises},
        {year: set(facts["months_open_at_start"]) for year, facts in exercises.items()},
        {year: facts["complementary_days"] for year, facts in exercises.items()},
        {year: facts["last_order_day"] for year, facts in exercises.items() if "last_order_day" in facts},
        {year: facts.get("retention_per_mille", 50) for year, facts in exercises.items()},
        {year: facts.get("carry_over_per_mille", 30) for year, facts in exercises.items()},
        {year: facts.get("visa_days", 15) for year, facts in exercises.items()},
    )


def _read_year(folder: Path, year: int) -> Year:
    facts = tomllib.loads((folder / str(year) / "year.toml").read_text())
    files = folder / str(facts.get("same_as", year))
    result = Year()
    _read_tree(files, result)
    result.areas = {row["code"]: row["programme"] for row in _rows(files / "areas.csv")}
    result.items = {row["code"]: _build_item(row) for row in _rows(files / "items.csv")}
    for row in _rows(files / "receipts.csv"):
        result.receipts[row["nature"]] = row["product"], row["annulment"]
        result.items[row["nature"]] = Item(row["nature"], 0, False, True, receipt=True)
    for row in _rows(files / "restorations.csv"):
        years = int(row["years"]) if row["years"] else None
        result.restorations[row["nature"]] = int(row["title"]), years, row["until_closed"] == "1"
    result.funds = {row["code"]: (row["family"], row["programme"]) for row in _rows(files / "funds.csv")}
    result.accounts = {row["number"] for row in _rows(files / "accounts.csv")}
    result.roles = {row["item"]: _build_role(row) for row in _rows(files / "roles.csv")}
    creditors = list(_rows(files / "creditors.csv"))
    result.creditors = {row["expense"]: row["creditor"] for row in creditors if row["creditor"]}
    result.payroll_creditors = {row["expense"]: row["payroll"] for row in creditors if row["payroll"]}
    result.accountants = {row["centre"]: row["accountant"] for row in _rows(files / "assigned.csv")}
    if (files / "invoice_services.csv").exists():
        for row in _rows(files / "invoice_services.csv"):
            result.invoice_services[row["centre"]] = date.fromisoformat(row["first_day"])
    result.liaison = tuple(row["account"] for row in _rows(files / "liaison.csv"))
    result.technical_account = next(row["account"] for row in _rows(files / "opening.csv"))
    result.suspense = tuple(row["account"] for row in _rows(files / "suspense.csv"))
    result.restricted = tuple(row["account"] for row in _rows(files / "restricted.csv"))
    for row in _rows(files / "assets.csv"):
        result.assets[row["account"]] = AssetPlan(
            *(row["under_construction"], row["depreciation"], row["charge"], row["net_value"]),
            int(row["months"] or 0),
        )
    _read_year_end(files, folder / str(year), result)
    result.recycling = {row["case"]: row["operation"] == "1" for row in _rows(files / "recycling.csv")}
    if (files / "visas.csv").exists():
        result.visas = {
            (row["ministry"], row["title"]): row["threshold"] for row in _rows(files / "visas.csv")
        }
    orders = folder / str(year) / "successions.csv"  # never shared with another year
    for row in _rows(orders) if orders.exists() else ():
        old, new = (row[name].removeprefix("OP-")[:4] for name in ("fund_centre", "new_fund_centre"))
        result.successions.add((old, new))
        names = row["fund_centre"], row["functional_area"], (row["sender"], row["reference"])
        result.orders.append(Order(*names, row["new_fund_centre"], row["new_functional_area"]))
    _read_special_accounts(files, result)
    result.settlement = {row["role"]: row["account"] for row in _rows(files / "treasury.csv")}
    return result


def _read_year_end(files: Path, own: Path, result: Year) -> None:
    """Read what the end of the year needs; orders and the settlement act stand in the year's own folder."""
    for row in _rows(files / "inventory.csv"):
        result.inventory[row["kind"], row["accounts"]] = row["counterpart"]
    accounts = next(iter(_rows(files / "result.csv")))
    result.result = ResultAccounts(accounts["account"], accounts["transfer_account"], accounts["accountant"])
    if (own / "settlement_act.csv").exists():
        result.settled_on = next(iter(_rows(own / "settlement_act.csv")))["account"]
    if (own / "carry_overs.csv").exists():
        orders = _rows(own / "carry_overs.csv")
        result.lifted = {row["programme"] for row in orders if row["lifting_law"]}


def _read_special_accounts(files: Path, result: Year) -> None:
    if not (files / "special_accounts.csv").exists():
        return
    accounts = list(_rows(files / "special_accounts.csv"))
    earmarked = {row["account"] for row in accounts if row["category"] == "earmarked"}
    without_pay = {row["account"] for row in accounts if row["pays_staff"] == "0"}
    if (files / "state_payees.csv").exists():
        for row in _rows(files / "state_payees.csv"):
            result.state_payees.setdefault(row["payee"], set()).add(row["account"])
    sections: dict[str, str] = {}
    if (files / "special_sections.csv").exists():
        sections = {row["programme"]: row["section"] for row in _rows(files / "special_sections.csv")}
    for row in _rows(files / "programmes.csv"):
        if row["mission"] in without_pay:
            result.without_pay.add(row["code"])
        if row["mission"] in earmarked:
            result.earmarked[row["code"]] = Section(row["mission"], sections.get(row["code"], ""))
    for row in _rows(files / "special_balances.csv"):
        euros, _, cents = row["balance"].partition(".")
        section = Section(row["account"], row["section"])
        result.brought_forward[section, int(row["year"])] = int(euros) * 100 + int(cents or 0)


def _read_tree(files: Path, result: Year) -> None:
    for row in _rows(files / "programmes.csv"):
        result.centres[row["code"]] = Centre(row["code"], "programme", "", row["code"])
        is_account = (
            row["code"] >= "06"
        )  # the bill numbers special accounts from 07 on; annexed budgets: docs/rules.md
        result.ministries[row["code"]] = (row["ministry"], row["mission"] if is_account else "")
        if row["estimated"] == "1":
            result.estimated.add(row["code"])
    for row in _rows(files / "centres.csv"):
        programme = result.centres[row["parent"]].programme
        result.centres[row["code"]] = Centre(row["code"], row["level"], row["parent"], programme)


def _build_item(row: dict[str, str]) -> Item:
    return Item(row["code"], int(row["title"]), row["staff"] == "1", row["budget_only"] == "1")


def _build_role(row: dict[str, str]) -> Role:
    payroll, admits = row.get("payroll", ""), tuple(row["admits"].split())
    return Role(row["expense"], row["accrued"], row["creditor"], payroll, admits)


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
