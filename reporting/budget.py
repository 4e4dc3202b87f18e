"""Budget execution: what each node was given, holds reserved, has consumed and has left, in AE and in CP."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from core.nomenclature import FundFamily, Level
from reporting.code_names import CENTRE, Names, Node
from reporting.report_queries import Connection, Row, batch_or_last, fetch
from reporting.report_tables import Column, Grid, Kind

_FIGURES = ("opened", "allotted", "reserved", "consumed")


class Appropriations(msgspec.Struct, frozen=True):
    """One measure of a node, in cents."""

    opened: int
    allotted: int
    """Passed on to the level below."""
    reserved: int
    consumed: int
    available: int
    """Opened, neither reserved nor consumed; below zero only where credits are estimated."""


class NodeBudget(msgspec.Struct, frozen=True):
    """One node of the budget."""

    year: int
    centre: str
    label: str
    envelope: str
    """T2 or HT2."""
    family: str
    estimated: bool
    ae: Appropriations
    cp: Appropriations


class Budget(msgspec.Struct, frozen=True):
    """Execution at one level, in order of the nomenclature."""

    batch: int
    level: str
    nodes: list[NodeBudget]
    ae: Appropriations
    cp: Appropriations


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the budget to show."""

    level: Level = Level.PROGRAMME
    programme: str | None = None
    year: int | None = None
    batch: int | None = None
    """As it stood after this batch; after the last if none is given."""
    within: frozenset[str] = frozenset()
    """Only these programmes; all of them when empty."""


async def budget(connection: Connection, names: Names, scope: Scope = Scope()) -> Budget:
    """Execution of every node in ``scope`` that ever had a figure."""
    at = await batch_or_last(connection, scope.batch)
    rows = await fetch(connection, "budget", at, _centres(names, scope))
    nodes = [_node(names, row) for row in rows]
    chosen = sorted((each for each in nodes if scope.year in (None, each.year)), key=_order)
    ae, cp = _total([each.ae for each in chosen]), _total([each.cp for each in chosen])
    return Budget(at, scope.level.name, chosen, ae, cp)


def _centres(names: Names, scope: Scope) -> list[int]:
    """Numbers of the fund centres in scope."""
    return [
        names.by_code[code]
        for code, centre in names.codes.centres.items()
        if centre.level == scope.level
        and code in names.by_code
        and _lies_in(scope, names.codes.programme_of(code).code)
    ]


def _lies_in(scope: Scope, programme: str) -> bool:
    return scope.programme in (None, programme) and (not scope.within or programme in scope.within)


def _node(names: Names, row: Row) -> NodeBudget:
    node = Node.of(row["node"])
    code = names.code(CENTRE, node.centre)
    return NodeBudget(
        node.year,
        code,
        names.centre_label(code, node.year),
        node.envelope,
        node.family.name.lower(),
        names.codes.programme_of(code, node.year).estimated,
        measured(row, "ae"),
        measured(row, "cp"),
    )


def measured(row: Row | None, measure: str) -> Appropriations:
    """One measure (``ae`` or ``cp``) of a row of ``node_balance``; zeros where there is none yet."""
    opened, allotted, reserved, consumed = (row[f"{measure}_{figure}"] if row else 0 for figure in _FIGURES)
    return Appropriations(opened, allotted, reserved, consumed, opened - reserved - consumed)


def _total(parts: Sequence[Appropriations]) -> Appropriations:
    return Appropriations(
        *(sum(getattr(each, name) for each in parts) for name in Appropriations.__struct_fields__)
    )


def _order(node: NodeBudget) -> tuple[int, str, str, str]:
    return node.year, node.centre, node.envelope, node.family


def grid(found: Budget) -> Grid:
    """As a table: AE and CP of a node side by side."""
    shown = ("opened", "reserved", "consumed", "available")
    columns = [
        *(Column("year"), Column("centre"), Column("label"), Column("envelope")),
        *(Column(f"{measure} {name}", Kind.MONEY) for measure in ("AE", "CP") for name in shown),
    ]
    rows = [
        [str(each.year), each.centre, each.label, _envelope(each), *_cells(each, shown)]
        for each in found.nodes
    ]
    foot = ["", "all", "", "", *_cells(found, shown)]
    return Grid(
        f"Budget execution by {found.level.lower()}, after batch {found.batch:,}", columns, rows, foot
    )


def _envelope(node: NodeBudget) -> str:
    family = "" if node.family == FundFamily.ORDINARY.name.lower() else f", {node.family.replace('_', ' ')}"
    return f"{node.envelope}{family}{', estimated' if node.estimated else ''}"


def _cells(found: NodeBudget | Budget, shown: Sequence[str]) -> list[int]:
    return [getattr(measure, name) for measure in (found.ae, found.cp) for name in shown]
