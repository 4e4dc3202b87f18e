"""Tables of payment runs: the debts, the proposed payments, and the entries of a run."""

from typing import NamedTuple

from core.tables.columns import Day, Entry, Index, Money, Small


class Payables(NamedTuple):
    """Entries as the search for open debts reads them.  A COPY row; the reference follows as text."""

    entry_id: Entry
    predecessor: Entry
    amount: Money
    day: Day
    cell: Index
    payee: Index
    kind: Small
    exercise: Small
    accountant: Small
    credit: Small
    """The account on which a request or a part of it is owed."""


class RunLines(NamedTuple):
    """The debts that a run proposes to pay or leaves out, one row each; their remittance texts are kept apart."""

    line: Index
    """From 1 in each run, in the order of payment."""
    entry_id: Entry
    """The entry of the debt."""
    amount: Money
    details: Entry
    """The entry with the payee's bank details; 0 if there is none."""
    due: Day
    payee: Index
    kind: Small
    """The kind of the act that pays it."""
    exercise: Small
    accountant: Small
    """Position among the run's accountants, from 1; 0 where the reference data lack the accountant of the debt."""
    way: Small
    """``core.payment_rules.TransferMethod``."""
    left_out: Small
    """``settlement.runs.exclusions.Exclusion``: 0 where it is paid."""


class RunEntries(NamedTuple):
    """Entries of the acts of a run, each with its row in the file.  A COPY row."""

    entry_id: Entry
    line: Index
