"""The journal (*livre-journal*): every entry that posts on an account, in the order of the numbers (rule A02).

It is read some entries at a time, in the order in which they are stored, so that it may have any length.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import msgspec

from core.amount_fields import Cents
from core.catalog import CATALOG
from core.periods import to_period
from reporting.code_names import ACCOUNT, ACCOUNTANT, CodeNames, format_month
from reporting.document_numbers import load_document_numbers
from reporting.posted_lines import PostingScope, fetch_posted_rows, read_scope
from reporting.report_definition import PageRange, ReportArguments
from reporting.report_queries import Connection, Row, fetch
from reporting.report_tables import CellType, Column, ReportTable

PAGE_ROWS, PAGE_ROWS_MAX = 100, 1000
_NUMBERS_AT_ONCE = 20_000
"""How many numbers of entries one statement looks at: it sorts these alone."""


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry.  An entry by hand and an opening post on one side alone: the account of the other one is empty."""

    entry: int
    """The number, by which ``explain`` and ``/v1/acts/{entry}`` show the act."""
    day: str
    period: str
    """The month of the exercise; ``00`` has the openings."""
    accountant: str
    """Empty for an entry without a fund centre."""
    journal: str
    """The code of the journal (*journal*) in which the accountant numbers the document."""
    document: int
    """The number of the document (*pièce*), without a gap for accountant, exercise and journal."""
    sender: str
    reference: str
    """The name that the sender gave the act."""
    kind: str
    label: str
    """The official term of the kind, in French."""
    payee: str
    """The code of the third party; empty if the act names none."""
    debit_account: str
    credit_account: str
    amount_cents: Cents


class PeriodTotal(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides of the entries of one period."""

    period: str
    entries: int
    debit_cents: Cents
    credit_cents: Cents


class Journal(msgspec.Struct, frozen=True):
    """Some entries, in order."""

    batch: int
    entries: list[JournalEntry]
    totals: list[PeriodTotal] | None
    next_after: int | None
    """The entry after which the next ones begin; null if these are the last ones."""


class JournalPage(msgspec.Struct, frozen=True):
    """One page of entries, in order, as of a batch."""

    batch: int
    entries: list[JournalEntry]
    totals: list[PeriodTotal] | None
    """Both sides of all entries of the report, not of this page alone, by period; null except on the last page."""
    next: str | None


async def load_journal(connection: Connection, names: CodeNames, arguments: ReportArguments) -> Journal:
    """Load one page of the journal, as of the batch of the arguments or the last one; the last page has the totals."""
    page = arguments.page or PageRange(0, PAGE_ROWS)
    scope = await read_scope(connection, names, arguments)
    rows: list[JournalEntry] = []
    stream = _stream_entries(connection, names, scope, after=page.after, limit=page.limit + 1)
    async with aclosing(stream) as pieces:
        async for piece in pieces:
            rows += piece
            if len(rows) > page.limit:
                return Journal(scope.batch, rows[: page.limit], None, rows[page.limit - 1].entry)
    return Journal(scope.batch, rows, await _load_totals(connection, scope), None)


async def stream_journal(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> AsyncGenerator[list[JournalEntry], None]:
    """Yield all entries, a few thousand at a time, and no empty piece."""
    scope = await read_scope(connection, names, arguments)
    async with aclosing(_stream_entries(connection, names, scope)) as pieces:
        async for piece in pieces:
            yield piece


async def load_totals_table(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> ReportTable:
    """Load the totals of all entries as a table."""
    scope = await read_scope(connection, names, arguments)
    return build_totals_table(await _load_totals(connection, scope), part=scope.part)


def build_page(journal: Journal, rows: list[JournalEntry], next_address: str | None) -> JournalPage:
    """Return the page of these entries."""
    return JournalPage(journal.batch, rows, journal.totals, next_address)


async def _stream_entries(
    connection: Connection, names: CodeNames, scope: PostingScope, *, after: int = 0, limit: int | None = None
) -> AsyncGenerator[list[JournalEntry], None]:
    """Yield the entries behind entry ``after``, at most ``limit`` at a time, or some thousands, and no empty piece.

    The entries of one sender are looked up at once: those that Crescendo adds to them are found through the whole journal.
    """
    step = _NUMBERS_AT_ONCE if scope.visibility.sender is None else scope.entry_end
    for first in range(after + 1, scope.entry_end, step):
        filters = (scope.month, scope.first_day, scope.last_day, limit)
        span = scope.list_arguments(first=first, end=first + step)
        if rows := await fetch_posted_rows(connection, "journal_entries", *span, *filters):
            yield await _describe(connection, names, rows)


async def _describe(connection: Connection, names: CodeNames, rows: Sequence[Row]) -> list[JournalEntry]:
    payees = await fetch(connection, "codes_of_payees", list({row["payee"] for row in rows if row["payee"]}))
    codes = {row["payee"]: row["code"] for row in payees}
    documents = await load_document_numbers(connection, rows)
    return [
        JournalEntry(
            entry=row["entry_id"],
            day=row["day"].isoformat(),
            period=format_month(to_period(row["exercise"], row["month"])),
            accountant=names.find_code(ACCOUNTANT, row["accountant"]),
            journal=documents[row["entry_id"]].journal,
            document=documents[row["entry_id"]].number,
            sender=row["sender"],
            reference=row["reference"],
            kind=CATALOG[row["kind"]].name,
            label=CATALOG[row["kind"]].french,
            payee=codes.get(row["payee"], ""),
            debit_account=names.find_code(ACCOUNT, row["debit"]),
            credit_account=names.find_code(ACCOUNT, row["credit"]),
            amount_cents=row["amount"],
        )
        for row in rows
    ]


async def _load_totals(connection: Connection, scope: PostingScope) -> list[PeriodTotal]:
    filters = (scope.month, scope.first_day, scope.last_day)
    rows = await fetch_posted_rows(connection, "journal_totals", *scope.list_arguments(), *filters)
    return [
        PeriodTotal(
            period=format_month(to_period(row["exercise"], row["month"])),
            entries=row["entries"],
            debit_cents=row["debit"],
            credit_cents=row["credit"],
        )
        for row in rows
    ]


def build_table(rows: Sequence[JournalEntry]) -> ReportTable:
    """Build the table with one row per entry."""
    columns = (
        *(Column("entry", CellType.COUNT), Column("day"), Column("period"), Column("accountant")),
        *(Column("journal"), Column("document", CellType.COUNT)),
        *(Column("sender"), Column("reference"), Column("kind"), Column("label", CellType.PROSE)),
        *(Column("payee"), Column("debit account"), Column("credit account")),
        Column("amount", CellType.MONEY),
    )
    drop_order = (
        "label",
        "sender",
        "payee",
        "kind",
        "period",
        "reference",
        "journal",
        "document",
        "accountant",
        "day",
    )
    return ReportTable("Journal", columns, [msgspec.structs.astuple(row) for row in rows], (), drop_order)


def build_totals_table(totals: Sequence[PeriodTotal], part: str = "") -> ReportTable:
    """Build the table of both sides by period; debit equals credit in each, unless ``part`` says what alone is listed."""
    columns = (
        *(Column("period"), Column("entries", CellType.COUNT)),
        *(Column(name, CellType.MONEY) for name in ("debit", "credit")),
        Column("finding"),
    )
    rows = [[*msgspec.structs.astuple(total), _judge([total], part)] for total in totals]
    sums = [sum(total.entries for total in totals), *_add_up(totals)]
    footer = ["all", *sums, _judge(totals, part)]
    return ReportTable("Totals of the journal", columns, rows, footer, ("entries", "finding"))


def _judge(totals: Sequence[PeriodTotal], part: str) -> str:
    is_balanced = all(total.debit_cents == total.credit_cents for total in totals)
    return part or ("balanced" if is_balanced else "NOT balanced")


def _add_up(totals: Sequence[PeriodTotal]) -> tuple[int, int]:
    return sum(total.debit_cents for total in totals), sum(total.credit_cents for total in totals)
