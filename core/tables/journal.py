"""Every table of columns, declared once.

Row tables (one row per line or entry) and state tables (the book, indexed by position).  Field order is free except
where a table says that it is a COPY row.
"""

from typing import NamedTuple

from core.tables.columns import Byte, Code, Day, Digest, Entry, Hash32, Hash64, Index, Money, Small


class Spans(NamedTuple):
    """Texts: where each starts and ends in the bytes of ``Bytes``."""

    start: Index
    end: Index


class Bytes(NamedTuple):
    """The bytes that ``Spans`` point into."""

    data: Byte


class StoredEntries(NamedTuple):
    """Stored entries as the book takes them back."""

    entry: Entry
    predecessor: Entry
    amount: Money
    cell: Index
    payee: Index
    kind: Code
    debit: Small
    credit: Small
    content: Hash64


class ParsedNumbers(NamedTuple):
    """Numbers read from texts: a value, or the ``core.outcome_codes.Outcome`` that says why not."""

    value: Money
    fault: Code


class Flags(NamedTuple):
    """One yes or no a row."""

    flag: Code


class ActGrouping(NamedTuple):
    """Which act each line belongs to."""

    head: Index
    content: Hash64
    fault: Code


class LineKeys(NamedTuple):
    """What grouping looks at: line number, key and digest of each line."""

    number: Money
    high: Hash64
    low: Hash32
    digest: Hash64


class PackedCells(NamedTuple):
    """Account assignments packed into one word each; -1 where a line names none."""

    word: Money


class Numbers(NamedTuple):
    """A number a row; -1 for none."""

    number: Index


class Words(NamedTuple):
    """One 64-bit word a row: a prefix, or a digest."""

    word: Hash64


class Fingerprints(NamedTuple):
    """96 bits of keyed hash, one row per text."""

    high: Hash64
    low: Hash32


PREDECESSOR_BY_ENTRY = -1
"""In place of a line: the predecessor is named by its entry."""


class Acts(NamedTuple):
    """What callers ask for, resolved: one row per line, the lines of an act next to each other.

    As records: wide fields first, so that a row has no gaps.
    """

    amount: Money
    key_high: Hash64
    content: Hash64
    """Digest of everything the line says; on an act's first line, of the whole act."""
    previous_high: Hash64
    payee_high: Hash64
    bank: Hash64
    """Digest of the IBAN; 0 when none is given."""
    head: Index
    """Row of the act's first line."""
    period: Index
    """``core.calendar`` period of the posting."""
    cell: Index
    """Account assignment; -1 when the line names none (it inherits its predecessor's)."""
    source: Index
    """Budget node the money comes from, for moves; -1 otherwise."""
    key_low: Hash32
    """With ``key_high``: keyed fingerprint of sender, family, exercise and reference, 96 bits."""
    previous_low: Hash32
    """With ``previous_high``: fingerprint of the predecessor; both 0 when there is none, or it is in the same act."""
    previous_line: Index
    """Line of the predecessor, from 1; ``BY_ENTRY`` when ``previous_high`` is the predecessor's entry itself."""
    payee_low: Hash32
    """With ``payee_high``: fingerprint of the payee; both 0 when there is none."""
    account: Small
    """Chart account the sender asked for in place of the role's; 0 if none."""
    kind: Code
    fault: Code
    """``core.outcome_codes.Outcome`` found while reading; 0 if none."""


class Decisions(NamedTuple):
    """What became of each line."""

    entry: Entry
    """The entry's id when accepted; the first act's entry when duplicate; else 0."""
    predecessor: Entry
    missing: Money
    """Cents missing where it was refused; 0 if that has no meaning."""
    cell: Index
    """Account assignment in force (given or inherited); 0 if none."""
    payee: Index
    node: Index
    """Budget node that refused; -1 if none."""
    debit: Small
    credit: Small
    outcome: Code


class Entries(NamedTuple):
    """The journal: one row per accepted line.  A COPY row; the reference follows as text."""

    entry_id: Entry
    predecessor: Entry
    amount: Money
    content: Digest
    submission: Index
    line: Index
    """Position of the line in its submission, from 0."""
    day: Day
    cell: Index
    source: Index
    """Node number that a move took from; 0 for any other kind."""
    payee: Index
    kind: Small
    exercise: Small
    month: Small
    debit: Small
    credit: Small


class LineDetails(NamedTuple):
    """What the journal says of a line beside its act and decision."""

    line: Index
    day: Day
    start: Index
    """Where its reference stands in the bytes."""
    end: Index


class Refusals(NamedTuple):
    """One row per refused line.  A COPY row; reference and the text found follow."""

    batch: Entry
    position: Index
    """Position in the batch, from 0."""
    submission: Index
    line: Index
    code: Small
    field: Small
    kind: Small
    node: Index
    missing: Money
    amount: Money


class Duplicates(NamedTuple):
    """One row per line that repeats an accepted one.  A COPY row."""

    batch: Entry
    position: Index
    submission: Index
    line: Index
    entry_id: Entry


class NewPayees(NamedTuple):
    """One row per payee registered.  A COPY row; code, name, IBAN and BIC follow."""

    payee: Index
    entry_id: Entry


class NewCells(NamedTuple):
    """One row per account assignment first seen.  A COPY row."""

    cell: Index
    batch: Entry
    centre: Index
    area: Index
    item: Index
    fund: Index
    operation: Index
    budget_year: Small


class RequestPages(NamedTuple):
    """One row per page of what payable lines say of their payment.  A COPY row; the page follows."""

    entry_id: Entry
    """Of the first line on the page."""
    last_entry: Entry
    requests: Index
    """Lines on the page."""


class RequestDetails(NamedTuple):
    """What payable lines say of their payment, in order of entries; texts beside it.  Days are 0 where none is said."""

    entry_id: Entry
    received: Day
    due: Day
    invoice_date: Day
    priority: Small
    """-1 where none is said."""


class NodeBalances(NamedTuple):
    """What a node's eight figures became with a batch.  A COPY row."""

    batch: Entry
    node: Index
    ae_opened: Money
    ae_allotted: Money
    ae_reserved: Money
    ae_consumed: Money
    cp_opened: Money
    cp_allotted: Money
    cp_reserved: Money
    cp_consumed: Money


class AccountBalances(NamedTuple):
    """What an account's debit and credit totals of a period became with a batch.  A COPY row."""

    batch: Entry
    account: Small
    period: Index
    debit: Money
    credit: Money


class Draws(NamedTuple):
    """Amounts asked of account assignments, in order of arrival."""

    cell: Index
    amount: Money
