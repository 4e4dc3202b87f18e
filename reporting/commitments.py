"""What commitments leave to be paid (*restes à payer*): what was engaged, withdrawn and paid, and how far the rest has come.

What remains to be paid = engaged - withdrawn - paid (rule A63).  It has three parts: neither certified nor requested,
certified and not yet requested, requested and not yet paid.  A returned transfer stays paid: its CP stay consumed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from core.amount_fields import AmountStruct, Cents, OldCents
from core.nomenclature import CentreLevel, FundCentre
from core.tables.columns import Index, Position, select_rows
from core.tables.delays import CellPlaces
from reporting.code_names import CENTRE, CodeNames
from reporting.commitment_kinds import COMMITTING, READ_KINDS
from reporting.commitment_sums import CommitmentLines, CommitmentSummation, StandingCommitments
from reporting.line_columns import (
    NONE,
    Integers,
    build_index,
    copy_lines,
    copy_places,
    look_up,
    sum_groups,
)
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last, read_part
from reporting.report_tables import CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

_MONEY_COLUMNS: Mapping[str, str] = {
    "engaged": "engaged_cents",
    "withdrawn": "withdrawn_cents",
    "paid": "paid_cents",
    "remaining to be paid": "remaining_cents",
    "engaged, not drawn": "open",
    "certified, not requested": "unbilled",
    "requested, not paid": "requested_cents",
}
_DROP_ORDER = (
    "label",
    "commitments",
    "withdrawn",
    "engaged, not drawn",
    "certified, not requested",
    "requested, not paid",
)
_SUMS = (
    *("commitments", "open", "unbilled", "engaged_cents", "withdrawn_cents", "paid_cents"),
    *("requested_cents", "remaining_cents"),
)


class OutstandingCentre(AmountStruct, frozen=True):
    """The commitments of one fund centre and budget year, in cents."""

    year: int
    centre: str
    label: str
    commitments: int
    """Those of which something remains to be paid."""
    open: OldCents
    """Committed, and neither certified nor requested without service."""
    unbilled: OldCents
    """Certified, and not yet requested."""
    engaged_cents: Cents
    withdrawn_cents: Cents
    paid_cents: Cents
    requested_cents: Cents
    """Requested, and not yet paid."""
    remaining_cents: Cents
    """Remains to be paid: engaged, less withdrawn, less paid."""
    open_cents: Cents = 0
    unbilled_cents: Cents = 0


class OutstandingCommitments(AmountStruct, frozen=True):
    """The fund centres of one level with commitments, in order of the nomenclature."""

    batch: int
    level: str
    centres: list[OutstandingCentre]
    commitments: int
    open: OldCents
    unbilled: OldCents
    engaged_cents: Cents
    withdrawn_cents: Cents
    paid_cents: Cents
    requested_cents: Cents
    remaining_cents: Cents
    open_cents: Cents = 0
    unbilled_cents: Cents = 0


class _Origins(NamedTuple):
    """Where commitments come from.  A COPY row."""

    entry_id: Position
    submission: Index
    source: Index


class CommitmentSums(NamedTuple):
    """Sums of the statement, in its order."""

    commitments: int = 0
    open: int = 0
    unbilled: int = 0
    engaged: int = 0
    withdrawn: int = 0
    paid: int = 0

    def add(self, row: Mapping[str, Any]) -> "CommitmentSums":
        """Add a row of the statement."""
        return CommitmentSums(*(total + row[name] for name, total in self._asdict().items()))

    @property
    def all_figures(self) -> tuple[int, ...]:
        """These sums, what is requested and not yet paid, and what remains to be paid."""
        remaining = self.engaged - self.withdrawn - self.paid
        return (*self, remaining - self.open - self.unbilled, remaining)


async def load_outstanding_commitments(
    connection: Connection,
    names: CodeNames,
    *,
    level: CentreLevel = CentreLevel.PROGRAMME,
    visibility: Visibility = WHOLE_JOURNAL,
    batch: int | None = None,
) -> OutstandingCommitments:
    """Load what remains to be paid of all commitments that the caller may see; reads all entries of the journal."""
    rows_of_centres = await _fetch_sums(connection, visibility, batch=batch)
    sums: dict[tuple[int, str], CommitmentSums] = defaultdict(CommitmentSums)
    for row in rows_of_centres:
        centres = names.codes.find_year(row["budget_year"]).centres
        key = row["budget_year"], _find_ancestor(centres, names.find_code(CENTRE, row["centre"]), level)
        sums[key] = sums[key].add(row)
    rows = [
        OutstandingCentre(year, centre, names.find_centre_label(centre, year), *figures.all_figures)
        for (year, centre), figures in sorted(sums.items())
    ]
    totals = (sum(getattr(figures, name) for figures in rows) for name in _SUMS)
    return OutstandingCommitments(await find_batch_or_last(connection, batch), level.name, rows, *totals)


async def fetch_sums_of_cells(connection: Connection) -> list[Row]:
    """Return the sums of all commitments by account assignment: ``cell``, and the columns of the statement."""
    return await _fetch_sums(connection, WHOLE_JOURNAL, by_cell=True)


async def fetch_sums_of_origins(
    connection: Connection, visibility: Visibility, batch: int | None = None
) -> list[Row]:
    """Return the sums of the commitments of a fund centre by ``origin_year``, in which they were engaged first."""
    return await _fetch_sums(connection, visibility, by_origin=True, batch=batch)


async def _fetch_sums(
    connection: Connection,
    visibility: Visibility,
    *,
    by_cell: bool = False,
    by_origin: bool = False,
    batch: int | None = None,
) -> list[Row]:
    """Return the sums of all visible commitments by ``centre`` and ``budget_year``.

    ``by_cell``: each account assignment has a row of its own; ``by_origin``: each year in which commitments were engaged
    first, before they were carried.  A row has ``cell`` and ``origin_year``, or None, ``commitments``, those of which
    something is left, and the sums of ``StandingCommitments``.
    """
    part = await read_part(connection, batch)
    sums = CommitmentSummation(
        await copy_lines(connection, CommitmentLines, READ_KINDS, entry_end=part.entry_end)
    )
    standing = sums.add_up()
    if visibility.sender is not None:
        visible = await _find_visible(connection, visibility.sender)
        is_seen = look_up(build_index(visible), sums.commitments) != NONE
        standing = select_rows(standing, np.flatnonzero(is_seen))
    cells = await copy_places(connection, visibility.centres)
    return list(_group(standing, cells, by_cell=by_cell, by_origin=by_origin))


async def _find_visible(connection: Connection, sender: str) -> Integers:
    """Return the commitments of a sender, and those that the closing of a year carried of his."""
    origins = await copy_lines(connection, _Origins, COMMITTING)
    rows = await fetch(connection, "submissions_of_sender", sender)
    own = [row["submission"] for row in rows if row["is_own"]]
    closing = [row["submission"] for row in rows if row["is_of_closing"]]
    sources = [row["id"] for row in await fetch(connection, "sources_of_sender", sender)]
    is_carried = np.isin(origins.submission, closing) & np.isin(origins.source, sources)
    return origins.entry_id[np.isin(origins.submission, own) | is_carried]


def _group(
    standing: StandingCommitments, cells: CellPlaces, *, by_cell: bool, by_origin: bool
) -> Iterator[Row]:
    """Yield the sums by fund centre and budget year, and what else is asked for."""
    place = look_up(build_index(cells.cell), standing.cell)
    rows = np.flatnonzero(place != NONE)
    standing, place = select_rows(standing, rows), place[rows]
    columns = {"centre": cells.centre[place], "budget_year": cells.budget_year[place]}
    if by_cell:
        columns["cell"] = standing.cell
    if by_origin:
        columns["origin_year"] = cells.budget_year[place] - standing.years
    sums = {
        "commitments": (standing.engaged != standing.withdrawn + standing.paid).astype(np.int64),
        **{name: getattr(standing, name) for name in StandingCommitments._fields[2:]},
    }
    yield from sum_groups(columns, sums, {"cell": None, "origin_year": None})


def _find_ancestor(centres: Mapping[str, FundCentre], centre: str, level: CentreLevel) -> str:
    """Return the fund centre of ``level`` above ``centre``, or the centre itself."""
    while centres[centre].level > level:
        centre = centres[centre].parent
    return centre


def build_table(outstanding: OutstandingCommitments) -> ReportTable:
    """Build the table: engaged, less withdrawn, less paid, is what remains, whose three parts follow."""
    columns = [
        *(Column("year"), Column("centre"), Column("label", CellType.PROSE)),
        Column("commitments", CellType.COUNT),
        *(Column(name, CellType.MONEY) for name in _MONEY_COLUMNS),
    ]
    rows = [
        [str(centre.year), centre.centre, centre.label, centre.commitments, *_list_amounts(centre)]
        for centre in outstanding.centres
    ]
    foot = ["", "all", "", outstanding.commitments, *_list_amounts(outstanding)]
    title = f"Remaining to be paid by {outstanding.level.lower()}, after batch {outstanding.batch:,}"
    return ReportTable(title, columns, rows, foot, drop_order=_DROP_ORDER)


def _list_amounts(figures: OutstandingCentre | OutstandingCommitments) -> list[int]:
    return [getattr(figures, name) for name in _MONEY_COLUMNS.values()]
