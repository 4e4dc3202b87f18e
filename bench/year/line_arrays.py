"""Lines of acts in numbers, in the order of their file: one row per line, 0 for an empty value."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.commitments import Commitments, Services, is_serviced
from bench.year.expense_accounts import ExpenseAccounts
from bench.year.payment_requests import Copies, Repeats, Requests, compute_presented_amounts
from bench.year.spending_units import OWN_FUND, Units
from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome

DAY_STEPS = 8
EARLY, COMMITMENT, CHANGE, SERVICE, REQUEST, CANCELLATION, REJECTION = range(7)
"""The order of presentation within a day."""

REPEATS_PERCENT = 8
"""Following requests that repeat the assignment they would inherit."""
IBAN_PERCENT = 1

ORDINARY = 1
"""The number of the ordinary fund."""


class LineArrays(NamedTuple):
    """Lines as columns of numbers: codes are numbered from 1 as in ``Codes``; a payee is its number + 1."""

    key: NDArray[np.uint16]
    """Day and step within the day: the order in the file."""
    kind: NDArray[np.uint8]
    day: NDArray[np.int16]
    number: NDArray[np.int32]
    """The number of the act within its family, which gives its reference."""
    line: NDArray[np.int32]
    centre: NDArray[np.int32]
    area: NDArray[np.int32]
    item: NDArray[np.int32]
    fund: NDArray[np.int32]
    operation: NDArray[np.int32]
    account: NDArray[np.int32]
    source: NDArray[np.int32]
    """The fund centre that a move takes from, with ``source_item``."""
    source_item: NDArray[np.int32]
    payee: NDArray[np.int32]
    bank: NDArray[np.uint8]
    """The IBAN of the line: ``NO_IBAN``, ``OWN_IBAN``, ``OTHER_IBAN`` or ``INVALID_IBAN``."""
    previous: NDArray[np.int32]
    """The number of the act it follows, and its line."""
    previous_line: NDArray[np.int32]
    amount: NDArray[np.int64]
    fault: NDArray[np.uint8]
    label: NDArray[np.uint8]
    """The class of a request + 1, which gives the prefix of its remittance text."""
    invoice: NDArray[np.int32]
    """The number of the invoice; 0 without one."""
    nature: NDArray[np.uint8]
    """The place in ``faults.NATURES`` of what is paid before service, for items that need one."""
    invoice_day: NDArray[np.int16]
    """The day of the invoice, from ``INVOICE_DAY_MIN`` on."""
    in_advance: NDArray[np.uint8]
    """1 if it takes AE of the next year, for a service from its first day on."""


INVOICE_DAY_MIN = -45
"""An invoice is at most so many days older than its request."""
INVOICE_SPREAD = 7_919
"""A prime that scatters the ages of invoices."""

NO_IBAN, OWN_IBAN, OTHER_IBAN, INVALID_IBAN = range(4)
"""Values of ``LineArrays.bank``: no IBAN, the payee's, another payee's, one with a wrong check digit."""


def create_lines(
    rows: int, kind: str | NDArray[np.uint8], step: int, *, day: NDArray[np.int16]
) -> LineArrays:
    """Create lines that have only a kind and a day."""
    types = {
        "key": "u2",
        "kind": "u1",
        "day": "i2",
        "bank": "u1",
        "amount": "i8",
        "fault": "u1",
        "label": "u1",
        "invoice_day": "i2",
        "nature": "u1",
        "in_advance": "u1",
    }
    lines = LineArrays._make(np.zeros(rows, types.get(name, "i4")) for name in LineArrays._fields)
    lines.kind[:] = KIND_NUMBERS[kind] if isinstance(kind, str) else kind
    lines.day[:] = day
    lines.key[:] = day.astype(np.int64) * DAY_STEPS + step
    lines.line[:] = 1
    return lines


def set_days(lines: LineArrays, day: NDArray[np.int16]) -> None:
    """Give lines another day, at the same step of it."""
    lines.key[:] = lines.key % DAY_STEPS + day.astype(np.int64) * DAY_STEPS
    lines.day[:] = day


def join_lines(parts: list[LineArrays]) -> LineArrays:
    """Join the lines of all parts."""
    return LineArrays._make(map(np.concatenate, zip(*parts, strict=True)))


def take_rows(lines: LineArrays, rows: NDArray[np.integer] | slice) -> LineArrays:
    """Return the lines of some rows."""
    return LineArrays._make(column[rows] for column in lines)


def build_commitment_lines(commitments: Commitments, rows: NDArray[np.integer], units: Units) -> LineArrays:
    """Build commitment lines with their full assignments."""
    lines = create_lines(len(rows), "commitment", COMMITMENT, day=commitments.day[rows])
    lines.number[:] = commitments.act[rows] + 1
    lines.line[:] = rows - commitments.act[rows] + 1
    _set_assignment(lines, commitments, rows, units=units)
    lines.operation[:] = commitments.operation[rows]
    lines.amount[:] = commitments.amount[rows]
    return lines


def _set_assignment(
    lines: LineArrays, charged: Commitments | Requests, rows: NDArray[np.integer], *, units: Units
) -> None:
    """Set the assignments of the lines."""
    lines.centre[:] = units.centre[charged.unit[rows]]
    lines.area[:] = charged.area[rows]
    lines.item[:] = charged.item[rows]
    is_own_fund = charged.sheet[rows] == OWN_FUND
    lines.fund[:] = np.where(is_own_fund, units.fund[charged.unit[rows]], ORDINARY)


def set_predecessors(lines: LineArrays, commitments: Commitments, predecessor: NDArray[np.integer]) -> None:
    """Set commitment lines as predecessors."""
    lines.previous[:] = commitments.act[predecessor] + 1
    lines.previous_line[:] = predecessor - commitments.act[predecessor] + 1


class SpendingYear(NamedTuple):
    """The spending of a year: units, requests with their copies, and the commitments and services behind them."""

    units: Units
    requests: Requests
    copies: Copies
    commitments: Commitments
    services: Services
    repeats: Repeats
    natures: NDArray[np.uint8]
    """For each commitment item the nature of what is paid before service; 0 if it needs none."""
    staff_item: int
    """The commitment item of pay."""
    accounts: ExpenseAccounts
    commitment_account: NDArray[np.int32]
    """The expense account of each commitment."""


def build_service_lines(spending: SpendingYear, rows: NDArray[np.integer]) -> LineArrays:
    """Build service lines, which inherit everything from their commitment but the account that they charge."""
    services, commitment = spending.services, spending.services.commitment[rows]
    lines = create_lines(len(rows), "service", SERVICE, day=services.day[rows])
    lines.number[:] = rows + 1
    set_predecessors(lines, spending.commitments, commitment)
    lines.amount[:] = services.amount[rows]
    lines.account[:] = spending.commitment_account[commitment]
    return lines


def build_request_lines(
    spending: SpendingYear, start: int, end: int, *, rng: np.random.Generator
) -> LineArrays:
    """Build the requests of one block, rows ``start`` to ``end``; copies get the content of their source."""
    requests = spending.requests
    lines = create_lines(
        end - start, _find_kinds(requests, slice(start, end)), REQUEST, day=requests.day[start:end]
    )
    rows = np.arange(start, end)
    head = np.maximum.accumulate(np.where(requests.is_continuation[start:end], 0, rows))
    lines.number[:] = head + 1
    lines.line[:] = rows - head + 1
    lines.payee[:] = requests.payee[start:end] + 1
    lines.amount[:] = compute_presented_amounts(requests, slice(start, end))
    lines.fault[:] = requests.fault[start:end]
    lines.label[:] = requests.kind[start:end] + 1
    _fill_invoices(lines, spending, rows)
    _fill_assignments(lines, spending, rows, rng=rng)
    _copy_sources(lines, spending.copies, start, end=end)
    return lines


def _fill_invoices(lines: LineArrays, spending: SpendingYear, rows: NDArray[np.int64]) -> None:
    """Give the requests that bill a service the number and day of an invoice; some repeat an earlier one."""
    repeats = spending.repeats
    lines.invoice[:] = np.where(is_serviced(spending.requests, rows), lines.number, 0)
    first, last = np.searchsorted(repeats.row, (rows[0], rows[-1] + 1)) if len(rows) else (0, 0)
    place, source = repeats.row[first:last] - rows[:1].sum(), repeats.source[first:last]
    lines.invoice[place], lines.payee[place] = source + 1, spending.requests.payee[source] + 1
    day = lines.day.copy()
    day[place] = spending.requests.day[source]
    age = (lines.invoice.astype(np.int64) * INVOICE_SPREAD % -INVOICE_DAY_MIN).astype(np.int16)
    lines.invoice_day[:] = np.where(lines.invoice > 0, day - age, 0)


def _find_kinds(requests: Requests, rows: slice) -> NDArray[np.uint8]:
    names = ("direct_payment_request", "payment_request_without_service", "payment_request")
    numbers = np.array([KIND_NUMBERS[name] for name in names], np.uint8)
    return numbers[requests.follows[rows].astype(np.uint8) + is_serviced(requests, rows)]


def _fill_assignments(
    lines: LineArrays, spending: SpendingYear, rows: NDArray[np.int64], *, rng: np.random.Generator
) -> None:
    """Give direct requests their assignments; the others get their commitment and mostly no assignment."""
    requests, commitments = spending.requests, spending.commitments
    percent = rng.integers(0, 100, len(rows), np.uint8)
    follows = requests.follows[rows]
    is_unserviced = follows & ~is_serviced(requests, rows)
    lines.nature[:] = np.where(is_unserviced, spending.natures[requests.item[rows]], 0)
    _set_assignment(lines, requests, rows, units=spending.units)
    commitment = requests.commitment[rows[follows]]
    lines.operation[follows] = commitments.operation[commitment]
    lines.previous[follows] = commitments.act[commitment] + 1
    lines.previous_line[follows] = commitment - commitments.act[commitment] + 1
    is_silent = follows & (percent >= REPEATS_PERCENT) & (requests.fault[rows] != Outcome.ASSIGNMENT_DIFFERS)
    for column in (lines.centre, lines.area, lines.item, lines.fund, lines.operation):
        column[is_silent] = 0
    direct = rows[~follows]
    lines.account[~follows] = spending.accounts.draw_accounts(
        requests, direct, before_service=np.zeros(len(direct), bool)
    )
    lines.account[is_unserviced] = spending.commitment_account[requests.commitment[rows[is_unserviced]]]
    lines.bank[rng.integers(0, 100, len(rows), np.uint8) < IBAN_PERCENT] = OWN_IBAN


def _copy_sources(lines: LineArrays, copies: Copies, start: int, *, end: int) -> None:
    """Copy the content of the sources to their copies; the amount of a conflict differs."""
    first, last = np.searchsorted(copies.row, (start, end))
    row, source = copies.row[first:last] - start, copies.source[first:last] - start
    for name in set(LineArrays._fields) - {"key"}:
        column = getattr(lines, name)
        column[row] = column[source]
    lines.amount[row] += np.where(copies.differs[first:last], 100, 0)
