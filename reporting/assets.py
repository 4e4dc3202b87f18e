"""The register of assets (inventaire comptable des immobilisations): cost, depreciation, net value and plan of each.

The costs of an account add up to its balance, and what is depreciated to that of its account of depreciation.
"""

from collections import defaultdict
from collections.abc import Sequence

from core.amount_fields import AmountStruct, Cents
from core.asset_plans import AssetPlan
from core.catalog import list_kinds
from core.debt_stages import Remainder
from reporting.code_names import ACCOUNT, ACCOUNTANT, CodeNames
from reporting.report_queries import Connection, Row, fetch_as_of, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.suspense import DIFFERENT, EQUAL
from reporting.trial_balance import BalanceScope, load_trial_balance
from reporting.visibility import WHOLE_JOURNAL, Visibility

_KINDS = (
    list_kinds(lambda kind: kind.serves_asset),
    list_kinds(lambda kind: kind.draws is Remainder.DEPRECIATION),
    list_kinds(lambda kind: kind.draws is Remainder.NET_VALUE),
    list_kinds(lambda kind: kind.draws is Remainder.DEPRECIATED),
)


class Asset(AmountStruct, frozen=True):
    """One asset at the end of the exercise, in cents; 0 once all of it is taken out."""

    account: str
    accountant: str
    entry: int
    reference: str
    """The number of the asset."""
    in_service: str
    months: int
    """The months of its plan; 0 without a plan."""
    depreciation_account: str
    """Empty without a plan."""
    cost_cents: Cents
    depreciated_cents: Cents
    net_cents: Cents
    to_charge_cents: Cents
    """What the plan gives to the end of the exercise, less what is depreciated."""


class AssetAccount(AmountStruct, frozen=True):
    """The sum of the assets on one account, in cents: their costs, or what of them is depreciated."""

    account: str
    label: str
    of: str
    """The account of the assets: itself, or that whose depreciation it holds."""
    sum_cents: Cents
    """Debit positive: a depreciation is negative."""
    balance_cents: Cents | None
    """Its balance in the trial balance; null where the caller may see a part of the journal alone."""


class AssetRegister(AmountStruct, frozen=True):
    """The assets, in order of their entries, and the accounts on which they stand."""

    batch: int
    exercise: int | None
    """Null while there is no asset."""
    assets: list[Asset]
    accounts: list[AssetAccount]

    @property
    def adds_up(self) -> bool:
        """Whether the assets of each account add up to its balance."""
        return all(account.balance_cents in (None, account.sum_cents) for account in self.accounts)


class AssetPage(AmountStruct, frozen=True, kw_only=True):
    """A page of the assets, in order of their entries; amounts in cents."""

    batch: int
    exercise: int | None
    """Null while there is no asset."""
    assets: list[Asset]
    accounts: list[AssetAccount]
    """Of all assets, on every page."""
    next: str | None


async def load_assets(
    connection: Connection,
    names: CodeNames,
    *,
    exercise: int | None = None,
    accountant: str | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
    batch: int | None = None,
) -> AssetRegister:
    """Load the assets that the caller may see, at the end of an exercise; by default the last one with an asset."""
    owner = names.find_accountant(accountant) if accountant else None
    limits = (exercise, owner, visibility.sender, visibility.centres)
    rows = await fetch_as_of(connection, "assets", *_KINDS, *limits, batch=batch)
    if exercise is None:
        exercise = max((row["last_exercise"] for row in rows), default=None)
    # a page begins after so many assets, so a later asset comes last
    assets = sorted((_build_asset(names, row, exercise or 0) for row in rows), key=lambda asset: asset.entry)
    scope = BalanceScope(exercise, batch, accountant)
    balances = await _load_balances(connection, names, scope) if visibility.is_whole else None
    number = await find_batch_or_last(connection, batch)
    return AssetRegister(number, exercise, assets, _list_accounts(names, assets, balances))


def _find_plan(names: CodeNames, year: int, account: str) -> AssetPlan | None:
    chart = names.codes.charts.get(year)
    return chart.assets.get(account) if chart else None


def _find_due(plan: AssetPlan | None, row: Row, exercise: int) -> int:
    """Return the cents that the plan gives to the end of ``exercise``: the month of the service counts whole."""
    if plan is None or not plan.months:
        return 0
    passed = 12 * (exercise - row["day"].year) + 13 - row["day"].month
    return row["cost"] * min(passed, plan.months) // plan.months


def _build_asset(names: CodeNames, row: Row, exercise: int) -> Asset:
    account = names.find_code(ACCOUNT, row["account"])
    plan = _find_plan(names, row["budget_year"], account)
    return Asset(
        account,
        names.find_code(ACCOUNTANT, row["accountant"]),
        row["entry_id"],
        row["reference"],
        row["day"].isoformat(),
        plan.months if plan else 0,
        plan.depreciation if plan else "",
        row["cost"],
        row["depreciated"],
        row["cost"] - row["depreciated"],
        max(_find_due(plan, row, exercise) - row["depreciated"], 0),
    )


async def _load_balances(connection: Connection, names: CodeNames, scope: BalanceScope) -> dict[str, int]:
    if scope.exercise is None:
        return {}
    balance = await load_trial_balance(connection, names, scope)
    return {sums.account: sums.balance for sums in balance.accounts}


def _list_plans(names: CodeNames) -> set[tuple[str, str]]:
    """Return the accounts of assets with their accounts of depreciation, of all years: a plan is that of its first year."""
    charts = names.codes.charts.values()
    return {(account, plan.depreciation) for chart in charts for account, plan in chart.assets.items()}


def _list_accounts(
    names: CodeNames, assets: Sequence[Asset], balances: dict[str, int] | None
) -> list[AssetAccount]:
    """List the accounts of assets with an asset or a balance, each before that of its depreciation."""
    sums: dict[tuple[str, str], int] = {}
    for account, depreciation in sorted(_list_plans(names)):
        sums |= {(account, account): 0} | ({(account, depreciation): 0} if depreciation else {})
    for asset in assets:
        sums[asset.account, asset.account] += asset.cost_cents
        if asset.depreciated_cents:
            sums[asset.account, asset.depreciation_account] -= asset.depreciated_cents
    used = {asset.account for asset in assets}
    return [
        AssetAccount(
            account,
            names.codes.find_account_label(account),
            of,
            cents,
            None if balances is None else balances.get(account, 0),
        )
        for (of, account), cents in sums.items()
        if of in used or (balances or {}).get(account)
    ]


def build_page(register: AssetRegister, assets: list[Asset], next_link: str | None) -> AssetPage:
    """Build a page with some of the assets."""
    return AssetPage(
        batch=register.batch,
        exercise=register.exercise,
        assets=assets,
        accounts=register.accounts,
        next=next_link,
    )


def build_table(register: AssetRegister) -> ReportTable:
    """Build the table: the assets of each account, then a row with their sum and its balance, and one for depreciation."""
    columns = [
        *(Column("account"), Column("accountant"), Column("asset"), Column("entry"), Column("in service")),
        *(Column("months", CellType.COUNT), Column("cost", CellType.MONEY)),
        *(Column("depreciated", CellType.MONEY), Column("net value", CellType.MONEY)),
        *(Column("to charge", CellType.MONEY), Column("balance", CellType.MONEY), Column("finding")),
    ]
    of_account: dict[str, list[Asset]] = defaultdict(list)
    for asset in register.assets:
        of_account[asset.account].append(asset)
    rows = [row for account in register.accounts for row in _list_rows(account, of_account[account.of])]
    return ReportTable(
        f"Register of assets {register.exercise or ''}, after batch {register.batch:,}",
        columns,
        rows,
        _build_foot(register),
        drop_order=("entry", "months", "accountant"),
    )


def _list_rows(account: AssetAccount, assets: Sequence[Asset]) -> list[list[Cell]]:
    is_cost = account.account == account.of
    rows: list[list[Cell]] = [
        [
            *(asset.account, asset.accountant, asset.reference, str(asset.entry), asset.in_service),
            *(asset.months or None, asset.cost_cents, asset.depreciated_cents, asset.net_cents),
            *(asset.to_charge_cents, None, ""),
        ]
        for asset in (assets if is_cost else ())
    ]
    cost, depreciated = (account.sum_cents, None) if is_cost else (None, -account.sum_cents)
    is_equal = account.balance_cents == account.sum_cents
    finding = "" if account.balance_cents is None else EQUAL if is_equal else DIFFERENT
    total = [None, cost, depreciated, None, None, account.balance_cents, finding]
    return [*rows, [account.account, "", "all", "", "", *total]]


def _build_foot(register: AssetRegister) -> list[Cell]:
    """Return the last row: the sums of all assets, and whether those of every account add up to its balance."""
    verdict = "equal to the balances" if register.adds_up else "NOT equal to the balances"
    if any(account.balance_cents is None for account in register.accounts):
        verdict = "a part of the journal: not compared"
    sums = [
        sum(column)
        for column in zip(
            *(
                (asset.cost_cents, asset.depreciated_cents, asset.net_cents, asset.to_charge_cents)
                for asset in register.assets
            ),
            strict=True,
        )
    ] or [0, 0, 0, 0]
    return ["all", "", "", "", "", None, *sums, None, verdict]
