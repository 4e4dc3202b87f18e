"""Budget execution with the origin of credits: where what a programme, BOP or UO has came from, and where it went.

Each place has one row for AE and one for CP.  The columns from ``initial`` to ``cancelled`` add up to what is opened now, and
that is frozen, reserved, consumed or available; below zero a figure is printed so (rules A19, A21, A66).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.amount_fields import AmountStruct, Cents
from core.catalog import CATALOG, BudgetAction, list_kinds
from core.kind_rules import CANCELS_CREDITS, Measure
from core.origins import Origin
from reporting.budget import Appropriations, Budget, BudgetScope, NodeBudget, load_budget
from reporting.code_names import CENTRE, FUND, ITEM, BudgetNode, CodeNames
from reporting.report_queries import Connection, Row, fetch
from reporting.report_tables import CellType, Column, ReportTable

FLOWS = (
    *("initial", "amending", "advance", "transfer", "carried_in", "funds"),
    *("carried_out", "cancelled"),
)
_OF_ORIGIN: Mapping[int, str] = {
    Origin.FINANCE_LAW: "initial",
    Origin.AMENDING_LAW: "amending",
    Origin.DECREE_OF_ADVANCE: "advance",
    Origin.TRANSFER: "transfer",
    Origin.CARRY_OVER: "carried_in",
    Origin.CONTRIBUTION_FUND: "funds",
}
_DECREE_MOVES = frozenset({BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER})
_ACTIONS: Mapping[BudgetAction, str] = {
    BudgetAction.OPEN_FUND: "funds",
    BudgetAction.CARRY_IN: "carried_in",
    BudgetAction.CARRY_OUT: "carried_out",
    BudgetAction.CANCEL_UNUSED: "cancelled",
    **dict.fromkeys(CANCELS_CREDITS, "cancelled"),
}
_KINDS = list_kinds(
    lambda kind: kind.budget is BudgetAction.OPEN or kind.budget in {*_ACTIONS, *_DECREE_MOVES}
)
_LOWERS = frozenset({"carried_out", "cancelled"})


class PlaceExecution(AmountStruct, frozen=True):
    """The AE or the CP of a fund centre, on title 2 or the others and of a family of funds, in cents."""

    year: int
    mission: str
    centre: str
    label: str
    envelope: str
    """T2 or HT2."""
    family: str
    measure: str
    """AE or CP."""
    initial_cents: Cents
    """Opened by the first finance law."""
    amending_cents: Cents
    advance_cents: Cents
    """Opened by decrees of advance."""
    transfer_cents: Cents
    """Moved by decree, net, and opened with the origin ``transfer``."""
    carried_in_cents: Cents
    """Carried over from the year before."""
    funds_cents: Cents
    """Opened by receipts of funds."""
    distributed_cents: Cents
    """Received from above less given back, or moved within the programme, net."""
    carried_out_cents: Cents
    """Carried over into the next year."""
    cancelled_cents: Cents
    opened_cents: Cents
    """What the columns before come to."""
    frozen_cents: Cents
    reserved_cents: Cents
    consumed_cents: Cents
    available_cents: Cents
    """Below zero where more is consumed than opened: of estimated credits alone, or of payroll."""
    withdrawn_cents: Cents
    """Of AE: what withdrawals of commitments of earlier years take off the reported consumption."""


class Execution(AmountStruct, frozen=True):
    """The execution of every place in scope that has figures."""

    batch: int
    level: str
    places: list[PlaceExecution]


class FlowKey(NamedTuple):
    """A place and a measure."""

    year: int
    centre: str
    envelope: str
    family: str
    measure: str


Flows = Mapping[FlowKey, Mapping[str, int]]
"""By place: the cents of each column of ``FLOWS`` that is not 0."""


@dataclass(frozen=True, slots=True)
class LoadedExecution:
    """The figures of places, and the flows behind them."""

    budget: Budget
    flows: Flows


async def load_figures(connection: Connection, names: CodeNames, scope: BudgetScope) -> LoadedExecution:
    """Load figures and flows of a scope."""
    budget = await load_budget(connection, names, scope)
    rows = await fetch(connection, "credit_flows", list(_KINDS), budget.batch)
    flows: dict[FlowKey, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        for key, column, cents in _read_flow(names, row):
            for centre in _list_levels(names, key):
                flows[key._replace(centre=centre)][column] += cents
    return LoadedExecution(budget, flows)


async def load_execution(connection: Connection, names: CodeNames, scope: BudgetScope) -> Execution:
    """Load the execution of every fund centre in scope that has figures."""
    loaded = await load_figures(connection, names, scope)
    places = [
        place
        for node in loaded.budget.nodes
        for measure, figures in (("AE", node.ae), ("CP", node.cp))
        if (place := _build_place(names, node, (measure, figures), flows=loaded.flows)) is not None
    ]
    return Execution(loaded.budget.batch, loaded.budget.level.lower(), places)


def _read_flow(names: CodeNames, row: Row) -> Iterator[tuple[FlowKey, str, int]]:
    """Yield what one sum adds to a column of its place; a move by decree to both ends."""
    year, kind = row["budget_year"], CATALOG[row["kind"]]
    codes = names.codes.find_year(year)
    item, fund = (
        codes.items[names.find_code(ITEM, row["item"])],
        codes.funds[names.find_code(FUND, row["fund"])],
    )
    centre = names.find_code(CENTRE, row["operation"] or row["centre"])
    measures = ["AE", "CP"] if kind.measure is Measure.NONE else [kind.measure.name]
    for measure in measures:
        key = FlowKey(year, centre, "T2" if item.staff else "HT2", fund.family.name.lower(), measure)
        if kind.budget in _DECREE_MOVES:
            giver = BudgetNode.from_number(row["source"])
            source = key._replace(centre=names.find_code(CENTRE, giver.centre), envelope=giver.envelope)
            yield from ((key, "transfer", row["cents"]), (source, "transfer", -row["cents"]))
        else:
            column = _ACTIONS.get(kind.budget) or _OF_ORIGIN[row["source"]]
            yield key, column, row["cents"]


def _list_levels(names: CodeNames, key: FlowKey) -> Iterable[str]:
    """Yield a place and every level above it, which what leaves a year leaves too."""
    centres, centre = names.codes.find_year(key.year).centres, key.centre
    while centre:
        yield centre
        centre = centres[centre].parent


def _build_place(
    names: CodeNames, node: NodeBudget, measured: tuple[str, Appropriations], *, flows: Flows
) -> PlaceExecution | None:
    """Return the row of a measure of a node; None if nothing ever came there and nothing was taken."""
    measure, figures = measured
    key = FlowKey(node.year, node.centre, node.envelope, node.family, measure)
    own = flows.get(key, {})
    if not any(own.values()) and not any((figures.opened, figures.reserved, figures.consumed)):
        return None
    explained = sum(-own.get(name, 0) if name in _LOWERS else own.get(name, 0) for name in FLOWS)
    return PlaceExecution(
        year=node.year,
        mission=names.codes.find_programme(node.centre, node.year).mission,
        centre=node.centre,
        label=node.label,
        envelope=node.envelope,
        family=node.family,
        measure=measure,
        **{f"{name}_cents": own.get(name, 0) for name in FLOWS},
        distributed_cents=figures.opened - explained,
        opened_cents=figures.opened,
        frozen_cents=figures.frozen_cents,
        reserved_cents=figures.reserved,
        consumed_cents=figures.consumed,
        available_cents=figures.available,
        withdrawn_cents=node.ae.consumed - node.ae_reported_cents if measure == "AE" else 0,
    )


def build_table(report: Execution) -> ReportTable:
    """Build the table."""
    money = (
        *(
            "initial",
            "amending laws",
            "advance decrees",
            "transfers",
            "carry-over in",
            "funds",
            "distributed",
        ),
        *("carry-over out", "cancelled", "opened", "frozen", "reserved", "consumed", "available"),
    )
    columns = [
        *(Column("year"), Column("mission", CellType.PROSE), Column("centre")),
        *(Column("label", CellType.PROSE), Column("envelope", CellType.PROSE), Column("fund family")),
        Column("measure", CellType.PROSE),
        *(Column(name, CellType.MONEY) for name in money),
    ]
    return ReportTable(
        f"Execution by {report.level} with the origin of credits, after batch {report.batch:,}",
        columns,
        [_build_row(place) for place in report.places],
        drop_order=(
            *("mission", "label", "fund family", "advance decrees", "amending laws", "funds", "transfers"),
            *("distributed", "frozen", "reserved", "carry-over in", "year", "opened"),
        ),
    )


def _build_row(place: PlaceExecution) -> list[str | int | None]:
    return [
        *(str(place.year), place.mission, place.centre, place.label, place.envelope),
        *(place.family, place.measure),
        *(place.initial_cents, place.amending_cents, place.advance_cents, place.transfer_cents),
        *(place.carried_in_cents, place.funds_cents, place.distributed_cents),
        *(place.carried_out_cents, place.cancelled_cents, place.opened_cents, place.frozen_cents),
        *(place.reserved_cents, place.consumed_cents, place.available_cents),
    ]
