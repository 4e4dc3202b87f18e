"""The journal and the general ledger: both total what the trial balance does, and what the stored entries add up to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import msgspec
import pytest

from core.catalog import CATALOG
from core.reference.files import SAMPLE_FOLDER
from reporting import code_labels, general_ledger, journal
from reporting.code_names import CodeNames, read_names
from reporting.general_ledger import CLOSING, MOVEMENT, LedgerRow
from reporting.journal import JournalEntry
from reporting.report_catalog import REPORTS
from reporting.report_definition import PageRange, ReportArguments
from reporting.report_queries import Connection
from reporting.trial_balance import BY_ACCOUNTANT, BalanceScope, load_trial_balance
from tests.reporting.ledger_sums import (
    Sums,
    add_up_by_hand,
    add_up_journal,
    add_up_ledger,
    check_balances,
    fetch_entries,
)

EUROS = 100
EXERCISE = 2018
DEFAULTS = {
    report.name: report.default_values for report in REPORTS if report.name in ("journal", "general-ledger")
}


def build_arguments(name: str, page: PageRange | None = None, **values: Any) -> ReportArguments:
    return ReportArguments({**DEFAULTS[name], **values}, page=page)


async def list_journal(connection: Connection, names: CodeNames, **values: Any) -> list[JournalEntry]:
    pages = journal.stream_journal(connection, names, build_arguments("journal", **values))
    return [entry async for page in pages for entry in page]


async def list_ledger(connection: Connection, names: CodeNames, **values: Any) -> list[LedgerRow]:
    pages = general_ledger.stream_general_ledger(
        connection, names, build_arguments("general-ledger", **values)
    )
    return [row async for page in pages for row in page]


async def sum_trial_balance(
    connection: Connection, names: CodeNames, exercise: int | None = EXERCISE
) -> Sums:
    balance = await load_trial_balance(connection, names, BalanceScope(exercise, grouping=BY_ACCOUNTANT))
    return {(row.accountant, row.account): (row.debit, row.credit) for row in balance.accounts}


async def check_totals(connection: Connection, names: CodeNames) -> None:
    """Check journal, general ledger and trial balance against sums of the stored entries that are made by hand."""
    entries = await list_journal(connection, names)
    rows = await list_ledger(connection, names)
    by_hand = add_up_by_hand(names, await fetch_entries(connection))
    assert by_hand
    assert add_up_journal(entries) == by_hand
    assert add_up_ledger(rows) == by_hand
    assert await sum_trial_balance(connection, names, None) == by_hand
    check_balances(rows)
    closing = {(row.accountant, row.account): row.balance_cents for row in rows if row.row == CLOSING}
    assert closing == {key: debit - credit for key, (debit, credit) in by_hand.items()}
    numbers = [entry.entry for entry in entries]
    assert numbers == sorted(set(numbers))


async def test_the_small_journal_adds_up(reader: Connection, names: CodeNames) -> None:
    await check_totals(reader, names)
    entries = await list_journal(reader, names)
    assert sum(entry.amount_cents for entry in entries) == 289 * EUROS


async def test_the_year_of_a_state_adds_up(journal: str) -> None:
    connection = await asyncpg.connect(journal)
    try:
        names = await read_names(connection, code_labels.load(SAMPLE_FOLDER))
        await check_totals(connection, names)
        rows = await list_ledger(connection, names, exercise=EXERCISE)
        assert add_up_ledger(rows) == await sum_trial_balance(connection, names)
        await _check_pages(connection, names, rows_at_once=1000)
    finally:
        await connection.close()


async def test_an_entry_of_the_journal_says_what_it_posts(reader: Connection, names: CodeNames) -> None:
    (request,) = [entry for entry in await list_journal(reader, names) if entry.reference == "D3"]
    (stored,) = [row for row in await fetch_entries(reader) if row["reference"] == "D3"]
    kind = CATALOG[stored["kind"]]
    assert msgspec.structs.asdict(request) == {
        "entry": stored["entry_id"],
        "day": "2018-03-15",
        "period": "2018-03",
        "accountant": "ECOL",
        "journal": "DEP",
        "document": 4,
        "sender": "MINISTRY",
        "reference": "D3",
        "kind": "direct_payment_request",
        "label": kind.french,
        "payee": "SUPPLIER",
        "debit_account": "6188000000",
        "credit_account": "4011100000",
        "amount_cents": 25 * EUROS,
    }


async def test_credits_and_commitments_post_nothing_and_are_not_in_the_journal(
    reader: Connection, names: CodeNames
) -> None:
    kinds = {entry.kind for entry in await list_journal(reader, names)}
    assert "service" in kinds
    assert kinds.isdisjoint({"budget_opening_ae", "allotment_cp", "commitment", "third_party"})


async def test_an_account_of_the_general_ledger(reader: Connection, names: CodeNames) -> None:
    """Service of 60 is certified, of which 10 are cancelled; 40 are requested, of which 15 are rejected."""
    rows = await list_ledger(reader, names, exercise=EXERCISE, account="4081")
    figures = [(row.reference, row.debit_cents, row.credit_cents, row.balance_cents) for row in rows]
    assert figures == [
        ("", None, None, 0),
        ("S1", None, 6000, -6000),
        ("S2", 1000, None, -5000),
        ("D1", 4000, None, -1000),
        ("R2", None, 1500, -2500),
        ("", None, None, -2500),
    ]
    assert [row.counterpart[:4] for row in rows if row.row == MOVEMENT] == ["6188", "6188", "4011", "4011"]
    assert {row.label for row in rows} == {names.codes.find_account_label("4081000000")}


@pytest.mark.parametrize(
    ("values", "select"),
    [
        ({"exercise": EXERCISE}, lambda _: True),
        ({"exercise": EXERCISE + 1}, lambda _: False),
        ({"month": 3}, lambda _: True),
        ({"month": 4}, lambda _: False),
        ({"accountant": "ADCE"}, lambda row: row["reference"] == "D8"),
        ({"programme": "0117"}, lambda row: row["reference"] == "D8"),
        ({"programme": "0217"}, lambda row: row["reference"] != "D8"),
        ({"batch": 0}, lambda _: False),
        ({"batch": 1}, lambda row: row["reference"] not in ("D1", "R2")),  # D1 is held for its commitment
        ({"batch": 2}, lambda row: row["reference"] != "R2"),
    ],
    ids=lambda case: str(case) if isinstance(case, dict) else "",
)
async def test_each_filter_selects_the_entries_that_it_names(
    reader: Connection, names: CodeNames, values: dict[str, Any], select: Any
) -> None:
    by_hand = add_up_by_hand(names, filter(select, await fetch_entries(reader)))
    assert add_up_journal(await list_journal(reader, names, **values)) == by_hand
    rows = await list_ledger(reader, names, **values)
    assert add_up_ledger(row for row in rows if row.row == MOVEMENT) == by_hand


async def test_days_select_entries_of_the_journal(reader: Connection, names: CodeNames) -> None:
    day = date(2018, 3, 15)
    everything = await list_journal(reader, names)
    assert await list_journal(reader, names, first_day=day, last_day=day) == everything
    assert await list_journal(reader, names, first_day=date(2018, 3, 16)) == []
    assert await list_journal(reader, names, last_day=date(2018, 3, 14)) == []


@asynccontextmanager
async def _move_entries(reader: Connection) -> AsyncIterator[None]:
    """Move the service of 60 into the openings of the year, and its cancellation to January; only a superuser can do so."""
    change = reader.transaction()
    await change.start()
    try:
        await reader.execute("set local session_replication_role = replica")
        await reader.execute("update entry set month = 0 where reference = 'S1'")
        await reader.execute("update entry set month = 1 where reference = 'S2'")
        yield
    finally:
        await change.rollback()


async def test_what_was_opened_or_moved_before_is_the_opening_balance(
    reader: Connection, names: CodeNames
) -> None:
    async with _move_entries(reader):
        whole = await list_ledger(reader, names, exercise=EXERCISE, account="4081000000")
        march = await list_ledger(reader, names, exercise=EXERCISE, account="4081", month=3)
        january = await list_ledger(reader, names, exercise=EXERCISE, account="4081", month=1)
        totals = (await journal.load_journal(reader, names, build_arguments("journal"))).totals
    assert [(row.row, row.reference, row.balance_cents) for row in whole] == [
        ("opening", "", -6000),
        ("movement", "S2", -5000),
        ("movement", "D1", -1000),
        ("movement", "R2", -2500),
        ("closing", "", -2500),
    ]
    assert [(row.row, row.balance_cents) for row in march][::3] == [("opening", -5000), ("closing", -2500)]
    assert [row.balance_cents for row in january] == [-6000, -5000, -5000]
    for rows in (whole, march, january):
        check_balances(rows)
    assert totals is not None
    assert [(total.period, total.entries, total.debit_cents) for total in totals[:2]] == [
        ("2018-00", 1, 6000),
        ("2018-01", 1, 1000),
    ]


async def _check_pages(connection: Connection, names: CodeNames, *, rows_at_once: int) -> None:
    """Check that pages contain every row once, in order, and that the totals are those of all rows."""
    entries: list[JournalEntry] = []
    after: int | None = 0
    part = ledger = None
    while after is not None:
        page = PageRange(after, rows_at_once)
        part = await journal.load_journal(connection, names, build_arguments("journal", page))
        assert len(part.entries) == rows_at_once or part.next_after is None
        assert (part.totals is None) == (part.next_after is not None)
        entries, after = entries + part.entries, part.next_after
    assert entries == await list_journal(connection, names)
    assert part is not None
    assert part.totals is not None
    debit = sum(entry.amount_cents for entry in entries if entry.debit_account)
    assert sum(total.debit_cents for total in part.totals) == debit
    assert sum(total.entries for total in part.totals) == len(entries)
    rows: list[LedgerRow] = []
    after = 0
    while after is not None:
        arguments = build_arguments("general-ledger", PageRange(after, rows_at_once))
        ledger = await general_ledger.load_general_ledger(connection, names, arguments)
        rows, after = rows + ledger.rows, ledger.next_after
        assert after in (None, len(rows))
    assert rows == await list_ledger(connection, names)
    assert ledger is not None
    assert (ledger.total.debit_cents, ledger.total.credit_cents, ledger.total.closing_cents) == (
        debit,
        debit,
        0,
    )


@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 7, 1000])
async def test_pages_of_any_size_contain_every_row_once(
    reader: Connection, names: CodeNames, rows_at_once: int
) -> None:
    await _check_pages(reader, names, rows_at_once=rows_at_once)


async def test_the_totals_say_whether_they_are_balanced(reader: Connection, names: CodeNames) -> None:
    """One side of an entry is lost, which only a superuser can do: each report says so."""
    arguments = (build_arguments("journal"), build_arguments("general-ledger"))
    sound = await journal.load_totals_table(reader, names, arguments[0])
    assert (sound.rows[0][-1], sound.footer) == ("balanced", ["all", 10, 28_900, 28_900, "balanced"])
    ledger = await general_ledger.load_totals_table(reader, names, arguments[1])
    assert ledger.rows == [[6, 20, 0, 28_900, 28_900, 0, "balanced"]]
    change = reader.transaction()
    await change.start()
    await reader.execute("set local session_replication_role = replica")
    await reader.execute("update entry set credit = 0 where reference = 'D3'")
    broken = await journal.load_totals_table(reader, names, arguments[0])
    ledger = await general_ledger.load_totals_table(reader, names, arguments[1])
    await change.rollback()
    assert broken.footer == ["all", 10, 28_900, 26_400, "NOT balanced"]
    assert ledger.rows[0][-3:] == [26_400, 2_500, "NOT balanced"]
    part = build_arguments("general-ledger", account="4")
    assert (await general_ledger.load_totals_table(reader, names, part)).rows[0][-1] == "some accounts only"
