"""One node of the budget, those above it, and which of them leaves least."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from core.calendar import YEAR_FIRST
from core.nomenclature import CENTRES_MAX, FundFamily, Level
from reporting.budget import NodeBudget, measured
from reporting.code_names import CENTRE, Names, Node
from reporting.node_figures import figures
from reporting.report_queries import Connection, Row

_FAMILIES, _SHEETS = len(FundFamily), 2 * len(FundFamily)


class Place(NamedTuple):
    """A node by its names."""

    centre: str
    year: int
    staff: bool = False
    family: FundFamily = FundFamily.ORDINARY


class LevelBudget(NodeBudget, frozen=True, kw_only=True):
    """A node, and how high it stands."""

    level: str


class Least(msgspec.Struct, frozen=True):
    """The level that leaves least, which is what may still be spent."""

    level: str
    centre: str
    available: int


class NodeStanding(msgspec.Struct, frozen=True, kw_only=True):
    """A budget node as it stood after a batch, in cents."""

    batch: int
    node: LevelBudget
    above: list[LevelBudget]
    """From its parent up to the programme."""
    tightest_ae: Least | None
    """None where credits are estimated: they are no ceiling."""
    tightest_cp: Least | None


async def standing(connection: Connection, names: Names, place: Place, batch: int) -> NodeStanding:
    """How a node stood after ``batch``; one that was never given anything has nothing."""
    numbers = names.upwards(_number(names, place))
    found = await figures(connection, numbers, batch)
    levels = [_level(names, Node.of(number), found.get(number)) for number in numbers]
    return NodeStanding(
        batch=batch,
        node=levels[0],
        above=levels[1:],
        # what an operation may engage was set aside for it above, and only its fund centre pays
        tightest_ae=_least(levels[:1] if _is_operation(levels[0]) else levels, "ae"),
        tightest_cp=_least(levels[1:] if _is_operation(levels[0]) else levels, "cp"),
    )


def _level(names: Names, node: Node, row: Row | None) -> LevelBudget:
    code = names.code(CENTRE, node.centre)
    centre = names.codes.of(node.year).centres[code]
    return LevelBudget(
        node.year,
        code,
        centre.label,
        node.envelope,
        node.family.name.lower(),
        names.codes.programme_of(code, node.year).estimated,
        measured(row, "ae"),
        measured(row, "cp"),
        level=centre.level.name.lower(),
    )


def _is_operation(level: LevelBudget) -> bool:
    return level.level == Level.OPERATION.name.lower()


def _number(names: Names, place: Place) -> int:
    at = (place.year - YEAR_FIRST) * (CENTRES_MAX + 1) + names.by_code[place.centre]
    return at * _SHEETS + place.staff * _FAMILIES + place.family


def _least(levels: Sequence[LevelBudget], measure: str) -> Least | None:
    if levels[0].estimated:
        return None
    found = min(levels, key=lambda each: getattr(each, measure).available)
    return Least(found.level, found.centre, getattr(found, measure).available)
