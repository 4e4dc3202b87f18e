"""Sums by accountant and account: of stored entries, made by hand, and of the rows of the journal and the general ledger."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from reporting.code_names import ACCOUNT, ACCOUNTANT, CodeNames
from reporting.general_ledger import CLOSING, MOVEMENT, OPENING, LedgerRow
from reporting.journal import JournalEntry
from reporting.report_queries import Connection

Sums = dict[tuple[str, str], tuple[int, int]]
"""Debit and credit, by accountant and account."""


async def fetch_entries(connection: Connection) -> list[Mapping[str, Any]]:
    """Fetch the stored entries as they are."""
    return [dict(row) for row in await connection.fetch("select * from entry order by entry_id")]


def add_up_by_hand(names: CodeNames, entries: Iterable[Mapping[str, Any]]) -> Sums:
    """Add the stored entries up, one by one."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        accountant = names.by_number[ACCOUNTANT].get(entry["accountant"], "")
        for side, number in enumerate((entry["debit"], entry["credit"])):
            if number:
                sums[accountant, names.by_number[ACCOUNT][number]][side] += entry["amount"]
    return {key: (debit, credit) for key, (debit, credit) in sums.items()}


def add_up_journal(entries: Iterable[JournalEntry]) -> Sums:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        for side, account in enumerate((entry.debit_account, entry.credit_account)):
            if account:
                sums[entry.accountant, account][side] += entry.amount_cents
    return {key: (debit, credit) for key, (debit, credit) in sums.items()}


def add_up_ledger(rows: Iterable[LedgerRow]) -> Sums:
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row.accountant, row.account][0] += row.debit_cents or 0
        sums[row.accountant, row.account][1] += row.credit_cents or 0
    return {key: (debit, credit) for key, (debit, credit) in sums.items()}


def check_balances(rows: Sequence[LedgerRow]) -> None:
    """Check that each account begins and ends with a balance, and that each balance follows from the one before."""
    account, balance = None, 0
    for row in rows:
        place = (row.exercise, row.accountant, row.account)
        if row.row == OPENING:
            assert account is None
            account, balance = place, row.balance_cents
        assert place == account
        balance += (row.debit_cents or 0) - (row.credit_cents or 0)
        assert row.balance_cents == balance
        assert (row.entry is not None) == (row.row == MOVEMENT)
        if row.row == CLOSING:
            account = None
    assert account is None
