"""What remains to be paid (restes à payer) by programme and by the year in which the commitment was engaged first.

It is the statement of ``reporting.commitments`` in other rows, so both add up to the same: engaged, less withdrawn, less paid,
with what is requested and not paid.  A commitment that was carried stays in the year of its first engagement.
"""

from collections import defaultdict
from collections.abc import Mapping

from core.amount_fields import AmountStruct, Cents
from reporting.code_names import CENTRE, CodeNames
from reporting.commitments import CommitmentSums, fetch_sums_of_origins
from reporting.report_queries import Connection, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

_MONEY_COLUMNS: Mapping[str, str] = {
    "engaged": "engaged_cents",
    "withdrawn": "withdrawn_cents",
    "paid": "paid_cents",
    "remaining to be paid": "remaining_cents",
    "engaged, not drawn": "open_cents",
    "certified, not requested": "unbilled_cents",
    "requested, not paid": "requested_cents",
}
_DROP_ORDER = ("label", "commitments", "withdrawn", *list(_MONEY_COLUMNS)[4:])


class RemainingAmounts(AmountStruct, frozen=True):
    """What remains to be paid of the commitments of one programme and year of origin, in cents."""

    programme: str
    label: str
    origin_year: int
    """The budget year in which they were engaged first."""
    commitments: int
    """Those of which something remains to be paid."""
    engaged_cents: Cents
    withdrawn_cents: Cents
    paid_cents: Cents
    open_cents: Cents
    """Engaged, and neither certified nor requested without service."""
    unbilled_cents: Cents
    """Certified, and not yet requested."""
    requested_cents: Cents
    """Requested, and not yet paid."""
    remaining_cents: Cents
    """Engaged, less withdrawn, less paid."""


class RemainingToPay(AmountStruct, frozen=True):
    """All programmes with commitments, by year of origin."""

    batch: int
    programmes: list[RemainingAmounts]
    commitments: int
    engaged_cents: Cents
    withdrawn_cents: Cents
    paid_cents: Cents
    open_cents: Cents
    unbilled_cents: Cents
    requested_cents: Cents
    remaining_cents: Cents


_SUMS = RemainingAmounts.__struct_fields__[3:]


async def load_remaining_amounts(
    connection: Connection,
    names: CodeNames,
    *,
    programme: str | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
    batch: int | None = None,
) -> RemainingToPay:
    """Load what remains to be paid of the commitments that the caller may see; reads all entries of the journal."""
    sums: dict[tuple[str, int], CommitmentSums] = defaultdict(CommitmentSums)
    for row in await fetch_sums_of_origins(connection, visibility, batch):
        centre = names.find_code(CENTRE, row["centre"])
        key = names.codes.find_programme(centre, row["budget_year"]).code, row["origin_year"]
        if programme in (None, key[0]):
            sums[key] = sums[key].add(row)
    rows = [_build_amounts(names, code, year, sums=figures) for (code, year), figures in sorted(sums.items())]
    totals = (sum(getattr(row, name) for row in rows) for name in _SUMS)
    return RemainingToPay(await find_batch_or_last(connection, batch), rows, *totals)


def _build_amounts(names: CodeNames, programme: str, year: int, *, sums: CommitmentSums) -> RemainingAmounts:
    *_, requested, remaining = sums.all_figures
    return RemainingAmounts(
        *(programme, names.codes.programmes[programme].label, year, sums.commitments),
        *(sums.engaged, sums.withdrawn, sums.paid, sums.open, sums.unbilled, requested, remaining),
    )


def build_table(remaining: RemainingToPay) -> ReportTable:
    """Build the table: engaged, less withdrawn, less paid, is what remains, whose three parts follow."""
    columns = [
        *(Column("programme"), Column("label", CellType.PROSE), Column("year of origin")),
        Column("commitments", CellType.COUNT),
        *(Column(name, CellType.MONEY) for name in _MONEY_COLUMNS),
    ]
    rows = [
        [row.programme, row.label, str(row.origin_year), row.commitments, *_list_amounts(row)]
        for row in remaining.programmes
    ]
    foot = ["all", "", "", remaining.commitments, *_list_amounts(remaining)]
    title = f"Remaining to be paid by year of origin, after batch {remaining.batch:,}"
    return ReportTable(title, columns, rows, foot, drop_order=_DROP_ORDER)


def _list_amounts(figures: RemainingAmounts | RemainingToPay) -> list[int]:
    return [getattr(figures, name) for name in _MONEY_COLUMNS.values()]
