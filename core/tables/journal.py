"""The tables of the journal, and those of lines and texts on their way to it, each declared once.

The order of fields is free except in a table whose docstring says that it is a COPY row.
"""

from typing import NamedTuple

from core.tables.columns import Byte, Code, Day, Digest, Entry, Hash32, Hash64, Index, Money, ShortDay, Small


class Spans(NamedTuple):
    """Texts: the start and end of each in the bytes of ``Bytes``."""

    start: Index
    end: Index


class Bytes(NamedTuple):
    """The bytes that ``Spans`` point into."""

    data: Byte


class StoredEntries(NamedTuple):
    """Stored entries as the replay reads them."""

    entry: Entry
    predecessor: Entry
    amount: Money
    cell: Index
    source: Index
    day: Day
    payee: Index
    kind: Code
    debit: Small
    credit: Small
    content: Hash64


class ParsedNumbers(NamedTuple):
    """Numbers read from texts: a value, or the ``core.outcome_codes.Outcome`` of its fault."""

    value: Money
    fault: Code


class Flags(NamedTuple):
    """One boolean per row."""

    flag: Code


class ActGrouping(NamedTuple):
    """The act of each line."""

    head: Index
    content: Hash64
    fault: Code


class LineKeys(NamedTuple):
    """The input of grouping: line number, key and digest of each line."""

    number: Money
    high: Hash64
    low: Hash32
    digest: Hash64


class PackedCells(NamedTuple):
    """Account assignments, each packed into one word; -1 where a line gives none."""

    word: Money


class Numbers(NamedTuple):
    """One number per row; -1 for none."""

    number: Index


class Words(NamedTuple):
    """One 64-bit word per row: a prefix, or a digest."""

    word: Hash64


class Fingerprints(NamedTuple):
    """96 bits of keyed hash, one row per text."""

    high: Hash64
    low: Hash32


PREDECESSOR_BY_ENTRY = -1
"""Value of ``Acts.previous_line`` where the predecessor is named by its entry."""


class Acts(NamedTuple):
    """The acts to decide, resolved: a row per line, those of an act together; wide fields first, so that none has gaps."""

    amount: Money
    key_high: Hash64
    content: Hash64
    """Digest of the line's content; on the first line of an act, of the whole act."""
    previous_high: Hash64
    payee_high: Hash64
    bank: Hash64
    """Digest of the IBAN; 0 if none is given."""
    invoice_high: Hash64
    head: Index
    """Row of the act's first line."""
    period: Index
    """``core.calendar`` period of the posting."""
    day: Day
    """The day of posting."""
    cell: Index
    """Account assignment; -1 if the line gives none (it inherits its predecessor's)."""
    source: Index
    """Of a move, the budget node that it takes from; of an opening, its ``core.origins.Origin``; of a commitment, the first
    day of service; of a carry, the number of the sender whose reference it has; of a receivable, its due day; else -1."""
    key_low: Hash32
    """With ``key_high``: keyed fingerprint of the reference's sender, family, exercise and reference, 96 bits."""
    previous_low: Hash32
    """With ``previous_high``: fingerprint of the predecessor; both 0 if there is none, or if it is in the same act."""
    previous_line: Index
    """Line of the predecessor, from 1; ``PREDECESSOR_BY_ENTRY`` if ``previous_high`` is the predecessor's entry id."""
    payee_low: Hash32
    """With ``payee_high``: fingerprint of the payee; both 0 if there is none."""
    invoice_low: Hash32
    """With ``invoice_high``: fingerprint of supplier and number of the invoice requested; both 0 if none."""
    signature: Index
    """Row of ``Book.signatures``: who entered and validated the act; 0 if it names nobody."""
    account: Small
    """Account that the sender gave in place of the role's; 0 if none."""
    invoice_day: ShortDay
    """The date of the invoice; 0 if none is stated."""
    invoice_part: Code
    """The part of the invoice; 0 for the whole."""
    nature: Code
    """``core.kind_rules.LineNature``."""
    state_payee: Code
    """The number of the payee among those that are the State itself (``state_payees.csv``); 0 for any other."""
    kind: Code
    fault: Code
    """``core.outcome_codes.Outcome`` of a fault found on reading; 0 if none."""


class Decisions(NamedTuple):
    """The decision on each line."""

    entry: Entry
    """The id of the entry of an accepted line, of the first entry of a duplicate, or of the entry of another act that a
    refusal names; else 0."""
    predecessor: Entry
    missing: Money
    """Cents that a refused line lacks; 0 where that has no meaning."""
    cell: Index
    """Effective account assignment, given or inherited; 0 if none."""
    payee: Index
    node: Index
    """Budget node that lacks credit or breaks the rule; -1 if none."""
    day: Day
    """The day of the entry that INVOICE_ALREADY_REQUESTED names; it has no meaning for any other outcome."""
    debit: Small
    credit: Small
    accountant: Small
    """The accountant of the account assignment; 0 if there is none."""
    outcome: Code


class Entries(NamedTuple):
    """The journal: one row per accepted line.  A COPY row; the reference follows as text.

    ``kernels.journal`` derives the bytes of the row from the order and the kinds of these fields.
    """

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
    """Of a move, the number of the node that it took from; of an opening, its ``core.origins.Origin``; of a commitment,
    the first day of the service, in days since 1970, if it states one; of a carry, the number of the sender whose
    reference it has; of a receivable, its due day, if it was stored; 0 for any other."""
    payee: Index
    kind: Small
    exercise: Small
    month: Small
    debit: Small
    credit: Small
    accountant: Small


class LineDetails(NamedTuple):
    """The fields of a journal row that neither act nor decision contains."""

    line: Index
    day: Day
    start: Index
    """With ``end``: the span of its reference in the bytes."""
    end: Index


class Refusals(NamedTuple):
    """One row per refused line, or per rest of a stretch.  A COPY row; reference and value of the field follow as texts."""

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
    """The amount that the line states, or the sum of those of all lines."""
    lines: Index
    """1, or the number of consecutive lines, ``line`` being the first: see ``posting.refusal_stretches``."""


class Duplicates(NamedTuple):
    """One row per line that repeats an accepted one.  A COPY row."""

    batch: Entry
    position: Index
    submission: Index
    line: Index
    entry_id: Entry


class NewPayees(NamedTuple):
    """One row per registered payee.  A COPY row; code, name, IBAN and BIC follow as texts."""

    payee: Index
    entry_id: Entry


class NewCells(NamedTuple):
    """One row per new account assignment.  A COPY row."""

    cell: Index
    batch: Entry
    centre: Index
    area: Index
    item: Index
    fund: Index
    operation: Index
    budget_year: Small


class RequestPages(NamedTuple):
    """One row per page of the payment details of payable lines.  A COPY row; the page follows as bytes."""

    entry_id: Entry
    """The entry of the first line on the page."""
    last_entry: Entry
    requests: Index
    """Number of lines on the page."""


class NodeBalances(NamedTuple):
    """The eight figures of a node after a batch.  A COPY row."""

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
    """The debit and credit totals of an accountant's account in a period after a batch.  A COPY row."""

    batch: Entry
    accountant: Small
    account: Small
    period: Index
    debit: Money
    credit: Money


class Draws(NamedTuple):
    """Amounts to draw on account assignments, in order of arrival."""

    cell: Index
    amount: Money
