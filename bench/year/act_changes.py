"""What happens to acts afterwards: amended, cancelled, rejected; and what is tried in vain."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year import line_arrays
from bench.year.line_arrays import CANCELLATION, CHANGE, REJECTION, SERVICE, Book, Lines, blank, follow
from bench.year.payment_requests import single
from core.money import AMOUNT_MAX
from core.outcome_codes import Outcome

AMENDED = 30
"""Of 1,000 commitments; half raised, half lowered."""
CANCELLED = 3
"""Of 1,000 commitments: a service certified by mistake, then cancelled."""
REJECTED = 15
"""Of 1,000 requests."""
IN_VAIN = 1
"""Of 10,000 requests, for each way to undo what cannot be undone."""

VAST_MAX = 5
"""Commitments over the largest amount of a line: few, for in control sums they outweigh the year."""

LAST_DAY = 364


class Change(NamedTuple):
    """What the budget must know of changes: where, how much, when; a release is negative."""

    row: NDArray[np.int64]
    """Commitment or request."""
    amount: NDArray[np.int64]
    day: NDArray[np.int16]


class Changes(NamedTuple):
    """All lines beside commitments, services and requests, each with the unit that sends it."""

    lines: Lines
    unit: NDArray[np.int16]
    amended: Change
    """Of commitments."""
    rejected: Change
    """Of requests."""


def draw(book: Book, rng: np.random.Generator) -> Changes:
    """Changes of the year, and the attempts that must fail."""
    parts: list[tuple[Lines, NDArray[np.int16]]] = []
    amended, mistaken = _chosen_commitments(book, rng)
    parts += _amend(book, amended)
    parts += _mistake(book, mistaken, rng)
    rejected = _rejections(book, rng)
    parts += _reject(book, rejected, rng)
    parts += _cancel_billed(book, rejected, rng)
    parts += _exceed(book, rng)
    lines, units = zip(*parts, strict=True)
    return Changes(line_arrays.join(list(lines)), np.concatenate(units), amended, rejected)


def some(of: NDArray[np.int64], per: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int64]:
    """``per[0]`` in ``per[1]`` of the rows, at least one if there is any, in order."""
    count = min(len(of), max(1, len(of) * per[0] // per[1]))
    return np.sort(rng.choice(of, count, replace=False))


def _later(day: NDArray[np.int16], most: int, rng: np.random.Generator) -> NDArray[np.int16]:
    """Some days after, at the latest at the end of the year."""
    return np.minimum(day + rng.integers(1, most, len(day)), LAST_DAY).astype(np.int16)


def _chosen_commitments(book: Book, rng: np.random.Generator) -> tuple[Change, NDArray[np.int64]]:
    """The commitments amended, and others that see a service certified by mistake."""
    commitments = book.commitments
    spare = np.flatnonzero(commitments.spare > 0)
    rows = some(np.arange(len(commitments.unit)), (AMENDED, 2_000), rng)
    lowered = some(
        np.setdiff1d(spare, rows), (AMENDED * len(commitments.unit) // 2_000, max(1, len(spare))), rng
    )
    mistaken = some(np.setdiff1d(spare, lowered), (CANCELLED, 1_000), rng)
    amount = np.concatenate([
        1 + commitments.amount[rows] * rng.integers(10, 200, len(rows)) // 1_000,
        -(1 + commitments.spare[lowered] * rng.integers(100, 900, len(lowered)) // 1_001),
    ])  # fmt: skip
    rows = np.concatenate([rows, lowered])
    return Change(rows, amount, _later(commitments.day[rows], 60, rng)), mistaken


def _amend(book: Book, amended: Change) -> list[tuple[Lines, NDArray[np.int16]]]:
    names = [np.flatnonzero(amended.amount > 0), np.flatnonzero(amended.amount < 0)]
    parts = []
    for name, rows in zip(("commitment_increase", "commitment_decrease"), names, strict=True):
        lines = blank(len(rows), name, CHANGE, amended.day[rows])
        lines.number[:] = rows + 1
        follow(lines, book.commitments, amended.row[rows])
        lines.amount[:] = np.abs(amended.amount[rows])
        parts.append((lines, book.commitments.unit[amended.row[rows]]))
    return parts


def _mistake(
    book: Book, rows: NDArray[np.int64], rng: np.random.Generator
) -> list[tuple[Lines, NDArray[np.int16]]]:
    """A service that draws on what a commitment has to spare, and its cancellation."""
    commitments, unit = book.commitments, book.commitments.unit[rows]
    numbers = len(book.services.day) + 1 + np.arange(len(rows))
    service = blank(len(rows), "service", SERVICE, _later(commitments.day[rows], 40, rng))
    service.number[:] = numbers
    follow(service, commitments, rows)
    service.amount[:] = np.maximum(1, commitments.spare[rows] // 3)
    cancellation = blank(len(rows), "service_cancellation", CANCELLATION, _later(service.day, 10, rng))
    cancellation.number[:] = np.arange(len(rows)) + 1
    cancellation.previous[:] = numbers
    cancellation.previous_line[:] = 1
    cancellation.amount[:] = service.amount
    return [(service, unit), (cancellation, unit)]


def _rejections(book: Book, rng: np.random.Generator) -> Change:
    requests = book.requests
    rows = some(_sound(book), (REJECTED, 1_000), rng)
    return Change(rows, -requests.amount[rows], _later(requests.day[rows], 16, rng))


def _sound(book: Book) -> NDArray[np.int64]:
    """Requests of one line that nothing is wrong with and that repeat no other."""
    sound = single(book.requests.joined) & (book.requests.fault == 0)
    sound[book.copies.row] = False
    return np.flatnonzero(sound)


def _reject(book: Book, rejected: Change, rng: np.random.Generator) -> list[tuple[Lines, NDArray[np.int16]]]:
    """Rejections, and some of more than was requested."""
    rows = some(np.setdiff1d(_sound(book), rejected.row), (IN_VAIN, 10_000), rng)
    every = np.concatenate([rejected.row, rows])
    day = np.concatenate([rejected.day, _later(book.requests.day[rows], 16, rng)])
    lines = blank(len(every), "payment_request_rejection", REJECTION, day)
    lines.number[:] = np.arange(len(every)) + 1
    lines.previous[:] = every + 1
    lines.previous_line[:] = 1
    lines.amount[:] = book.requests.amount[every]
    lines.amount[len(rejected.row) :] += 100
    lines.fault[len(rejected.row) :] = Outcome.REVERSAL_EXCEEDS_ORIGINAL
    return [(lines, book.requests.unit[every])]


def _cancel_billed(
    book: Book, rejected: Change, rng: np.random.Generator
) -> list[tuple[Lines, NDArray[np.int16]]]:
    """Cancel services that were billed; alone on their commitment, so that no other service stands in."""
    requests, services = book.requests, book.services
    exact = services.amount == requests.amount[services.request]
    exact &= book.commitments.requests[services.commitment] == 1
    exact &= (requests.fault[services.request] == 0) & ~np.isin(services.request, rejected.row)
    rows = some(np.flatnonzero(exact), (IN_VAIN, 1_000), rng)
    lines = blank(
        len(rows), "service_cancellation", REJECTION, _later(requests.day[services.request[rows]], 20, rng)
    )
    lines.number[:] = len(book.commitments.unit) + 1 + np.arange(len(rows))
    lines.previous[:] = rows + 1
    lines.previous_line[:] = 1
    lines.amount[:] = services.amount[rows]
    lines.fault[:] = Outcome.SERVICE_ALREADY_BILLED
    return [(lines, requests.unit[services.request[rows]])]


def _exceed(book: Book, rng: np.random.Generator) -> list[tuple[Lines, NDArray[np.int16]]]:
    """Lower commitments by more than they hold, and engage more than any line may say."""
    commitments = book.commitments
    share = (IN_VAIN * len(book.requests.kind) // 10_000, len(commitments.unit))
    rows = some(np.arange(len(commitments.unit)), share, rng)
    lowered = blank(len(rows), "commitment_decrease", CHANGE, _later(commitments.day[rows], 60, rng))
    lowered.number[:] = len(commitments.unit) + 1 + np.arange(len(rows))
    follow(lowered, commitments, rows)
    lowered.amount[:] = commitments.amount[rows] * 3 + 100_000_000
    lowered.fault[:] = Outcome.COMMITMENT_EXCEEDED
    return [(lowered, commitments.unit[rows]), _vast(book, rows[:VAST_MAX])]


def _vast(book: Book, rows: NDArray[np.int64]) -> tuple[Lines, NDArray[np.int16]]:
    lines = line_arrays.of_commitments(book.commitments, rows, book.units)
    lines.number[:] = len(book.commitments.unit) + 1 + np.arange(len(rows))
    lines.line[:] = 1
    lines.amount[:] = 2 * AMOUNT_MAX
    lines.fault[:] = Outcome.AMOUNT_OVER_LIMIT
    return lines, book.commitments.unit[rows]
