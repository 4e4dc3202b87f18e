"""The charts of accounts as tables: the accounts of each year, and the account of each role."""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from core.account_roles import Role
from core.asset_plans import AssetPlan
from core.chart import Chart
from core.receipt_natures import ReceiptNature
from core.result_accounts import ResultAccounts

Charts = Mapping[int, Chart]
"""By exercise."""
NaturesOfYears = Mapping[int, Mapping[str, ReceiptNature]]
"""By budget year."""


def build_chart_tables(charts: Charts, natures: NaturesOfYears) -> dict[str, pa.Table]:
    """Return by year the accounts, those by role, those that items admit, those without entries by hand, and own creditors."""
    creditors = (
        (year, account, role.name, creditor)
        for year, chart in charts.items()
        for (account, role), creditor in chart.own_creditors.items()
    )
    return {
        "charted": _build_table(
            ("code",), ((year, code) for year, chart in charts.items() for code in chart.accounts)
        ),
        "role_account": _build_table(
            ("item", "role", "account"), (*_list_roles(charts), *_list_products(natures))
        ),
        "receipt_nature": _build_table(
            ("code", "product", "annulment"),
            (
                (year, nature.code, nature.product, nature.annulment)
                for year, of_year in natures.items()
                for nature in of_year.values()
            ),
        ),
        "admitted": _build_table(("item", "code"), _list_admissions(charts)),
        "liaison": _build_table(
            ("code",), ((year, code) for year, chart in charts.items() for code in chart.liaison)
        ),
        "suspense": _build_table(
            ("code",), ((year, code) for year, chart in charts.items() for code in chart.suspense)
        ),
        "asset_plan": _build_table(("account", *AssetPlan._fields), _list_plans(charts)),
        "restricted": _build_table(
            ("code",), ((year, code) for year, chart in charts.items() for code in chart.restricted)
        ),
        "own_creditor": _build_table(("expense", "role", "creditor"), creditors),
        **_build_closing_tables(charts),
    }


def _build_closing_tables(charts: Charts) -> dict[str, pa.Table]:
    """Return by year the accounts on which balances are opened and the result is determined."""
    return {
        "opening_account": _build_table(
            ("code",),
            ((year, code) for year, chart in charts.items() for code in chart.list_opening_accounts()),
        ),
        "technical_account": _build_table(
            ("code",), ((year, chart.opening) for year, chart in charts.items() if chart.opening)
        ),
        "result_account": _build_table(
            ("account", *ResultAccounts._fields[1:]),
            ((year, *chart.result) for year, chart in charts.items() if chart.result.result),
        ),
        "settlement_act": _build_table(
            ("name", "day", "account"),
            (
                (year, chart.settlement.name, chart.settlement.day.isoformat(), chart.settlement.account)
                for year, chart in charts.items()
                if chart.settlement.name
            ),
        ),
        "counterpart": _build_table(("kind", "account", "counterpart"), _list_counterparts(charts)),
    }


def _list_roles(charts: Charts) -> Iterator[tuple]:
    """List the account of each role by item; a role that does not depend on the item has none."""
    for year, chart in charts.items():
        for item, by_role in chart.role_accounts.items():
            yield from ((year, item, role.name, account) for role, account in by_role.items())
        yield from ((year, "", role.name, account) for role, account in chart.shared_accounts.items())


def _list_plans(charts: Charts) -> Iterator[tuple]:
    """List the plan of each account of assets."""
    for year, chart in charts.items():
        yield from ((year, account, *map(str, plan)) for account, plan in chart.assets.items())


def _list_counterparts(charts: Charts) -> Iterator[tuple]:
    """List what the entries of the inventory stand against."""
    for year, chart in charts.items():
        for kind, of_kind in chart.inventory.items():
            yield from ((year, kind, account, counterpart) for account, counterpart in of_kind.items())


def _list_products(natures: NaturesOfYears) -> Iterator[tuple]:
    """List the product of each nature of receipt."""
    for year, of_year in natures.items():
        yield from ((year, nature.code, Role.PRODUCT.name, nature.product) for nature in of_year.values())


def _list_admissions(charts: Charts) -> Iterator[tuple]:
    for year, chart in charts.items():
        for item in chart.admitted_prefixes:
            yield from ((year, item, code) for code in chart.accounts if chart.is_admitted(item, code))


def _build_table(names: tuple[str, ...], rows: Iterable[tuple]) -> pa.Table:
    """Build a table of texts by year; its types are given, because a table may have no rows."""
    schema = pa.schema([("year", pa.int32()), *((name, pa.string()) for name in names)])
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
