"""The tables of the settlement act: by mission, programme and titles, what was opened is consumed, carried or annulled.

Their shape is that of loi 2014-855, art. 1 to 7: credits opened, consumed, carried over and annulled, of AE and of CP, and the
complementary openings for what was consumed beyond them (rule A66).  Funds and ordinary credits stand together.
"""

from collections import defaultdict

from core.amount_fields import AmountStruct, Cents
from reporting.budget import BudgetScope
from reporting.code_names import CodeNames
from reporting.execution import Execution, PlaceExecution, load_execution
from reporting.report_queries import Connection
from reporting.report_tables import CellType, Column, ReportTable


class SettledCredits(AmountStruct, frozen=True):
    """The AE or the CP of a programme, of title 2 or the others, in cents."""

    year: int
    mission: str
    programme: str
    label: str
    envelope: str
    """T2 or HT2."""
    measure: str
    """AE or CP."""
    opened_cents: Cents
    """All that was opened, before carry-over and annulment."""
    complementary_cents: Cents
    """What the settlement act opens beyond, as more was consumed; of estimated credits, or of payroll."""
    consumed_cents: Cents
    reported_cents: Cents
    """Consumed less what withdrawals of commitments of earlier years take off it: what the act prints of AE."""
    carried_cents: Cents
    annulled_cents: Cents
    unsettled_cents: Cents
    """What is still reserved or available: 0 once C15 is proven."""


class SettlementTables(AmountStruct, frozen=True):
    """The tables of a year, or of all."""

    batch: int
    programmes: list[SettledCredits]


async def load_settlement_tables(
    connection: Connection, names: CodeNames, scope: BudgetScope
) -> SettlementTables:
    """Load the programmes with figures, in order of mission and programme."""
    execution: Execution = await load_execution(connection, names, scope)
    groups: dict[tuple[int, str, str, str, str, str], list[PlaceExecution]] = defaultdict(list)
    for place in execution.places:
        key = place.year, place.mission, place.centre, place.label, place.envelope, place.measure
        groups[key].append(place)
    rows = [_settle(key, places) for key, places in sorted(groups.items())]
    return SettlementTables(execution.batch, rows)


def _settle(key: tuple[int, str, str, str, str, str], places: list[PlaceExecution]) -> SettledCredits:
    """Sum the families of funds of a programme; what is lacking on one of them is complementary, whatever others have left."""
    carried = sum(place.carried_out_cents for place in places)
    annulled = sum(place.cancelled_cents for place in places)
    consumed = sum(place.consumed_cents for place in places)
    return SettledCredits(
        *key,
        sum(place.opened_cents for place in places) + carried + annulled,
        sum(max(-place.available_cents, 0) for place in places),
        consumed,
        consumed - sum(place.withdrawn_cents for place in places),
        carried,
        annulled,
        sum(max(place.available_cents, 0) + place.reserved_cents + place.frozen_cents for place in places),
    )


def build_table(report: SettlementTables) -> ReportTable:
    """Build the table."""
    money = ("opened", "complementary", "consumed", "reported", "carried", "annulled", "unsettled")
    columns = [
        *(Column("year"), Column("mission", CellType.PROSE), Column("programme")),
        *(
            Column("label", CellType.PROSE),
            Column("envelope", CellType.PROSE),
            Column("measure", CellType.PROSE),
        ),
        *(Column(name, CellType.MONEY) for name in money),
    ]
    rows = [
        [
            *(str(row.year), row.mission, row.programme, row.label, row.envelope, row.measure),
            *(row.opened_cents, row.complementary_cents, row.consumed_cents, row.reported_cents),
            *(row.carried_cents, row.annulled_cents, row.unsettled_cents),
        ]
        for row in report.programmes
    ]
    return ReportTable(
        f"Settlement tables, after batch {report.batch:,}",
        columns,
        rows,
        drop_order=("mission", "label", "reported", "unsettled", "complementary", "year"),
    )
