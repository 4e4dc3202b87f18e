"""The tables of the book, declared once: the state that decisions read and change, indexed by position."""

from typing import Annotated, NamedTuple

from core.catalog import Role
from core.catalog_effects import Effects
from core.tables.budget_years import BudgetYears
from core.tables.columns import (
    READ_ONLY,
    Balance,
    Code,
    Day,
    Entry,
    Hash32,
    Hash64,
    Index,
    Money,
    Position,
    Records,
    Small,
)
from core.tables.decree_balances import DecreeFigures
from core.tables.followers import Followers
from core.tables.signatures import Grants, Signatures
from core.tables.special_balances import SpecialProgrammes

Slots = Hash64
"""Open addressing over ``Keys``: the upper 32 bits are a tag, the lower the row + 1; 0 is free."""


class Cells(NamedTuple):
    """Account assignments: the budget nodes of each, and the accounts it posts to.

    What every line reads comes first, so that it is mostly in one cache line.
    """

    centre_node: Index
    """The node of the fund centre itself; ``BudgetNodes.parent`` leads to its ancestors."""
    operation_node: Index
    """Node of the investment operation; -1 if none."""
    expense: Small
    """Of a nature of receipt: its product."""
    accrued: Small
    """Of a nature of receipt: the account of what is annulled in a later year."""
    creditor: Small
    accountant: Small
    """The accountant of its fund centre in its budget year; 0 for none."""
    year: Code
    """Row of the budget year in ``Book.years``."""
    unserved: Code
    """1 where the item is paid before service without a listed nature."""
    level: Code
    """``core.nomenclature.CentreLevel`` of the fund centre."""
    charges_interest: Code
    """1 where late interest may be charged: an item of title 3, without an investment operation, on ordinary credits."""
    payroll: Small
    """The creditor of what the payroll application pays; 0 if the item has none."""
    programme: Index
    """The number of the programme's code, which is the same in every year."""
    area_code: Index
    item_code: Index
    """The numbers of functional area and commitment item, which are the same in every year."""
    repaid_title: Code
    """The title of the item; of a nature of receipt that of the expenses which it repays, 0 if it repays none."""
    restored_years: Code
    """Of a nature that repays: the years after that of the expense until whose end collection restores; 255 for all."""
    restored_until_closed: Code
    """1 where it restores later too, in its own year, on an operation that is not closed."""
    operating: Code
    """1 where the item is of title 3, whose purchases alone take an advance."""
    title: Index
    """Row of its programme and title in ``Book.titles``; -1 without a title, or on credits of a fund."""
    title_before: Index
    """The same of the year before, whose finance laws limit what is committed in advance; -1 where nothing may be."""
    admits: Index
    """Row of the commitment item in ``Book.admitted``."""
    fund_code: Index  # the same in every year; 0 of ordinary credits
    visa_threshold: Money
    """The amount from which a commitment needs a visa, by ministry and title: ``NO_THRESHOLD`` for none."""
    invoice_service_from: Day
    """The day from which on an invoice service requests what is certified there: ``NO_SERVICE`` for none."""
    special: Index
    """Row of its programme in ``Book.special``, in its budget year; 0 where its expenses are not limited by receipts."""


class BudgetNodes(NamedTuple):
    """The nodes where budget is controlled; their figures are in ``Book.figures``."""

    parent: Index
    """-1 for a programme."""
    level: Code
    staff: Code
    """1 for T2."""
    blocking: Code
    """0 for estimated credits, which may be exceeded."""
    lifted: Code
    """1 where a finance law lifts the ceiling of CP that are carried over from the programme (LOLF art. 15)."""
    touched: Code
    """1 when the figures changed since the last batch."""


class TitleFigures(NamedTuple):
    """Rarely used figures of AE, by budget year, programme and title: openings and anticipated commitments alone use them."""

    opened: Money
    """AE that finance laws opened, initial and amending."""
    anticipated: Money
    """AE that were committed before the year began."""
    touched: Code


class FrozenFigures(NamedTuple):
    """Rarely used figures of a budget node: what is reserved there, but by no request: credits frozen or earmarked."""

    ae: Money
    """AE frozen at the node and below it.  They are part of the AE reserved, so that nobody spends them."""
    cp: Money
    ae_here: Money
    """AE frozen at the node itself, which it neither passes on nor gives back."""
    cp_here: Money
    earmarked: Money
    """AE that earmarks of operations below the node reserve at it and that nothing used.  It follows from ``Book.figures``,
    so it is added up when the book is loaded, and not stored."""
    touched: Code


class WithdrawnFigures(NamedTuple):
    """What withdrawals of commitments of earlier years lower of the reported consumption of AE, by node: a rare figure."""

    withdrawn: Money
    """AE withdrawn in the year of the node and not available again; AE consumed less this is what is reported."""
    touched: Code


class OpenItems(NamedTuple):
    """The open items: what later acts may still take up of each entry, by entry id."""

    open: Money
    """The amount left to take up.  Of a change of bank details: the bits of the digest that it replaced.  Of what takes out
    of an asset: the entry before it that did."""
    unbilled: Money
    """Of a commitment: the amount certified and not yet requested.  Of a debt, paid or not: the number of the payee, with
    ``FOLLOWED_BIT`` once what follows only once has followed, ``SUSPENDED_BIT`` while its payment is suspended, and in
    ``USE_MASK`` the higher bits of what was taken up.  Of an increase or service: ``parent`` and ``debit`` before it.
    Of what takes out of an asset: what is depreciated and is still to leave after it."""
    parent: Position
    """The entry it acts on: of a service the commitment, of an attachment the debt it diverts, of a settlement the payable;
    of a commitment the last increase or service of it; of an asset the last entry that took out of it; 0 if none."""
    cell: Index
    day: Day
    """The day of the entry: what follows it is not dated before."""
    debit: Small
    """The account debited.  Of a commitment: the days from its own to the latest of its increases and services."""
    credit: Small
    """The account on which the amount is open: that the entry credited, or, if it posts nothing, that of the entry before.
    Of a commitment: the number of its advances."""
    kind: Code
    under: Code
    """The kind whose reservation it uses: that of the original request, or its own."""
    lines_after: Small
    """The number of later lines of the same act, to check the line number of a predecessor."""
    followers: Position
    """The number of acts with an amount that follow it, less those that were reversed.  Of a debt: see ``USE_MASK``."""
    advanced: Money
    """Of a commitment: its advances that were neither rejected nor recovered, less what is unpaid of the requests that
    secure them; below 0 where these are more.  Of a debt: ``core.tables.expense_marks.SECURES`` or ``IS_ADVANCE``, if so.  Of
    a receivable: the day on which it is due, if one was stored.  Of what is collected from suspense: the day of the credit."""


class KeyRows(NamedTuple):
    """Accepted keys in order of acceptance: 96-bit fingerprint, content, and the entry or payee of the key."""

    high: Hash64
    low: Hash32
    value: Position
    """Entry id of the first line (acts, claims of invoices); of a payee the number
    of its person, itself or that into which it was merged, with ``PAYEE_BLOCKED_BIT`` if blocked."""
    content: Hash64
    """Content digest (acts), bank digest (payees), or part, date and number of lines (claims of invoices)."""


class Ledger(NamedTuple):
    """Debit and credit by period, accountant and account: row ``folio * LEDGER_ACCOUNTS + account``.

    A folio is what one accountant posts in one period: number ``period * LEDGER_ACCOUNTANTS + accountant``.
    """

    debit: Money
    credit: Money
    touched: Code


class Counters(NamedTuple):
    """The number of rows in use of each table; one row."""

    entries: Entry
    keys: Entry
    payees: Entry
    waiting: Entry
    invoices: Entry
    changes: Entry
    """Changes of registered payees since the book was loaded."""


class Book(NamedTuple):
    """All state that decisions need, as records: the kernels read and advance it."""

    effects: Annotated[Records, Effects, READ_ONLY]
    cells: Annotated[Records, Cells, READ_ONLY]
    nodes: Annotated[Records, BudgetNodes]
    items: Annotated[Records, OpenItems]
    ledger: Annotated[Records, Ledger]
    keys: Annotated[Records, KeyRows]
    payees: Annotated[Records, KeyRows]
    waiting: Annotated[Records, KeyRows]
    invoices: Annotated[Records, KeyRows]
    """Claims of invoices: see ``kernels.invoices``."""
    counters: Annotated[Records, Counters]
    figures: Balance
    """Eight figures per node: AE opened, allotted, reserved, consumed, then the same of CP."""
    periods: Code
    """``core.periods.PeriodState`` of each folio: of each accountant in each ``core.calendar`` period."""
    folios: Code
    """1 where an account of the folio of ``Ledger`` was touched since the last batch."""
    years: Annotated[Records, BudgetYears, READ_ONLY]
    followers: Annotated[Records, Followers, READ_ONLY]
    titles: Annotated[Records, TitleFigures]
    frozen: Annotated[Records, FrozenFigures]
    """A row for each row of ``nodes``."""
    withdrawn: Annotated[Records, WithdrawnFigures]
    decrees: Annotated[Records, DecreeFigures]
    """Two rows for each row of ``nodes``: AE, then CP."""
    decree_years: Annotated[Records, DecreeFigures]
    """The same of all programmes together: two rows for each row of ``years``."""
    special: Annotated[Records, SpecialProgrammes]
    payroll_checks: Code
    """1 where the credits of payroll are checked."""
    roles: Small
    """Accounts of ``core.account_roles.SHARED_ROLES``: row ``period * ROLE_COUNT + role``."""
    creditors: Small
    """The creditor of an expense account that has one of its own, else 0: row ``(period // PERIODS_PER_YEAR *
    CREDITOR_SETS + place) * LEDGER_ACCOUNTS + account``; place 0 is that of requests, 1 that of payroll."""
    assets: Small
    """The plans of the accounts of assets, and what the inventory posts against: ``core.tables.account_columns``."""
    admitted: Code
    """1 where a commitment item admits an account: row ``Cells.admits * LEDGER_ACCOUNTS + account``."""
    role_kinds: Code
    """Bits of ``core.directory.Hand``: what a role may do with a kind; row ``role * kinds + kind``."""
    signatures: Annotated[Records, Signatures, READ_ONLY]
    """Who entered and validated the acts to decide: those of one piece of a batch."""
    grants: Annotated[Records, Grants, READ_ONLY]
    grant_starts: Index
    """The first row in ``grants`` of each person, and the end after the last."""
    slots: Slots
    payee_slots: Slots
    waiting_slots: Slots
    invoice_slots: Slots


ROLE_COUNT = max(Role) + 1
"""Rows of ``Book.roles`` per period."""

PAYEE_BLOCKED_BIT = 1 << 31
"""Bit of ``KeyRows.value``: the payee is blocked."""

FOLLOWED_BIT = 1 << 62
"""Bit of ``OpenItems.unbilled``: see ``core.catalog.Remainder.ONCE``."""

SUSPENDED_BIT = 1 << 61
"""Bit of ``OpenItems.unbilled``: the payment is suspended."""

USE_MASK = (1 << 47) - (1 << 32)
"""The bits of ``OpenItems.unbilled`` that are the higher ones of an amount, whose lower 32 are ``OpenItems.followers``.

It is what was taken up of a debt and not rejected since, less what is asked back.  ``core.money.AMOUNT_MAX`` is below it.
``core.tables.expense_marks`` has the bits above them."""

REACH_BIT = 32
"""Lowest bit of ``OpenItems.unbilled``, of an increase or a service, of the days that its commitment had reached before."""

REACH_MAX = (1 << 15) - 1
"""The most days that a commitment counts: more are looked up one by one."""

CLAIM_DAY_BIT = 1 << 8
CLAIM_LINE_BIT = 1 << 24
"""``KeyRows.content`` of a claim of an invoice: its lines times this, plus its date times ``CLAIM_DAY_BIT``, plus its part."""

CLAIM_PART_MASK = CLAIM_DAY_BIT - 1
CLAIM_TERMS_MASK = CLAIM_LINE_BIT - 1
"""The bits of date and part."""

LEDGER_ACCOUNTS = 1032
"""Rows of ``Ledger`` per folio, more than the accounts of all charts together: an odd number of cache lines, so that the
rows of one account do not compete for one place of a cache."""

CREDITOR_SETS = 2
"""Creditors of expense accounts per year: those of requests, those of payroll."""

LEDGER_ACCOUNTANTS = 256
"""Folios of ``Ledger`` per period: more than the accountants of all years together."""
