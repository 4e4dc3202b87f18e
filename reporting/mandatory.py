"""Mandatory expenses (dépenses obligatoires, GBCP art. 95): service that was certified and is not paid, by programme.

They are what is open of the entries that certified service posted by itself (4081), and of the debts (401) of the requests
for it.  Entries by hand, direct requests and requests without service are none of them.
"""

from collections import defaultdict

import numpy as np

from core.amount_fields import AmountStruct, Cents
from core.tables.columns import select_rows
from reporting.code_names import CENTRE, CodeNames
from reporting.line_columns import (
    NONE,
    build_index,
    copy_lines,
    copy_places,
    find_own_entries,
    look_up,
    sum_groups,
)
from reporting.mandatory_sums import COMMITTING, READ_KINDS, ServiceLines, add_up_services
from reporting.report_queries import Connection, Row, fetch_one, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility


class MandatoryExpenses(AmountStruct, frozen=True):
    """What one programme owes for the service certified in one exercise, in cents."""

    programme: str
    label: str
    certified_in: int
    """The exercise in which the service was certified."""
    accrued_cents: Cents
    """Certified, and not requested."""
    owed_cents: Cents
    """Requested, and not paid."""
    mandatory_cents: Cents


class MandatoryReport(AmountStruct, frozen=True):
    """All programmes with such expenses, by exercise of the service."""

    batch: int
    exercise: int | None
    programmes: list[MandatoryExpenses]
    accrued_cents: Cents
    owed_cents: Cents
    mandatory_cents: Cents


async def load_mandatory(
    connection: Connection,
    names: CodeNames,
    *,
    exercise: int | None = None,
    batch: int | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
) -> MandatoryReport:
    """Load what is certified and not paid, of the commitments that the caller may see; reads all entries of the journal."""
    number = await find_batch_or_last(connection, batch)
    sums: dict[tuple[str, int], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for row in await _fetch_sums(connection, number, visibility):
        key = names.codes.find_programme(names.find_code(CENTRE, row["centre"])).code, row["exercise"]
        if exercise in (None, key[1]):
            accrued, owed = sums[key]
            sums[key] = accrued + row["accrued"], owed + row["owed"]
    rows = [
        MandatoryExpenses(
            *(programme, names.codes.programmes[programme].label, year, accrued, owed, accrued + owed)
        )
        for (programme, year), (accrued, owed) in sorted(sums.items())
    ]
    accrued, owed = sum(row.accrued_cents for row in rows), sum(row.owed_cents for row in rows)
    return MandatoryReport(number, exercise, rows, accrued, owed, accrued + owed)


async def _fetch_sums(connection: Connection, batch: int, visibility: Visibility) -> list[Row]:
    """Return the sums by fund centre and exercise of the service, of the commitments of the sender on the fund centres."""
    entry_end = (await fetch_one(connection, "entry_end", batch))["entry_end"]
    services = add_up_services(await copy_lines(connection, ServiceLines, READ_KINDS, entry_end=entry_end))
    if visibility.sender is not None:
        own = await find_own_entries(connection, COMMITTING, visibility.sender)
        is_own = look_up(build_index(own), services.commitment) != NONE
        services = select_rows(services, np.flatnonzero(is_own))
    cells = await copy_places(connection, visibility.centres)
    place = look_up(build_index(cells.cell), services.cell)
    rows = np.flatnonzero(place != NONE)
    services = select_rows(services, rows)
    keys = {"centre": cells.centre[place[rows]], "exercise": services.exercise}
    return list(sum_groups(keys, {"accrued": services.accrued, "owed": services.owed}, {}))


def build_table(report: MandatoryReport) -> ReportTable:
    """Build the table."""
    columns = [
        *(Column("programme"), Column("label", CellType.PROSE), Column("certified in")),
        Column("certified, not requested", CellType.MONEY),
        *(Column("requested, not paid", CellType.MONEY), Column("mandatory", CellType.MONEY)),
    ]
    rows = [
        [row.programme, row.label, str(row.certified_in), *_list_amounts(row)] for row in report.programmes
    ]
    return ReportTable(
        f"Mandatory expenses, after batch {report.batch:,}",
        columns,
        rows,
        ["all", "", "", *_list_amounts(report)],
        drop_order=("label", "certified, not requested", "requested, not paid"),
    )


def _list_amounts(figures: MandatoryExpenses | MandatoryReport) -> list[int]:
    return [figures.accrued_cents, figures.owed_cents, figures.mandatory_cents]
