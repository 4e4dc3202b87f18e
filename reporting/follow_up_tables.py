"""The lines of the follow-up of commitments and their tables: codes and labels in columns of their own, totals apart."""

from collections.abc import Mapping, Sequence

import msgspec

from core.amount_fields import Cents
from reporting.report_tables import CellType, Column, ReportTable

MEASURES: Mapping[str, str] = {
    "engaged": "engaged_cents",
    "carried in": "carried_in_cents",
    "carried on": "carried_out_cents",
    "withdrawn": "withdrawn_cents",
    "received": "received_cents",
    "certified, not invoiced": "certified_cents",
    "pre-recorded": "prerecorded_cents",
    "invoiced": "invoiced_cents",
    "paid": "paid_cents",
    "remaining to be paid": "remaining_cents",
}


class FollowUpLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a commitment in one budget year, in cents."""

    year: int
    """The budget year of the credits."""
    origin_year: int
    """The budget year in which it was engaged first, before it was carried."""
    programme: str
    programme_label: str
    centre: str
    centre_label: str
    area: str
    area_label: str
    item: str
    item_label: str
    fund: str
    sender: str
    reference: str
    """The sender's reference of the commitment (n° d'EJ)."""
    position: int
    """The line of the commitment (n° de poste), from 1."""
    entry: int
    day: str
    supplier: str
    """The payee of its first request; empty before one."""
    supplier_name: str
    served_on: str | None
    """The day of the last service that was certified; null before one."""
    engaged_cents: Cents
    """Committed, with increases, less reversals, and with what was carried in."""
    carried_in_cents: Cents
    """Of that: carried from the year before (bascule)."""
    carried_out_cents: Cents
    """Carried on into the next year."""
    withdrawn_cents: Cents
    received_cents: Cents
    """Certified in this year, less what was cancelled."""
    certified_cents: Cents
    """Certified and not invoiced: no request bills it yet."""
    prerecorded_cents: Cents
    """Requested, and the accountant has suspended the payment."""
    invoiced_cents: Cents
    """Requested, and neither suspended nor paid."""
    paid_cents: Cents
    """Paid, set off, or confirmed as a penalty."""
    remaining_cents: Cents
    """Engaged, less carried on, less withdrawn, less paid."""


class FollowUpTotal(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of the lines of one budget year, in cents."""

    year: int
    lines: int
    engaged_cents: Cents
    carried_in_cents: Cents
    carried_out_cents: Cents
    withdrawn_cents: Cents
    received_cents: Cents
    certified_cents: Cents
    prerecorded_cents: Cents
    invoiced_cents: Cents
    paid_cents: Cents
    remaining_cents: Cents


def build_table(lines: Sequence[FollowUpLine]) -> ReportTable:
    """Build the table of some lines."""
    columns = (
        *(
            Column("year"),
            Column("year of origin"),
            Column("programme"),
            Column("programme label", CellType.PROSE),
        ),
        *(Column("centre"), Column("centre label", CellType.PROSE), Column("area")),
        *(Column("area label", CellType.PROSE), Column("item"), Column("item label", CellType.PROSE)),
        *(Column("fund"), Column("sender"), Column("reference"), Column("position", CellType.COUNT)),
        *(Column("entry", CellType.COUNT), Column("day"), Column("supplier")),
        *(Column("supplier name", CellType.PROSE), Column("last service")),
        *(Column(name, CellType.MONEY) for name in MEASURES),
    )
    rows = [[str(line.year), str(line.origin_year), *msgspec.structs.astuple(line)[2:]] for line in lines]
    drop_order = (
        *("programme label", "centre label", "area label", "item label", "supplier name", "area", "fund"),
        *("sender", "item", "last service", "day", "programme", "supplier", "year of origin", "carried on"),
        *("withdrawn", "pre-recorded", "carried in", "received", "entry", "position", "centre"),
        *("certified, not invoiced", "invoiced"),
    )
    return ReportTable("Follow-up of commitments", columns, rows, (), drop_order)


def build_totals_table(totals: Sequence[FollowUpTotal]) -> ReportTable:
    """Build the table of the sums by budget year."""
    columns = [
        *(Column("year"), Column("lines", CellType.COUNT)),
        *(Column(name, CellType.MONEY) for name in MEASURES),
    ]
    rows = [[str(total.year), *msgspec.structs.astuple(total)[1:]] for total in totals]
    drop_order = ("carried on", "withdrawn", "pre-recorded", "carried in", "received", "lines")
    return ReportTable("Totals of the follow-up of commitments", columns, rows, (), drop_order)
