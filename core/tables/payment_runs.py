"""Tables of payment runs: what is owed, what is proposed to be paid, and where each payee is paid."""

from typing import NamedTuple

from core.tables.columns import Day, Entry, Index, Money, Small


class Payables(NamedTuple):
    """Entries as the search for what is owed reads them.  A COPY row; the reference follows."""

    entry_id: Entry
    predecessor: Entry
    amount: Money
    day: Day
    cell: Index
    payee: Index
    kind: Small
    exercise: Small


class RunLines(NamedTuple):
    """What a run proposes to pay, and what it leaves out: one row each; what the payee reads stands beside."""

    line: Index
    """From 1 in each run, in the order in which it pays."""
    entry_id: Entry
    """What is owed."""
    amount: Money
    details: Entry
    """The entry that said where the payee is paid; 0 where nobody did."""
    due: Day
    payee: Index
    kind: Small
    """Of the act that pays it."""
    exercise: Small
    accountant: Small
    """Place among the run's accountants, from 1; 0 where nobody pays for its fund centre."""
    way: Small
    """``core.payment_rules.TransferMethod``."""
    left_out: Small
    """``settlement.runs.exclusions.Exclusion``: 0 where it is paid."""


class RunEntries(NamedTuple):
    """Entries of a run's acts, and the row of the file that each came from.  A COPY row."""

    entry_id: Entry
    line: Index
