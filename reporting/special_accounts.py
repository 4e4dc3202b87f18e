"""Earmarked special accounts by year and section: receipts, what is engaged and ordered of them, and what is carried on.

Both totals of expenses are limited by the receipts of the year and the balance brought forward (LOLF art. 21; rule A23).
The balance that a year carries on is what it brought forward, with its receipts, less what it paid (art. 20 and 28).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from core.amount_fields import AmountStruct, Cents
from core.special_accounts import EarmarkedAccount, list_earmarked_accounts
from reporting.code_names import CENTRE, BudgetNode, CodeNames
from reporting.report_queries import Connection, fetch, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable


class SectionBalance(AmountStruct, frozen=True):
    """An account, or a section of one, in a year, in cents."""

    year: int
    account: str
    section: str
    """Empty if the account has no sections."""
    brought_cents: Cents
    """Brought forward into the year, by the files of the year."""
    collected_cents: Cents
    """Collected in the year; what repays an expense restores credits instead."""
    engaged_cents: Cents
    """AE of the year used by commitments and by requests without one."""
    carried_in_cents: Cents
    """What carries brought into the year of what years before engaged and did not pay; the balance has its money."""
    ordered_cents: Cents
    """CP of the year reserved by requests or paid."""
    paid_cents: Cents
    free_to_engage_cents: Cents
    """What may still be engaged: brought forward and collected, less engaged and carried in."""
    free_to_order_cents: Cents
    carried_cents: Cents
    """The balance for the next year: brought forward and collected, less paid."""
    stated_cents: int | None
    """What the files of the next year bring forward; null if there is no such year, or no such section in it."""
    difference_cents: int | None
    """Stated less carried."""


class SpecialAccounts(AmountStruct, frozen=True):
    """All sections with figures, by year."""

    batch: int
    sections: list[SectionBalance]


class _Figures(NamedTuple):
    """The cents of one programme in one year."""

    collected: int = 0
    engaged: int = 0
    carried: int = 0
    ordered: int = 0
    paid: int = 0


_Totals = Mapping[tuple[int, str], _Figures]
"""By budget year and programme."""


async def load_special_accounts(
    connection: Connection,
    names: CodeNames,
    *,
    year: int | None = None,
    batch: int | None = None,
    within: frozenset[str] = frozenset(),
) -> SpecialAccounts:
    """Load the sections whose programmes are all among those ``within``, which stands for all if it is empty."""
    number = await find_batch_or_last(connection, batch)
    totals = await _fetch_totals(connection, names, number)
    balances = (
        _build_balance(names, budget_year, section, totals=totals)
        for budget_year, codes in names.codes.years.items()
        for section in list_earmarked_accounts(codes)
        if year in (None, budget_year) and (not within or within.issuperset(section.programmes))
    )
    return SpecialAccounts(number, [balance for balance in balances if _has_figures(balance)])


async def _fetch_totals(connection: Connection, names: CodeNames, batch: int) -> _Totals:
    totals: dict[tuple[int, str], _Figures] = defaultdict(_Figures)
    for row in await fetch(connection, "special_figures", batch):
        key = row["budget_year"], names.find_code(CENTRE, row["programme"])
        totals[key] = _Figures(row["collected"], row["engaged"], row["carried"])
    programmes = {
        code
        for codes in names.codes.years.values()
        for section in list_earmarked_accounts(codes)
        for code in section.programmes
    }
    centres = [names.by_code[code] for code in sorted(programmes & names.by_code.keys())]
    for row in await fetch(connection, "budget", batch, centres):
        node = BudgetNode.from_number(row["node"])
        key = node.year, names.find_code(CENTRE, node.centre)
        paid = row["cp_consumed"]
        ordered = row["cp_reserved"] - row["cp_frozen"] + paid
        before = totals[key]
        totals[key] = before._replace(ordered=before.ordered + ordered, paid=before.paid + paid)
    return totals


def _build_balance(
    names: CodeNames, year: int, section: EarmarkedAccount, *, totals: _Totals
) -> SectionBalance:
    parts = [totals.get((year, code), _Figures()) for code in section.programmes]
    collected, engaged, carried, ordered, paid = (sum(cents) for cents in zip(*parts, strict=True))
    available = section.brought_cents + collected
    stated_cents = _find_stated_balance(names, year + 1, section)
    return SectionBalance(
        *(year, section.name, section.section, section.brought_cents),
        *(collected, engaged, carried, ordered, paid),
        *(available - engaged - carried, available - ordered, available - paid),
        stated_cents,
        None if stated_cents is None else stated_cents - (available - paid),
    )


def _find_stated_balance(names: CodeNames, year: int, section: EarmarkedAccount) -> int | None:
    """Return what the files of a year bring forward for the section; None if they have no such year or section."""
    codes = names.codes.years.get(year)
    later = list_earmarked_accounts(codes) if codes else []
    same = (other.brought_cents for other in later if other[:2] == section[:2])
    return next(same, None)


def _has_figures(balance: SectionBalance) -> bool:
    return any(
        (
            *(balance.brought_cents, balance.collected_cents),
            *(balance.engaged_cents, balance.carried_in_cents),
            *(balance.ordered_cents, balance.paid_cents),
        )
    )


def build_table(report: SpecialAccounts) -> ReportTable:
    """Build the table."""
    columns = [
        *(Column("year"), Column("special account", CellType.PROSE), Column("section of the account")),
        *(Column("brought forward", CellType.MONEY), Column("collected", CellType.MONEY)),
        *(
            Column("engaged", CellType.MONEY),
            Column("carried in", CellType.MONEY),
            Column("ordered", CellType.MONEY),
            Column("paid", CellType.MONEY),
        ),
        *(Column("free to engage", CellType.MONEY), Column("free to order", CellType.MONEY)),
        *(Column("to carry", CellType.MONEY), Column("stated next year", CellType.MONEY)),
        Column("difference", CellType.MONEY),
    ]
    return ReportTable(
        f"Earmarked special accounts, after batch {report.batch:,}",
        columns,
        list(_list_rows(report.sections)),
        drop_order=(
            *("stated next year", "paid", "ordered", "engaged", "carried in", "difference"),
            *("brought forward", "collected", "to carry"),
        ),
    )


def _list_rows(sections: Iterable[SectionBalance]) -> Iterator[list[str | int | None]]:
    for balance in sections:
        yield [
            *(str(balance.year), balance.account, balance.section),
            *(balance.brought_cents, balance.collected_cents),
            *(balance.engaged_cents, balance.carried_in_cents),
            *(balance.ordered_cents, balance.paid_cents),
            *(balance.free_to_engage_cents, balance.free_to_order_cents),
            *(balance.carried_cents, balance.stated_cents, balance.difference_cents),
        ]
