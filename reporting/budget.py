"""Budget execution: the opened, reserved, frozen, consumed and available credits of each node, in AE and in CP."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from core.amount_fields import AmountStruct, Cents, OldCents
from core.nomenclature import STAFF_TITLE, CentreLevel, FundFamily
from reporting.code_names import CENTRE, BudgetNode, CodeNames
from reporting.node_figures import fetch_withdrawn
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable

_FIGURES = ("opened", "allotted", "reserved", "consumed")
_REPORTED_PLACE = 8
"""The place of the AE reported as consumed in the table: behind the AE consumed."""
_DROP_ORDER = (
    "label",
    "AE reported",
    *(f"{measure} {name}" for name in ("frozen", "reserved", "consumed") for measure in ("AE", "CP")),
    *("year", "AE opened", "CP opened"),
)


class Appropriations(AmountStruct, frozen=True):
    """The AE or the CP of a node, in cents."""

    opened: OldCents
    allotted: OldCents
    """Allotted to the level below."""
    reserved: OldCents
    consumed: OldCents
    available: OldCents
    """Opened less reserved, frozen and consumed; below zero only for estimated credits."""
    opened_cents: Cents = 0
    allotted_cents: Cents = 0
    reserved_cents: Cents = 0
    consumed_cents: Cents = 0
    available_cents: Cents = 0
    frozen_cents: Cents = 0
    """Frozen at the node and below it: opened, but neither passed on nor spent."""


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
    staff_difference_cents: Cents = 0
    """On title 2 (T2), AE opened less CP opened; 0 on the other titles.

    Staff takes the same of both, so that the difference cannot be spent (rule A20).
    """
    ae_reported_cents: Cents = 0
    """AE consumed less what withdrawals of commitments of earlier years lower: what is reported, which may be below zero.

    What is available counts ``ae.consumed`` alone (rules A15 and A21).
    """


class Budget(msgspec.Struct, frozen=True):
    """Budget execution at one level, in order of the nomenclature."""

    batch: int
    level: str
    nodes: list[NodeBudget]
    ae: Appropriations
    cp: Appropriations


class BudgetPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of budget execution at one level, in order of year and nomenclature; amounts in cents."""

    batch: int
    level: str
    nodes: list[NodeBudget]
    ae: Appropriations
    """Of all nodes, on every page."""
    cp: Appropriations
    next: str | None


@dataclass(frozen=True, slots=True)
class BudgetScope:
    """The part of the budget to report."""

    level: CentreLevel = CentreLevel.PROGRAMME
    programme: str | None = None
    year: int | None = None
    batch: int | None = None
    """As of this batch; of the last one if None."""
    within: frozenset[str] = frozenset()
    """Only these programmes; all if empty."""


async def load_budget(connection: Connection, names: CodeNames, scope: BudgetScope = BudgetScope()) -> Budget:
    """Load the execution of every node in ``scope`` that has figures."""
    at = await find_batch_or_last(connection, scope.batch)
    rows = await fetch(connection, "budget", at, _list_centres(names, scope))
    withdrawn = await fetch_withdrawn(connection, [row["node"] for row in rows], at)
    nodes = [_build_node(names, row, withdrawn.get(row["node"], 0)) for row in rows]
    selected = sorted((node for node in nodes if scope.year in (None, node.year)), key=_build_sort_key)
    ae, cp = (
        _sum_appropriations([node.ae for node in selected]),
        _sum_appropriations([node.cp for node in selected]),
    )
    return Budget(at, scope.level.name, selected, ae, cp)


def _list_centres(names: CodeNames, scope: BudgetScope) -> list[int]:
    """Return the numbers of the fund centres in scope."""
    return [
        names.by_code[code]
        for code, centre in names.codes.centres.items()
        if centre.level == scope.level
        and code in names.by_code
        and _is_in_scope(scope, names.codes.find_programme(code).code)
    ]


def _is_in_scope(scope: BudgetScope, programme: str) -> bool:
    return scope.programme in (None, programme) and (not scope.within or programme in scope.within)


def _build_node(names: CodeNames, row: Row, withdrawn: int) -> NodeBudget:
    node = BudgetNode.from_number(row["node"])
    code = names.find_code(CENTRE, node.centre)
    ae, cp = read_appropriations(row, "ae"), read_appropriations(row, "cp")
    return NodeBudget(
        node.year,
        code,
        names.find_centre_label(code, node.year),
        node.envelope,
        node.family.name.lower(),
        names.codes.find_programme(code, node.year).estimated,
        ae,
        cp,
        compute_staff_difference(node, ae, cp),
        ae.consumed - withdrawn,
    )


def compute_staff_difference(node: BudgetNode, ae: Appropriations, cp: Appropriations) -> int:
    """Return the AE opened less the CP opened of a node of title 2; 0 on other titles."""
    return ae.opened - cp.opened if node.envelope == STAFF_TITLE else 0


def read_appropriations(row: Row | None, measure: str) -> Appropriations:
    """Return one measure (``ae`` or ``cp``) of the figures of a node; zeros if there is no row.

    What is frozen is part of the stored reservations, and is shown apart.
    """
    opened_cents, allotted, reserved, consumed, frozen = (
        row[f"{measure}_{figure}"] if row else 0 for figure in (*_FIGURES, "frozen")
    )
    available = opened_cents - reserved - consumed
    return Appropriations(opened_cents, allotted, reserved - frozen, consumed, available, frozen_cents=frozen)


def _sum_appropriations(parts: Sequence[Appropriations]) -> Appropriations:
    names = (*_FIGURES, "available", "frozen_cents")
    return Appropriations(**{name: sum(getattr(part, name) for part in parts) for name in names})


def _build_sort_key(node: NodeBudget) -> tuple[int, str, str, str]:
    return node.year, node.centre, node.envelope, node.family


def build_page(budget: Budget, nodes: list[NodeBudget], next_link: str | None) -> BudgetPage:
    """Build a page with some of the nodes."""
    return BudgetPage(
        batch=budget.batch,
        level=budget.level.lower(),
        nodes=nodes,
        ae=budget.ae,
        cp=budget.cp,
        next=next_link,
    )


def build_table(budget: Budget) -> ReportTable:
    """Build the table, with AE and CP of a node side by side."""
    figures = ("opened", "reserved", "frozen", "consumed", "available")
    columns = [
        *(
            Column("year"),
            Column("centre"),
            Column("label", CellType.PROSE),
            Column("envelope", CellType.PROSE),
        ),
        *(Column(f"{measure} {name}", CellType.MONEY) for measure in ("AE", "CP") for name in figures),
    ]
    columns.insert(_REPORTED_PLACE, Column("AE reported", CellType.MONEY))
    rows = [
        _insert_reported_column(
            [str(node.year), node.centre, node.label, _format_envelope(node), *_list_cells(node, figures)],
            node.ae_reported_cents,
        )
        for node in budget.nodes
    ]
    reported = sum(node.ae_reported_cents for node in budget.nodes)
    foot = _insert_reported_column(["", "all", "", "", *_list_cells(budget, figures)], reported)
    return ReportTable(
        f"Budget execution by {budget.level.lower()}, after batch {budget.batch:,}",
        columns,
        rows,
        foot,
        drop_order=_DROP_ORDER,
    )


def _insert_reported_column(cells: list[str | int], reported: int) -> list[str | int]:
    return [*cells[:_REPORTED_PLACE], reported, *cells[_REPORTED_PLACE:]]


def _format_envelope(node: NodeBudget) -> str:
    family = "" if node.family == FundFamily.ORDINARY.name.lower() else f", {node.family.replace('_', ' ')}"
    difference = ", AE opened differ from CP" if node.staff_difference_cents else ""
    return f"{node.envelope}{family}{', estimated' if node.estimated else ''}{difference}"


def _list_cells(source: NodeBudget | Budget, figures: Sequence[str]) -> list[int]:
    return [getattr(measure, f"{name}_cents") for measure in (source.ae, source.cp) for name in figures]
