"""Loads what a year has left of its credits, and what was carried of it, from what is stored of nodes and entries."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import asyncpg

from closing.carry_over_acts import OrderKey, UnusedYear
from closing.unused_credits import OUT, CreditPlace, Credits, Sheet, UnusedCredits
from core.carry_over_rows import CarriedMeasure
from core.catalog import CATALOG, KIND_NUMBERS, BudgetAction, Family, list_kinds
from core.kind_rules import Measure, YearRule
from core.nomenclature import CENTRES_A_YEAR, SHEETS, STAFF_TITLE, FundFamily, Nomenclature
from core.periods import YEAR_FIRST
from core.sql_files import read_queries
from posting.book.registry import ReferenceData

Connection = asyncpg.Connection
SQL = read_queries("closing", "unused_credits.sql")
_LAST_ENTRY = read_queries("closing", "queries.sql")["last_entry"]


def _engages(family: Family, ae_consumed: int) -> bool:
    return family in (Family.COMMITMENT, Family.COMMITMENT_CHANGE) and ae_consumed > 0


_USES = list_kinds(
    lambda kind: kind.budget is BudgetAction.EARMARK or _engages(kind.family, kind.ae_consumed)
)
_TAKES = list_kinds(lambda kind: kind.year_rule is YearRule.AFTER_YEAR)
_NODES_A_YEAR = CENTRES_A_YEAR * SHEETS


async def load_unused_year(connection: Connection, reference: ReferenceData, year: int) -> UnusedYear:
    """Load what ``year`` has left; the transaction must be one snapshot."""
    before, after = reference.nomenclatures[year], reference.nomenclatures[year + 1]
    last_entry: int = await connection.fetchval(_LAST_ENTRY) or 0
    first_node = (year - YEAR_FIRST) * _NODES_A_YEAR
    nodes = await connection.fetch(SQL["node_figures"], first_node, first_node + _NODES_A_YEAR)
    numbers = [KIND_NUMBERS[kind] for kind in OUT.values()]
    carried = await connection.fetch(SQL["carried_credits"], numbers, year)
    done = await connection.fetchrow(SQL["unused_lines"], _TAKES, year)
    uses = await connection.fetch(SQL["last_uses"], _USES, date(year, 12, 31))
    return UnusedYear(
        # the nodes of a year may be tens of thousands, and the loop has other work
        await asyncio.to_thread(_build_credits, before, nodes),
        after,
        _sum_carried_credits(carried, before),
        done["other"] if done else 0,
        last_entry,
        {row["operation"]: row["day"] for row in uses},
        done["earmarked"] if done else 0,
    )


def _build_credits(codes: Nomenclature, nodes: Iterable[Mapping[str, Any]]) -> UnusedCredits:
    return UnusedCredits(codes, dict(_read_credits(nodes)))


def _read_credits(
    nodes: Iterable[Mapping[str, Any]],
) -> Iterable[tuple[tuple[Measure, CreditPlace], Credits]]:
    for row in nodes:
        sheet = Sheet(row["sheet"] >= len(FundFamily), FundFamily(row["sheet"] % len(FundFamily)))
        place = CreditPlace(row["centre"], sheet)
        for measure, name in ((Measure.AE, "ae"), (Measure.CP, "cp")):
            figures = ("opened", "allotted", "reserved", "consumed", "frozen_here")
            yield (measure, place), Credits(*(row[f"{name}_{figure}"] for figure in figures))


def _sum_carried_credits(rows: Iterable[Mapping[str, Any]], before: Nomenclature) -> dict[OrderKey, int]:
    sums: dict[OrderKey, int] = {}
    for row in rows:
        measure = CarriedMeasure.CP if CATALOG[row["kind"]].measure is Measure.CP else CarriedMeasure.AE
        measure = CarriedMeasure.EARMARKED_AE if row["is_earmarked"] else measure
        sheet = Sheet(row["item"] == STAFF_TITLE, before.funds[row["fund"]].family)
        key = OrderKey(measure, row["centre"][:4], sheet, row["new_centre"][:4])
        sums[key] = sums.get(key, 0) + row["cents"]
    return sums
