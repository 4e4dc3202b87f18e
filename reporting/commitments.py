"""Outstanding commitments (*restes à payer*): amounts not yet certified or requested, and certified but not yet requested."""

from collections import defaultdict
from collections.abc import Mapping

from core.amount_fields import AmountStruct, Cents, OldCents
from core.catalog import CATALOG, Family, Remainder, list_kinds
from core.nomenclature import CentreLevel, FundCentre
from reporting.code_names import CENTRE, CodeNames
from reporting.report_queries import Connection, fetch, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable


class OutstandingCentre(AmountStruct, frozen=True):
    """Outstanding commitments of one fund centre and budget year, in cents."""

    year: int
    centre: str
    label: str
    commitments: int
    open: OldCents
    """Committed, and neither certified nor requested without service."""
    unbilled: OldCents
    """Certified, and not yet requested."""
    open_cents: Cents = 0
    unbilled_cents: Cents = 0


class OutstandingCommitments(AmountStruct, frozen=True):
    """The fund centres of one level with outstanding commitments, in order of the nomenclature."""

    batch: int
    level: str
    centres: list[OutstandingCentre]
    commitments: int
    open: OldCents
    unbilled: OldCents
    open_cents: Cents = 0
    unbilled_cents: Cents = 0


async def load_outstanding_commitments(
    connection: Connection, names: CodeNames, *, level: CentreLevel = CentreLevel.PROGRAMME
) -> OutstandingCommitments:
    """Load the outstanding amounts of all commitments; reads all entries of the journal."""
    kinds = list_kinds(lambda kind: (kind.draws or kind.feeds) and not kind.inherits)
    opens, unbills = (
        [_find_sign(number, remainder) for number in kinds]
        for remainder in (Remainder.OPEN, Remainder.UNBILLED)
    )
    mirrors = list_kinds(lambda kind: kind.mirrors)
    commitments = list_kinds(lambda kind: kind.family is Family.COMMITMENT)
    sums_by_cell = await fetch(connection, "commitments", kinds, opens, unbills, mirrors, commitments)
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in sums_by_cell:
        centres = names.codes.find_year(row["budget_year"]).centres
        centre = _find_ancestor(centres, names.find_code(CENTRE, row["centre"]), level)
        sums[row["budget_year"], centre] = [
            total + row[name]
            for total, name in zip(
                sums[row["budget_year"], centre], ("commitments", "open", "unbilled"), strict=True
            )
        ]
    rows = [
        OutstandingCentre(year, centre, names.find_centre_label(centre, year), *figures)
        for (year, centre), figures in sorted(sums.items())
    ]
    totals = (sum(getattr(figures, name) for figures in rows) for name in ("commitments", "open", "unbilled"))
    return OutstandingCommitments(await find_batch_or_last(connection, None), level.name, rows, *totals)


def _find_sign(kind: int, remainder: Remainder) -> int:
    return (CATALOG[kind].feeds is remainder) - (CATALOG[kind].draws is remainder)


def _find_ancestor(centres: Mapping[str, FundCentre], centre: str, level: CentreLevel) -> str:
    """Return the fund centre of ``level`` above ``centre``, or the centre itself."""
    while centres[centre].level > level:
        centre = centres[centre].parent
    return centre


def build_table(outstanding: OutstandingCommitments) -> ReportTable:
    """Build the table."""
    columns = [
        *(
            Column("year"),
            Column("centre"),
            Column("label", CellType.PROSE),
            Column("commitments", CellType.COUNT),
        ),
        *(Column("engaged, not drawn", CellType.MONEY), Column("certified, not requested", CellType.MONEY)),
    ]
    rows = [
        [str(centre.year), centre.centre, centre.label, centre.commitments, centre.open, centre.unbilled]
        for centre in outstanding.centres
    ]
    foot = ["", "all", "", outstanding.commitments, outstanding.open, outstanding.unbilled]
    title = f"Outstanding commitments by {outstanding.level.lower()}, after batch {outstanding.batch:,}"
    return ReportTable(title, columns, rows, foot, drop_order=("label", "commitments"))
