"""The follow-up of commitments (suivi des engagements), line by line and year by year: from what was engaged to what was paid.

Each line of a commitment has a row in each budget year in which it stands: one that is carried goes on in a row of the next
year.  The measures of the expense are stages, so that an amount is in one of them: certified and not invoiced, pre-recorded,
invoiced, paid.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from core.catalog import Family, list_kinds
from core.debt_stages import Stage
from reporting.code_names import AREA, CENTRE, FUND, ITEM, CodeNames
from reporting.commitment_kinds import CARRYING, list_effects
from reporting.follow_up_tables import FollowUpLine, FollowUpTotal, build_totals_table
from reporting.report_definition import PageRange, ReportArguments
from reporting.report_queries import (
    SQL,
    Connection,
    JournalPart,
    Row,
    fetch,
    fetch_part_of_journal,
    find_batch_or_last,
    read_part,
    stream_part_of_journal,
)
from reporting.report_tables import ReportTable
from reporting.visibility import Visibility, list_centres_within

PAGE_ROWS, PAGE_ROWS_MAX = 100, 1000
_CERTIFYING = list_kinds(lambda kind: kind.family is Family.SERVICE and not kind.carries)
_SUSPENDING = list_kinds(lambda kind: kind.family is Family.TERM and kind.reaches is Stage.SUSPENDED)
_RESUMING = list_kinds(lambda kind: kind.family is Family.TERM and kind.after is Stage.SUSPENDED)


class FollowUp(msgspec.Struct, frozen=True):
    """Some lines, in the order of their entries."""

    batch: int
    lines: list[FollowUpLine]
    totals: list[FollowUpTotal] | None
    next_after: int | None
    """The entry behind which the next ones begin; null if these are the last ones."""


class FollowUpPage(msgspec.Struct, frozen=True):
    """One page of lines, in the order of their entries, as of a batch."""

    batch: int
    lines: list[FollowUpLine]
    totals: list[FollowUpTotal] | None
    """The sums of all lines of the report, by budget year; null except on the last page."""
    next: str | None


async def load_follow_up(connection: Connection, names: CodeNames, arguments: ReportArguments) -> FollowUp:
    """Load one page of lines that the caller may see; the last page has the totals.  Reads all entries of the journal."""
    page = arguments.page or PageRange(0, PAGE_ROWS)
    rows = await _fetch(
        connection, names, arguments, statement="follow_up_lines", page=page._replace(limit=page.limit + 1)
    )
    lines = await _describe(connection, names, rows[: page.limit])
    batch = await find_batch_or_last(connection, arguments.values["batch"])
    if len(rows) > page.limit:
        return FollowUp(batch, lines, None, lines[-1].entry)
    return FollowUp(batch, lines, await _load_totals(connection, names, arguments), None)


async def stream_follow_up(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> AsyncGenerator[list[FollowUpLine], None]:
    """Yield all lines, some thousands at a time, and no empty piece; the caller closes the generator."""
    part, values = await _list_parameters(connection, names, arguments)
    statement = _build_statement("follow_up_lines")
    async with aclosing(stream_part_of_journal(connection, part, statement, *values, 0, None)) as pieces:
        async for rows in pieces:
            yield await _describe(connection, names, rows)


async def load_totals_table(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> ReportTable:
    """Load the sums of all lines as a table."""
    return build_totals_table(await _load_totals(connection, names, arguments))


def build_page(follow_up: FollowUp, lines: list[FollowUpLine], next_address: str | None) -> FollowUpPage:
    """Return the page of these lines."""
    return FollowUpPage(follow_up.batch, lines, follow_up.totals, next_address)


async def _fetch(
    connection: Connection, names: CodeNames, arguments: ReportArguments, *, statement: str, page: PageRange
) -> list[Row]:
    part, values = await _list_parameters(connection, names, arguments)
    return await fetch_part_of_journal(connection, part, _build_statement(statement), *values, *page)


def _build_statement(name: str) -> str:
    """Return a statement that begins with the steps of commitments."""
    return f"{SQL['follow_up_steps']}\n{SQL[name]}"


async def _list_parameters(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> tuple[JournalPart, list[object]]:
    """Return the part of the journal that is read, and the parameters of the statements but for the page."""
    values = arguments.values
    part = await read_part(connection, values["batch"], values["date"])
    programme = values["programme"]
    centres = list_centres_within(names, frozenset([programme])) if programme else None
    return part, [*list_effects(), *_list_limits(arguments.visibility), values["year"], centres]


def _list_limits(visibility: Visibility) -> tuple[object, ...]:
    return visibility.sender, visibility.centres, CARRYING, _CERTIFYING, _SUSPENDING, _RESUMING


async def _describe(connection: Connection, names: CodeNames, rows: Sequence[Row]) -> list[FollowUpLine]:
    payees = await fetch(connection, "names_of_payees", list({row["payee"] for row in rows if row["payee"]}))
    suppliers = {row["payee"]: row for row in payees}
    return [_build_line(names, row, suppliers.get(row["payee"])) for row in rows]


def _build_line(names: CodeNames, row: Row, supplier: Row | None) -> FollowUpLine:
    year = row["budget_year"]
    nomenclature = names.codes.find_year(year)
    centre, area, item = (
        names.find_code(kind, row[name])
        for kind, name in ((CENTRE, "centre"), (AREA, "area"), (ITEM, "item"))
    )
    programme = names.codes.find_programme(centre, year)
    return FollowUpLine(
        year=year,
        origin_year=row["origin_year"],
        programme=programme.code,
        programme_label=programme.label,
        centre=centre,
        centre_label=names.find_centre_label(centre, year),
        area=area,
        area_label=nomenclature.areas[area].label if area in nomenclature.areas else "",
        item=item,
        item_label=nomenclature.items[item].label if item in nomenclature.items else "",
        fund=names.find_code(FUND, row["fund"]),
        sender=row["sender"],
        reference=row["reference"],
        position=row["place"],
        entry=row["commitment"],
        day=row["day"].isoformat(),
        supplier=supplier["code"] if supplier else "",
        supplier_name=supplier["name"] if supplier else "",
        served_on=row["served_on"].isoformat() if row["served_on"] else None,
        **_measure(row),
    )


def _measure(row: Row) -> dict[str, int]:
    """Return the measures of a row of sums."""
    open_requests = row["requested"] - row["paid"] - row["suspended"]
    remaining = row["engaged"] - row["carried_out"] - row["withdrawn"] - row["paid"]
    return {
        "engaged_cents": int(row["engaged"]),
        "carried_in_cents": int(row["carried_in"]),
        "carried_out_cents": int(row["carried_out"]),
        "withdrawn_cents": int(row["withdrawn"]),
        "received_cents": int(row["received"]),
        "certified_cents": int(row["unbilled"]),
        "prerecorded_cents": int(row["suspended"]),
        "invoiced_cents": int(open_requests),
        "paid_cents": int(row["paid"]),
        "remaining_cents": int(remaining),
    }


async def _load_totals(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> list[FollowUpTotal]:
    rows = await _fetch(connection, names, arguments, statement="follow_up_totals", page=PageRange(0, 0))
    return [FollowUpTotal(year=row["budget_year"], lines=row["commitments"], **_measure(row)) for row in rows]
