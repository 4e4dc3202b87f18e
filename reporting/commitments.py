"""Outstanding commitments (*restes à payer*): engaged and not yet drawn, certified and not yet requested."""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from core.catalog import CATALOG, KIND_NUMBERS, Remainder
from core.nomenclature import CentreLevel, FundCentre
from reporting.code_names import CENTRE, CodeNames
from reporting.report_queries import Connection, fetch, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable


class OutstandingCentre(msgspec.Struct, frozen=True):
    """What commitments of one fund centre and budget year still bind, in cents."""

    year: int
    centre: str
    label: str
    commitments: int
    open: int
    """Engaged, neither certified nor requested without service."""
    unbilled: int
    """Certified, not yet requested."""


class OutstandingCommitments(msgspec.Struct, frozen=True):
    """Every fund centre of one level that still has some, in order of the nomenclature."""

    batch: int
    level: str
    centres: list[OutstandingCentre]
    commitments: int
    open: int
    unbilled: int


async def load_outstanding_commitments(
    connection: Connection, names: CodeNames, *, level: CentreLevel = CentreLevel.PROGRAMME
) -> OutstandingCommitments:
    """What is left of all commitments, read from the journal itself: it takes a pass over all entries."""
    kinds = [
        number for number, kind in enumerate(CATALOG) if (kind.draws or kind.feeds) and not kind.inherits
    ]
    opens, unbills = (
        [_find_sign(number, which) for number in kinds] for which in (Remainder.OPEN, Remainder.UNBILLED)
    )
    mirrors = [number for number, kind in enumerate(CATALOG) if kind.mirrors]
    rows = await fetch(connection, "commitments", kinds, opens, unbills, mirrors, KIND_NUMBERS["commitment"])
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        centres = names.codes.find_year(row["budget_year"]).centres
        centre = _find_ancestor(centres, names.find_code(CENTRE, row["centre"]), level)
        sums[row["budget_year"], centre] = [
            total + row[name]
            for total, name in zip(
                sums[row["budget_year"], centre], ("commitments", "open", "unbilled"), strict=True
            )
        ]
    found = [
        OutstandingCentre(year, centre, names.find_centre_label(centre, year), *each)
        for (year, centre), each in sorted(sums.items())
    ]
    totals = (sum(getattr(each, name) for each in found) for name in ("commitments", "open", "unbilled"))
    return OutstandingCommitments(await find_batch_or_last(connection, None), level.name, found, *totals)


def _find_sign(kind: int, which: Remainder) -> int:
    return (CATALOG[kind].feeds is which) - (CATALOG[kind].draws is which)


def _find_ancestor(centres: Mapping[str, FundCentre], centre: str, level: CentreLevel) -> str:
    """The fund centre of ``level`` above ``centre``, or itself."""
    while centres[centre].level > level:
        centre = centres[centre].parent
    return centre


def build_table(found: OutstandingCommitments) -> ReportTable:
    """As a table."""
    columns = [
        *(Column("year"), Column("centre"), Column("label"), Column("commitments", CellType.COUNT)),
        *(Column("engaged, not drawn", CellType.MONEY), Column("certified, not requested", CellType.MONEY)),
    ]
    rows = [
        [str(each.year), each.centre, each.label, each.commitments, each.open, each.unbilled]
        for each in found.centres
    ]
    foot = ["", "all", "", found.commitments, found.open, found.unbilled]
    title = f"Outstanding commitments by {found.level.lower()}, after batch {found.batch:,}"
    return ReportTable(title, columns, rows, foot)
