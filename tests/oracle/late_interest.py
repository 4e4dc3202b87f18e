"""Late interest in plain Python: what is due for a payable by the journal, and what claims of it may still be accepted.

Rules of the tests' reference data: a term of 30 days, 40 euros once for a request, 8 points above the rate of the half-year.
"""

from collections.abc import Iterator
from typing import NamedTuple

from core.catalog import CATALOG, ActKind, Remainder, Stage
from core.contracts import OPPOSING_KINDS
from core.outcome_codes import Outcome
from tests.oracle import days
from tests.oracle.lines import Line
from tests.oracle.model import Cell, JournalRow, LineRefused, State, World

TERM_DAYS = 30
RECEIPT_DAYS = 2
COMPENSATION = 4_000
POINTS = 800
REFINANCING = {(2018, 2): 25}
"""Hundredths of a per cent by half-year; 0 in the others."""
RENTS_AND_TAXES = ("6113110000", "6113140000", "6137", "6212")
DAMAGES_AND_GRANTS = ("6222", "6228", "6261", "6262", "6283")
STAFF_TRAVEL = ("61531", "6154", "6155")
OWED_TO_STAFF = "4211110000"
CONTRACT_ITEMS = frozenset({"31", "51", "52"})
INTEREST_CONTRACTS = frozenset({"works", "supplies", "services", "concession", "works_balance"})
Journal = dict[int, JournalRow]


class LateDebit(NamedTuple):
    """A debit, or a set-off, that came late."""

    payable: int
    amount: int
    since: int
    late: int


def check_claim(world: World, state: State, line: Line, payable: int) -> None:
    """Refuse a claim without a reason for which nothing is due, or not as much as is claimed by now."""
    if line.debits_until is None:
        return
    journal = dict(state.journal)
    due = compute_due(world, journal, payable, line.debits_until) if payable <= line.debits_until else 0
    if not due:
        raise LineRefused(Outcome.INTEREST_NOT_DUE)
    claims = (row for row in journal.values() if _kind(row).is_interest and row.predecessor == payable)
    if sum(row.amount for row in claims) + line.amount > due:
        raise LineRefused(Outcome.INTEREST_EXCEEDS_RULE)


def compute_due(world: World, journal: Journal, payable: int, until: int) -> int:
    """Return the cents due for ``payable`` by the debits and set-offs up to the entry ``until``."""
    family = find_root(journal, payable) if payable in journal else 0
    late = [
        debit
        for debit in _find_late_debits(world, journal, until)
        if find_root(journal, debit.payable) == family
    ]
    own = sum(compute_interest(debit) for debit in late if debit.payable == payable)
    return own + (COMPENSATION if late and payable == family else 0)


def compute_interest(debit: LateDebit) -> int:
    """Return the interest, half a cent up."""
    year, month, _ = days.split_day(debit.since)
    rate = POINTS + REFINANCING.get((year, 1 if month <= 6 else 2), 0)
    return (2 * debit.amount * rate * debit.late + 3_650_000) // 7_300_000


def find_root(journal: Journal, entry: int) -> int:
    """Return the request that ``entry`` is, or is a part of."""
    while _is_part(journal[entry]):
        entry = journal[entry].predecessor
    return entry


def _find_late_debits(world: World, journal: Journal, until: int) -> Iterator[LateDebit]:
    for entry, debit in journal.items():
        if entry > until:
            continue
        if is_set_off := _kind(debit).name == "set_off":
            payable, paid = debit.predecessor, debit.day
        elif _kind(debit).reaches is Stage.DEBITED:
            payable, paid = _find_payable(journal, debit.predecessor)
        else:
            continue
        if not payable or not _bears_interest(world, journal, payable, entry):
            continue
        end = _find_term_end(journal, find_root(journal, payable), entry)
        if is_set_off:
            paid = min(paid, max(end, _find_due_day(journal, entry)))
        if paid > end:
            yield LateDebit(payable, debit.amount, end + 1, paid - end)


def _find_due_day(journal: Journal, set_off: int) -> int:
    """Return the day on which the receivable of a set-off is due: on its own day at the earliest."""
    receivable = journal[journal[set_off + 1].predecessor]
    return max(receivable.day, receivable.due)


def _find_payable(journal: Journal, transfer: int) -> tuple[int, int]:
    """Return what a transfer paid and on which day; 0 for one that was sent again after a debit."""
    day = journal[transfer].day
    while _kind(journal[transfer]).after is not Stage.PAYABLE:
        returned = journal[journal[transfer].predecessor].predecessor
        if _kind(journal[returned]).after is not Stage.IN_TRANSIT:
            return 0, 0
        transfer = journal[returned].predecessor
    return journal[transfer].predecessor, day


def _bears_interest(world: World, journal: Journal, payable: int, moment: int) -> bool:
    entry = payable
    while _is_part(journal[entry]):
        if _kind(journal[entry]).name in OPPOSING_KINDS:
            return False
        entry = journal[entry].predecessor
    request = journal[entry]
    if _kind(request).is_interest:
        return False
    if request.contract:
        return request.contract in INTEREST_CONTRACTS
    service = _find_service(journal, entry, moment)
    expense = world.account_codes.get(service.debit if service else request.debit, "")
    if expense.startswith(RENTS_AND_TAXES + DAMAGES_AND_GRANTS):
        return False
    if expense.startswith(STAFF_TRAVEL) and world.account_codes.get(request.credit) == OWED_TO_STAFF:
        return False
    return world.cells.get(request.cell, Cell(0)).item in CONTRACT_ITEMS


def _find_term_end(journal: Journal, request: int, moment: int) -> int:
    """Return the last day of the term of ``request``, by the entries before ``moment``."""
    row = journal[request]
    received = row.received or (min(row.invoiced + RECEIPT_DAYS, row.day) if row.invoiced else row.day)
    service = _find_service(journal, request, moment)
    start = max(received, service.day if service and row.contract != "works_balance" else 0)
    end = start + TERM_DAYS
    notified, ended = row.suspension
    if notified and notified <= end and ended > start:
        return ended + max(TERM_DAYS, end - max(notified, start))
    return end


def _find_service(journal: Journal, request: int, moment: int) -> JournalRow | None:
    """Return the service that the last cent of ``request`` bills; None if it bills none."""
    if _kind(journal[request]).draws is not Remainder.UNBILLED:
        return None
    lines = {entry: row for entry, row in journal.items() if entry < moment}
    commitment = journal[request].predecessor
    requested = sum(
        _subtract_cancellations(lines, entry)
        for entry, row in lines.items()
        if row.predecessor == commitment and _kind(row).draws is Remainder.UNBILLED and entry <= request
    )
    certified = 0
    for entry, row in sorted(lines.items()):
        if row.predecessor == commitment and _kind(row).feeds is Remainder.UNBILLED:
            certified += _subtract_cancellations(lines, entry)
            if certified >= requested:
                return row
    return None


def _subtract_cancellations(lines: Journal, entry: int) -> int:
    cancellations = (row.amount for row in lines.values() if row.predecessor == entry and _kind(row).mirrors)
    return lines[entry].amount - sum(cancellations)


def _kind(row: JournalRow) -> ActKind:
    return CATALOG[row.kind]


def _is_part(row: JournalRow) -> bool:
    return _kind(row).is_part
