"""The tables of the book, declared once: the state that deciding reads and changes, indexed by position."""

from typing import Annotated, NamedTuple

from core.catalog import Effects, Role
from core.tables.columns import (
    READ_ONLY,
    Balance,
    Code,
    Entry,
    Hash32,
    Hash64,
    Index,
    Money,
    Position,
    Records,
    Small,
)

Slots = Hash64
"""Open addressing over ``Keys``: the upper 32 bits are a tag, the lower the row + 1; 0 is free."""


class Cells(NamedTuple):
    """Account assignments: where each hangs in the budget and which accounts it posts to."""

    centre_node: Index
    """The node of the fund centre itself; its ancestors follow ``Nodes.parent``."""
    level: Code
    """``core.nomenclature.CentreLevel`` of that node."""
    operation_node: Index
    """Node of the investment operation; -1 if none."""
    expense: Small
    accrued: Small
    creditor: Small


class BudgetNodes(NamedTuple):
    """Where budget is controlled; the figures stand in ``Book.figures``."""

    parent: Index
    """-1 above a programme."""
    level: Code
    staff: Code
    """1 for T2."""
    blocking: Code
    """0 for estimated credits, which no want of credit stops."""
    touched: Code
    """1 when the figures changed since the last batch."""


class OpenItems(NamedTuple):
    """What may still follow each entry, by entry id."""

    open: Money
    """What is left to take up; of a change of bank details, the digest it replaced, as bits."""
    unbilled: Money
    """Of a commitment, certified and not yet requested.  Of all that is or was owed, the number of the payee, with
    ``FOLLOWED`` once an act that may follow once does, and ``STOPPED`` while its term stands suspended."""
    parent: Position
    """The entry it acts on: the commitment; what an attachment is taken from; of a settlement the payable.  0 if none."""
    cell: Index
    debit: Small
    credit: Small
    kind: Code
    under: Code
    """The kind whose reservation it stands on: that of the request under it all, or its own."""
    lines_after: Small
    """Lines of the same act behind this one: a predecessor's line number must exist."""


class KeyRows(NamedTuple):
    """Accepted keys in order of acceptance: 96-bit fingerprint, content, and what they stand for."""

    high: Hash64
    low: Hash32
    value: Position
    """Entry id of the first line (acts); payee number, with ``PAYEE_BLOCKED`` where nothing is paid (payees)."""
    content: Hash64
    """Content digest (acts), or bank digest (payees)."""


class Ledger(NamedTuple):
    """Debit and credit by account and period: row ``period * LEDGER_ACCOUNTS + account``."""

    debit: Money
    credit: Money
    touched: Code


class Counters(NamedTuple):
    """How many there are of each; one row."""

    entries: Entry
    keys: Entry
    payees: Entry
    waiting: Entry
    changes: Entry
    """Changes of registered payees, since the book was loaded."""


class Book(NamedTuple):
    """All state that deciding needs, as records: what the kernels read and advance."""

    effects: Annotated[Records, Effects, READ_ONLY]
    cells: Annotated[Records, Cells, READ_ONLY]
    nodes: Annotated[Records, BudgetNodes]
    items: Annotated[Records, OpenItems]
    ledger: Annotated[Records, Ledger]
    keys: Annotated[Records, KeyRows]
    payees: Annotated[Records, KeyRows]
    waiting: Annotated[Records, KeyRows]
    counters: Annotated[Records, Counters]
    figures: Balance
    """Eight figures a node: AE opened, allotted, reserved, consumed, then CP the same."""
    periods: Code
    """1 where the ``core.calendar`` period is open."""
    roles: Small
    """Accounts of ``core.catalog.SHARED_ROLES``: row ``period * ROLES + role``."""
    slots: Slots
    payee_slots: Slots
    waiting_slots: Slots


ROLE_COUNT = len(Role)
"""Rows of ``Book.roles`` per period."""

PAYEE_BLOCKED_BIT = 1 << 31
"""Bit of a payee's ``Keys.value``."""

FOLLOWED_BIT = 1 << 62
"""Bit of ``Items.unbilled``: see ``core.catalog.Remainder.ONCE``."""

SUSPENDED_BIT = 1 << 61
"""Bit of ``Items.unbilled``: nothing of it is paid."""

LEDGER_ACCOUNTS = 1024
"""Rows of ``Ledger`` per period: accounts of all charts together stay below it."""
