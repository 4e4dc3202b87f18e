"""One budget node, the nodes above it, and the one with the least available credits."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from core.amount_fields import AmountStruct, Cents, OldCents
from core.nomenclature import CENTRES_MAX, CentreLevel, FundFamily
from core.periods import YEAR_FIRST
from reporting.budget import NodeBudget, compute_staff_difference, read_appropriations
from reporting.code_names import CENTRE, BudgetNode, CodeNames
from reporting.node_figures import fetch_figures, fetch_withdrawn
from reporting.report_queries import Connection, Row

_FAMILIES, _SHEETS = len(FundFamily), 2 * len(FundFamily)


class NodeSelector(NamedTuple):
    """A node named by its fund centre, year, title and fund family."""

    centre: str
    year: int
    staff: bool = False
    family: FundFamily = FundFamily.ORDINARY


class LevelBudget(NodeBudget, frozen=True, kw_only=True):
    """A node and its level."""

    level: str


class TightestLevel(AmountStruct, frozen=True):
    """The level with the least available credits; its available credits are what may still be spent."""

    level: str
    centre: str
    available: OldCents
    available_cents: Cents = 0


class NodeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A budget node as of a batch, in cents."""

    batch: int
    node: LevelBudget
    above: list[LevelBudget]
    """The nodes from its parent up to the programme."""
    tightest_ae: TightestLevel | None
    """Null for estimated credits, which are no ceiling."""
    tightest_cp: TightestLevel | None


async def load_node_status(
    connection: Connection, names: CodeNames, selector: NodeSelector, *, batch: int
) -> NodeStatus:
    """Load the status of a node as of ``batch``; a node without figures has zeros."""
    numbers = names.list_path(_find_number(names, selector))
    rows = await fetch_figures(connection, numbers, batch)
    withdrawn = await fetch_withdrawn(connection, numbers, batch)
    levels = [
        _build_level(
            names, BudgetNode.from_number(number), rows.get(number), withdrawn=withdrawn.get(number, 0)
        )
        for number in numbers
    ]
    return NodeStatus(
        batch=batch,
        node=levels[0],
        above=levels[1:],
        # the commitments of an operation are limited by its earmark alone, and its payments by its fund centre
        tightest_ae=_find_tightest(levels[:1] if _is_operation(levels[0]) else levels, "ae"),
        tightest_cp=_find_tightest(levels[1:] if _is_operation(levels[0]) else levels, "cp"),
    )


def _build_level(names: CodeNames, node: BudgetNode, row: Row | None, *, withdrawn: int) -> LevelBudget:
    code = names.find_code(CENTRE, node.centre)
    centre = names.codes.find_year(node.year).centres[code]
    ae, cp = read_appropriations(row, "ae"), read_appropriations(row, "cp")
    return LevelBudget(
        node.year,
        code,
        centre.label,
        node.envelope,
        node.family.name.lower(),
        names.codes.find_programme(code, node.year).estimated,
        ae,
        cp,
        compute_staff_difference(node, ae, cp),
        ae.consumed - withdrawn,
        level=centre.level.name.lower(),
    )


def _is_operation(level: LevelBudget) -> bool:
    return level.level == CentreLevel.OPERATION.name.lower()


def _find_number(names: CodeNames, selector: NodeSelector) -> int:
    at = (selector.year - YEAR_FIRST) * (CENTRES_MAX + 1) + names.by_code[selector.centre]
    return at * _SHEETS + selector.staff * _FAMILIES + selector.family


def _find_tightest(levels: Sequence[LevelBudget], measure: str) -> TightestLevel | None:
    if levels[0].estimated:
        return None
    tightest = min(levels, key=lambda level: getattr(level, measure).available)
    return TightestLevel(tightest.level, tightest.centre, getattr(tightest, measure).available)
