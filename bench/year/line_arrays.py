"""Lines of acts in numbers, as they will stand in a file: one row per line, 0 where nothing stands."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.commitments import Commitments, Services, is_serviced
from bench.year.payment_requests import Copies, Requests, compute_presented_amounts
from bench.year.spending_units import OWN_FUND, Units
from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome

DAY_STEPS = 8
EARLY, COMMITMENT, CHANGE, SERVICE, REQUEST, CANCELLATION, REJECTION = range(7)
"""Order of presentation within a day."""

REPEATS_PERCENT = 8
"""Followers that state again what they are charged to, though they would inherit it."""
ACCOUNT_PERCENT = 2
"""Direct requests that name an account in place of their item's own."""
IBAN_PERCENT = 1

ORDINARY = 1
"""Number of the ordinary fund."""


class LineArrays(NamedTuple):
    """Codes are numbered from 1 as in ``Codes``; a payee is its number + 1."""

    key: NDArray[np.uint16]
    """Day and stage: the order in the file."""
    kind: NDArray[np.uint8]
    day: NDArray[np.int16]
    number: NDArray[np.int32]
    """Of the act among those of its family: its reference."""
    line: NDArray[np.int32]
    centre: NDArray[np.int32]
    area: NDArray[np.int32]
    item: NDArray[np.int32]
    fund: NDArray[np.int32]
    operation: NDArray[np.int32]
    account: NDArray[np.int32]
    source: NDArray[np.int32]
    """Fund centre a move takes from; ``source_item`` likewise."""
    source_item: NDArray[np.int32]
    payee: NDArray[np.int32]
    bank: NDArray[np.uint8]
    """Which IBAN is stated, a ``Bank``."""
    previous: NDArray[np.int32]
    """Number of the act it follows, and its line."""
    previous_line: NDArray[np.int32]
    amount: NDArray[np.int64]
    fault: NDArray[np.uint8]
    label: NDArray[np.uint8]
    """Class of a request + 1: what its remittance text begins with."""


NO_IBAN, OWN_IBAN, OTHER_IBAN, INVALID_IBAN = range(4)
"""Values of ``Lines.bank``: no IBAN, the payee's, another payee's, one that does not hold."""


def create_lines(rows: int, kind: str | NDArray[np.uint8], stage: int, day: NDArray[np.int16]) -> LineArrays:
    """Lines that say nothing but their kind and day."""
    types = {
        "key": "u2",
        "kind": "u1",
        "day": "i2",
        "bank": "u1",
        "amount": "i8",
        "fault": "u1",
        "label": "u1",
    }
    lines = LineArrays._make(np.zeros(rows, types.get(name, "i4")) for name in LineArrays._fields)
    lines.kind[:] = KIND_NUMBERS[kind] if isinstance(kind, str) else kind
    lines.day[:] = day
    lines.key[:] = day.astype(np.int64) * DAY_STEPS + stage
    lines.line[:] = 1
    return lines


def join_lines(parts: list[LineArrays]) -> LineArrays:
    """All lines of ``parts``."""
    return LineArrays._make(map(np.concatenate, zip(*parts, strict=True)))


def take_rows(lines: LineArrays, rows: NDArray[np.integer] | slice) -> LineArrays:
    """The chosen lines."""
    return LineArrays._make(column[rows] for column in lines)


def build_commitment_lines(commitments: Commitments, rows: NDArray[np.integer], units: Units) -> LineArrays:
    """Commitment lines, fully assigned."""
    lines = create_lines(len(rows), "commitment", COMMITMENT, commitments.day[rows])
    lines.number[:] = commitments.act[rows] + 1
    lines.line[:] = rows - commitments.act[rows] + 1
    _set_assignment(lines, commitments, rows, units)
    lines.operation[:] = commitments.operation[rows]
    lines.amount[:] = commitments.amount[rows]
    return lines


def _set_assignment(
    lines: LineArrays, charged: Commitments | Requests, rows: NDArray[np.integer], units: Units
) -> None:
    """Say what the lines are charged to."""
    lines.centre[:] = units.centre[charged.unit[rows]]
    lines.area[:] = charged.area[rows]
    lines.item[:] = charged.item[rows]
    own = charged.sheet[rows] == OWN_FUND
    lines.fund[:] = np.where(own, units.fund[charged.unit[rows]], ORDINARY)


def build_service_lines(
    services: Services, rows: NDArray[np.integer], commitments: Commitments
) -> LineArrays:
    """Services, which inherit all from their commitment."""
    lines = create_lines(len(rows), "service", SERVICE, services.day[rows])
    lines.number[:] = rows + 1
    set_predecessors(lines, commitments, services.commitment[rows])
    lines.amount[:] = services.amount[rows]
    return lines


def set_predecessors(lines: LineArrays, commitments: Commitments, on: NDArray[np.integer]) -> None:
    """Name commitment lines as predecessors."""
    lines.previous[:] = commitments.act[on] + 1
    lines.previous_line[:] = on - commitments.act[on] + 1


class SpendingYear(NamedTuple):
    """All that was drawn of the chain: requests with their copies, and what stands behind them."""

    units: Units
    requests: Requests
    copies: Copies
    commitments: Commitments
    services: Services
    other_account: NDArray[np.int32]
    """For each commitment item, an account it admits beside its own; 0 if none."""


def build_request_lines(book: SpendingYear, start: int, end: int, rng: np.random.Generator) -> LineArrays:
    """The requests of rows ``start`` to ``end``, one block; those that repeat another say what it said."""
    requests = book.requests
    lines = create_lines(
        end - start, _find_kinds(requests, slice(start, end)), REQUEST, requests.day[start:end]
    )
    rows = np.arange(start, end)
    head = np.maximum.accumulate(np.where(requests.is_continuation[start:end], 0, rows))
    lines.number[:] = head + 1
    lines.line[:] = rows - head + 1
    lines.payee[:] = requests.payee[start:end] + 1
    lines.amount[:] = compute_presented_amounts(requests, slice(start, end))
    lines.fault[:] = requests.fault[start:end]
    lines.label[:] = requests.kind[start:end] + 1
    _fill_assignments(lines, book, rows, rng)
    _copy_sources(lines, book.copies, start, end)
    return lines


def _find_kinds(requests: Requests, rows: slice) -> NDArray[np.uint8]:
    names = ("direct_payment_request", "payment_request_without_service", "payment_request")
    numbers = np.array([KIND_NUMBERS[name] for name in names], np.uint8)
    return numbers[requests.follows[rows].astype(np.uint8) + is_serviced(requests, rows)]


def _fill_assignments(
    lines: LineArrays, book: SpendingYear, rows: NDArray[np.int64], rng: np.random.Generator
) -> None:
    """Direct requests say what they are charged to; the others name their commitment and mostly no more."""
    requests, commitments = book.requests, book.commitments
    percent = rng.integers(0, 100, len(rows), np.uint8)
    follows = requests.follows[rows]
    _set_assignment(lines, requests, rows, book.units)
    on = requests.commitment[rows[follows]]
    lines.operation[follows] = commitments.operation[on]
    lines.previous[follows] = commitments.act[on] + 1
    lines.previous_line[follows] = on - commitments.act[on] + 1
    silent = follows & (percent >= REPEATS_PERCENT) & (requests.fault[rows] != Outcome.ASSIGNMENT_DIFFERS)
    for column in (lines.centre, lines.area, lines.item, lines.fund, lines.operation):
        column[silent] = 0
    named = ~follows & (percent < ACCOUNT_PERCENT)
    lines.account[named] = book.other_account[lines.item[named]]
    lines.bank[rng.integers(0, 100, len(rows), np.uint8) < IBAN_PERCENT] = OWN_IBAN


def _copy_sources(lines: LineArrays, copies: Copies, start: int, end: int) -> None:
    """Put the words of the first act in those that repeat it; a conflict keeps its own amount."""
    first, last = np.searchsorted(copies.row, (start, end))
    row, source = copies.row[first:last] - start, copies.source[first:last] - start
    for name in set(LineArrays._fields) - {"key"}:
        column = getattr(lines, name)
        column[row] = column[source]
    lines.amount[row] += np.where(copies.differs[first:last], 100, 0)
