"""What commitments leave to be paid (*restes à payer*): what was engaged, withdrawn and paid, and how far the rest has come.

What remains to be paid = engaged - withdrawn - paid (rule A63).  It has three parts: neither certified nor requested,
certified and not yet requested, requested and not yet paid.  A returned transfer stays paid: its CP stay consumed.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from core.amount_fields import AmountStruct, Cents, OldCents
from core.catalog import CATALOG, Family, Remainder, list_kinds
from core.nomenclature import CentreLevel, FundCentre
from reporting.code_names import CENTRE, CodeNames
from reporting.report_queries import Connection, Row, fetch_from_journal, find_batch_or_last
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

_CARRYING = list_kinds(lambda kind: kind.carries and not kind.inherits)
"""The kinds that carry a commitment or a service into the next year."""
_DRAWING = list_kinds(
    lambda kind: (
        not (kind.inherits or kind.takes_off_suspense or kind.opens_item or kind.opens_fund)
        and {kind.draws, kind.feeds} & {Remainder.OPEN, Remainder.UNBILLED, Remainder.CARRIED}
    )
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
) -> OutstandingCommitments:
    """Load what remains to be paid of all commitments that the caller may see; reads all entries of the journal."""
    rows_of_centres = await _fetch_sums(connection, visibility)
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
    return OutstandingCommitments(await find_batch_or_last(connection, None), level.name, rows, *totals)


async def fetch_sums_of_cells(connection: Connection) -> list[Row]:
    """Return the sums of all commitments by account assignment: ``cell``, and the columns of the statement."""
    return await _fetch_sums(connection, WHOLE_JOURNAL, by_cell=True)


async def fetch_sums_of_origins(connection: Connection, visibility: Visibility) -> list[Row]:
    """Return the sums of the commitments of a fund centre by ``origin_year``, in which they were engaged first."""
    return await _fetch_sums(connection, visibility, by_origin=True)


async def _fetch_sums(
    connection: Connection, visibility: Visibility, *, by_cell: bool = False, by_origin: bool = False
) -> list[Row]:
    return await fetch_from_journal(
        connection,
        "commitments",
        *_list_effects(),
        *(visibility.sender, visibility.centres, _CARRYING, by_cell, by_origin),
    )


def _list_effects() -> Iterator[list[int] | tuple[int, ...]]:
    """Yield the kinds that the statement reads and their signs, in the order of its parameters."""
    engaging = {Family.COMMITMENT, Family.COMMITMENT_CHANGE}
    kinds = [number for number in _DRAWING if number not in _CARRYING or CATALOG[number].family in engaging]
    yield kinds
    for remainder in (Remainder.OPEN, Remainder.UNBILLED):
        yield [_find_sign(number, remainder) for number in kinds]
    yield [
        int(CATALOG[number].carries) or CATALOG[number].ae_consumed * (CATALOG[number].family in engaging)
        for number in kinds
    ]
    yield list_kinds(lambda kind: kind.mirrors)
    yield list_kinds(lambda kind: kind.family is Family.COMMITMENT)
    settling = list_kinds(lambda kind: kind.settles or kind.cp_consumed > 0)  # a confirmed penalty is paid
    yield settling
    yield [CATALOG[number].settles + CATALOG[number].cp_consumed for number in settling]
    yield list_kinds(lambda kind: kind.inherits)
    yield list_kinds(lambda kind: kind.pays and kind.follows is Family.COMMITMENT)


def _find_sign(kind: int, remainder: Remainder) -> int:
    if CATALOG[kind].carries:
        return int(remainder is Remainder.OPEN)
    return (CATALOG[kind].feeds is remainder) - (CATALOG[kind].draws is remainder)


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
