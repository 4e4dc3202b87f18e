"""The general ledger (*grand livre*): the movements of each account of each accountant, between two balances (rule A02).

An account has a row for its opening balance, one for each movement, with the balance after it, and one for its closing
balance.  Only movements have a debit or a credit, so that a program which adds up these columns gets the totals.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import accumulate
from typing import Any, NamedTuple

import msgspec

from core.amount_fields import Cents
from core.catalog import CATALOG
from core.periods import PERIODS_PER_YEAR, to_period
from reporting.code_names import ACCOUNT, ACCOUNTANT, CodeNames, format_month
from reporting.document_numbers import load_document_numbers
from reporting.posted_lines import PostingScope, build_statement, fetch_posted_rows, read_scope
from reporting.report_definition import PageRange, ReportArguments
from reporting.report_queries import Connection, Row, stream
from reporting.report_tables import CellType, Column, ReportTable

PAGE_ROWS, PAGE_ROWS_MAX = 100, 1000
OPENING, MOVEMENT, CLOSING = "opening", "movement", "closing"
_BALANCE_ROWS = 2
"""The rows of an account beside its movements."""


class LedgerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of an account."""

    exercise: int
    accountant: str
    """Empty for entries without a fund centre."""
    account: str
    label: str
    """Of the account."""
    row: str
    """``opening``, ``movement`` or ``closing``."""
    entry: int | None = None
    """Of a movement, as all that follows."""
    day: str = ""
    period: str = ""
    journal: str = ""
    document: int | None = None
    """The number of the document, which counts for accountant, exercise and journal."""
    sender: str = ""
    reference: str = ""
    kind: str = ""
    counterpart: str = ""
    """The account on the other side; empty for an entry by hand or an opening, which has one side alone."""
    debit_cents: Cents | None = None
    credit_cents: Cents | None = None
    balance_cents: Cents
    """The balance after this row, debit less credit."""


class LedgerTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What the accounts of the report began with, what moved on them, and what they ended with, debit less credit."""

    accounts: int
    movements: int
    opening_cents: Cents
    debit_cents: Cents
    credit_cents: Cents
    closing_cents: Cents


class GeneralLedger(msgspec.Struct, frozen=True):
    """Some rows, in order of exercise, accountant, account and entry."""

    batch: int
    rows: list[LedgerRow]
    total: LedgerTotal
    next_after: int | None
    """How many rows stand before the next ones; null if these are the last ones."""


class GeneralLedgerPage(msgspec.Struct, frozen=True):
    """One page of rows, in order of exercise, accountant, account and entry, as of a batch."""

    batch: int
    rows: list[LedgerRow]
    total: LedgerTotal
    """Of all rows of the report, not of this page alone."""
    next: str | None


class _Span(NamedTuple):
    """Accounts that follow each other, and which of their movements are needed."""

    accounts: Sequence[Row]
    skipped_rows: int
    """Rows of the first account that stand before."""
    limit: int | None
    """Most rows; None for all."""


async def load_general_ledger(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> GeneralLedger:
    """Load one page of the general ledger, as of the batch of the arguments or the last one."""
    page = arguments.page or PageRange(0, PAGE_ROWS)
    scope = await read_scope(connection, names, arguments)
    accounts = await _load_accounts(connection, scope)
    span = _choose_span(accounts, page)
    rows: list[LedgerRow] = []
    if span.accounts:
        async with aclosing(_stream_rows(connection, names, scope, span=span)) as pieces:
            rows = [row async for piece in pieces for row in piece][: page.limit]
    total, end = _add_up(accounts), page.after + page.limit
    return GeneralLedger(scope.batch, rows, total, end if end < _count_rows(total) else None)


async def stream_general_ledger(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> AsyncGenerator[list[LedgerRow], None]:
    """Yield all rows, a few thousand at a time, and no empty piece."""
    scope = await read_scope(connection, names, arguments)
    span = _Span(await _load_accounts(connection, scope), 0, None)
    async with aclosing(_stream_rows(connection, names, scope, span=span)) as pieces:
        async for piece in pieces:
            yield piece


async def load_totals_table(
    connection: Connection, names: CodeNames, arguments: ReportArguments
) -> ReportTable:
    """Load the totals of all accounts as a table."""
    scope = await read_scope(connection, names, arguments)
    return build_totals_table(_add_up(await _load_accounts(connection, scope)), scope.part)


def build_page(ledger: GeneralLedger, rows: list[LedgerRow], next_address: str | None) -> GeneralLedgerPage:
    """Return the page of these rows."""
    return GeneralLedgerPage(ledger.batch, rows, ledger.total, next_address)


def _choose_months(scope: PostingScope) -> tuple[int, int]:
    """Return the first and the last month whose entries are movements; what comes before them is the opening balance."""
    return (1, PERIODS_PER_YEAR - 1) if scope.month is None else (scope.month, scope.month)


async def _load_accounts(connection: Connection, scope: PostingScope) -> list[Row]:
    arguments = (*scope.list_arguments(), scope.accounts, *_choose_months(scope))
    return await fetch_posted_rows(connection, "ledger_accounts", *arguments)


def _add_up(accounts: Sequence[Row]) -> LedgerTotal:
    opening, debit, credit, movements = (
        sum(row[name] for row in accounts) for name in ("opening", "debit", "credit", "movements")
    )
    return LedgerTotal(
        accounts=len(accounts),
        movements=movements,
        opening_cents=opening,
        debit_cents=debit,
        credit_cents=credit,
        closing_cents=opening + debit - credit,
    )


def _count_rows(total: LedgerTotal) -> int:
    return total.movements + _BALANCE_ROWS * total.accounts


def _choose_span(accounts: Sequence[Row], page: PageRange) -> _Span:
    """Return the accounts whose rows stand on a page, so that the movements of no other account are sorted."""
    ends = list(accumulate(row["movements"] + _BALANCE_ROWS for row in accounts))
    first = sum(end <= page.after for end in ends)
    last = sum(end < page.after + page.limit for end in ends)
    before = ends[first - 1] if first else 0
    return _Span(accounts[first : last + 1], page.after - before, page.limit)


async def _stream_rows(
    connection: Connection, names: CodeNames, scope: PostingScope, *, span: _Span
) -> AsyncGenerator[list[LedgerRow], None]:
    """Yield the rows of some accounts, a few thousand at a time, and no empty piece."""
    columns = ([row[name] for row in span.accounts] for name in ("exercise", "accountant", "account"))
    movements = (*_choose_months(scope), *columns, max(span.skipped_rows - 1, 0), span.limit)
    statement = build_statement("ledger_movements")
    async with aclosing(stream(connection, statement, *scope.list_arguments(), *movements)) as pieces:
        async for piece in _describe(names, span, _add_documents(connection, pieces)):
            yield piece


async def _add_documents(
    connection: Connection, pieces: AsyncIterator[list[Row]]
) -> AsyncGenerator[list[Row], None]:
    """Yield the rows of pieces of movements, each with its document."""
    async for piece in pieces:
        documents = await load_document_numbers(connection, piece)
        yield [{**row, "document": documents[row["entry_id"]]} for row in piece]


async def _describe(
    names: CodeNames, span: _Span, pieces: AsyncIterator[list[Row]]
) -> AsyncGenerator[list[LedgerRow], None]:
    """Yield the rows of pieces of movements, with the balances before and after those of each account."""
    place, head = 0, dict[str, Any]()
    first_row = min(span.skipped_rows, 1)  # the opening balance, if it stands on an earlier page
    async for piece in pieces:
        rows: list[LedgerRow] = []
        for movement in piece:
            rows += _list_balances(names, span.accounts, place, end=movement["place"])
            if movement["place"] != place:
                place = movement["place"]
                head = _name_account(names, span.accounts[place - 1])
            rows.append(_build_movement(names, head, movement, opening=span.accounts[place - 1]["opening"]))
        yield rows[first_row:]
        first_row = 0
    rows = [*_list_balances(names, span.accounts, place, end=len(span.accounts) + 1)]
    if rows[first_row:]:
        yield rows[first_row:]


def _list_balances(names: CodeNames, accounts: Sequence[Row], place: int, *, end: int) -> Iterator[LedgerRow]:
    """Yield the balances between two accounts, given by their places from 1 on: a closing one, an opening one, and so on."""
    for number in range(place, end):
        if number:
            yield _build_balance(names, accounts[number - 1], CLOSING)
        if number < len(accounts):
            yield _build_balance(names, accounts[number], OPENING)


def _build_balance(names: CodeNames, account: Row, row: str) -> LedgerRow:
    change = account["debit"] - account["credit"] if row == CLOSING else 0
    return LedgerRow(**_name_account(names, account), row=row, balance_cents=account["opening"] + change)


def _name_account(names: CodeNames, account: Row) -> dict[str, Any]:
    charted = names.find_account(account["account"], account["exercise"])
    accountant = names.find_code(ACCOUNTANT, account["accountant"])
    return {
        "exercise": account["exercise"],
        "accountant": accountant,
        "account": charted.code,
        "label": charted.label,
    }


def _build_movement(names: CodeNames, head: Mapping[str, Any], movement: Row, *, opening: int) -> LedgerRow:
    """Build the row of a movement; ``head`` names its account."""
    return LedgerRow(
        **head,
        row=MOVEMENT,
        entry=movement["entry_id"],
        day=movement["day"].isoformat(),
        period=format_month(to_period(movement["exercise"], movement["month"])),
        journal=movement["document"].journal,
        document=movement["document"].number,
        sender=movement["sender"],
        reference=movement["reference"],
        kind=CATALOG[movement["kind"]].name,
        counterpart=names.find_code(ACCOUNT, movement["counterpart"]),
        debit_cents=movement["debit"] or None,
        credit_cents=movement["credit"] or None,
        balance_cents=opening + movement["change"],
    )


def build_table(rows: Sequence[LedgerRow]) -> ReportTable:
    """Build the table of some rows."""
    columns = (
        *(Column("exercise"), Column("accountant"), Column("account"), Column("label", CellType.PROSE)),
        *(Column("row"), Column("entry", CellType.COUNT), Column("day"), Column("period"), Column("journal")),
        *(Column("document", CellType.COUNT), Column("sender"), Column("reference"), Column("kind")),
        Column("counterpart"),
        *(Column(name, CellType.MONEY) for name in ("debit", "credit", "balance")),
    )
    cells = [[str(row.exercise), *msgspec.structs.astuple(row)[1:]] for row in rows]
    drop_order = (
        *("label", "sender", "kind", "period", "exercise", "reference", "counterpart"),
        *("journal", "document", "accountant", "day", "row", "balance", "entry"),
    )
    return ReportTable("General ledger", columns, cells, (), drop_order)


def build_totals_table(total: LedgerTotal, part: str) -> ReportTable:
    """Build the table of the totals; they are balanced unless ``part`` says what alone is listed."""
    sides = (total.debit_cents - total.credit_cents, total.opening_cents)
    verdict = "NOT balanced" if any(sides) else "balanced"
    columns = (
        *(Column(name, CellType.COUNT) for name in ("accounts", "movements")),
        *(Column(name, CellType.MONEY) for name in ("opening", "debit", "credit", "balance")),
        Column("finding"),
    )
    cells = [*msgspec.structs.astuple(total), part or verdict]
    drop_order = ("movements", "accounts", "opening", "balance")
    return ReportTable("Totals of the general ledger", columns, [cells], (), drop_order)
