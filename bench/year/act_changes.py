"""What happens to acts afterwards: amended, cancelled, rejected; and what is tried in vain."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year import line_arrays
from bench.year.line_arrays import (
    CANCELLATION,
    CHANGE,
    REJECTION,
    SERVICE,
    LineArrays,
    SpendingYear,
    create_lines,
    set_predecessors,
)
from bench.year.payment_requests import find_single_lines
from core.money import AMOUNT_MAX
from core.outcome_codes import Outcome

AMENDMENTS = 30
"""Of 1,000 commitments; half raised, half lowered."""
CANCELLATIONS = 3
"""Of 1,000 commitments: a service certified by mistake, then cancelled."""
REJECTIONS = 15
"""Of 1,000 requests."""
FAILED_CHANGES = 1
"""Of 10,000 requests, for each way to undo what cannot be undone."""

OVERSIZED_MAX = 5
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

    lines: LineArrays
    unit: NDArray[np.int16]
    amended: Change
    """Of commitments."""
    rejected: Change
    """Of requests."""


def draw_changes(book: SpendingYear, rng: np.random.Generator) -> Changes:
    """Changes of the year, and the attempts that must fail."""
    parts: list[tuple[LineArrays, NDArray[np.int16]]] = []
    amended, mistaken = _choose_commitments(book, rng)
    parts += _build_amendments(book, amended)
    parts += _build_mistaken_services(book, mistaken, rng)
    rejected = _draw_rejections(book, rng)
    parts += _build_rejections(book, rejected, rng)
    parts += _build_failed_cancellations(book, rejected, rng)
    parts += _build_excesses(book, rng)
    lines, units = zip(*parts, strict=True)
    return Changes(line_arrays.join_lines(list(lines)), np.concatenate(units), amended, rejected)


def draw_share(of: NDArray[np.int64], per: tuple[int, int], rng: np.random.Generator) -> NDArray[np.int64]:
    """``per[0]`` in ``per[1]`` of the rows, at least one if there is any, in order."""
    count = min(len(of), max(1, len(of) * per[0] // per[1]))
    return np.sort(rng.choice(of, count, replace=False))


def _draw_later_days(day: NDArray[np.int16], most: int, rng: np.random.Generator) -> NDArray[np.int16]:
    """Some days after, at the latest at the end of the year."""
    return np.minimum(day + rng.integers(1, most, len(day)), LAST_DAY).astype(np.int16)


def _choose_commitments(book: SpendingYear, rng: np.random.Generator) -> tuple[Change, NDArray[np.int64]]:
    """The commitments amended, and others that see a service certified by mistake."""
    commitments = book.commitments
    spare = np.flatnonzero(commitments.spare > 0)
    rows = draw_share(np.arange(len(commitments.unit)), (AMENDMENTS, 2_000), rng)
    lowered = draw_share(
        np.setdiff1d(spare, rows), (AMENDMENTS * len(commitments.unit) // 2_000, max(1, len(spare))), rng
    )
    mistaken = draw_share(np.setdiff1d(spare, lowered), (CANCELLATIONS, 1_000), rng)
    amount = np.concatenate([
        1 + commitments.amount[rows] * rng.integers(10, 200, len(rows)) // 1_000,
        -(1 + commitments.spare[lowered] * rng.integers(100, 900, len(lowered)) // 1_001),
    ])  # fmt: skip
    rows = np.concatenate([rows, lowered])
    return Change(rows, amount, _draw_later_days(commitments.day[rows], 60, rng)), mistaken


def _build_amendments(book: SpendingYear, amended: Change) -> list[tuple[LineArrays, NDArray[np.int16]]]:
    names = [np.flatnonzero(amended.amount > 0), np.flatnonzero(amended.amount < 0)]
    parts = []
    for name, rows in zip(("commitment_increase", "commitment_decrease"), names, strict=True):
        lines = create_lines(len(rows), name, CHANGE, amended.day[rows])
        lines.number[:] = rows + 1
        set_predecessors(lines, book.commitments, amended.row[rows])
        lines.amount[:] = np.abs(amended.amount[rows])
        parts.append((lines, book.commitments.unit[amended.row[rows]]))
    return parts


def _build_mistaken_services(
    book: SpendingYear, rows: NDArray[np.int64], rng: np.random.Generator
) -> list[tuple[LineArrays, NDArray[np.int16]]]:
    """A service that draws on what a commitment has to spare, and its cancellation."""
    commitments, unit = book.commitments, book.commitments.unit[rows]
    numbers = len(book.services.day) + 1 + np.arange(len(rows))
    service = create_lines(len(rows), "service", SERVICE, _draw_later_days(commitments.day[rows], 40, rng))
    service.number[:] = numbers
    set_predecessors(service, commitments, rows)
    service.amount[:] = np.maximum(1, commitments.spare[rows] // 3)
    cancellation = create_lines(
        len(rows), "service_cancellation", CANCELLATION, _draw_later_days(service.day, 10, rng)
    )
    cancellation.number[:] = np.arange(len(rows)) + 1
    cancellation.previous[:] = numbers
    cancellation.previous_line[:] = 1
    cancellation.amount[:] = service.amount
    return [(service, unit), (cancellation, unit)]


def _draw_rejections(book: SpendingYear, rng: np.random.Generator) -> Change:
    requests = book.requests
    rows = draw_share(_find_sound_requests(book), (REJECTIONS, 1_000), rng)
    return Change(rows, -requests.amount[rows], _draw_later_days(requests.day[rows], 16, rng))


def _find_sound_requests(book: SpendingYear) -> NDArray[np.int64]:
    """Requests of one line that nothing is wrong with and that repeat no other."""
    sound = find_single_lines(book.requests.is_continuation) & (book.requests.fault == 0)
    sound[book.copies.row] = False
    return np.flatnonzero(sound)


def _build_rejections(
    book: SpendingYear, rejected: Change, rng: np.random.Generator
) -> list[tuple[LineArrays, NDArray[np.int16]]]:
    """Rejections, and some of more than was requested."""
    rows = draw_share(np.setdiff1d(_find_sound_requests(book), rejected.row), (FAILED_CHANGES, 10_000), rng)
    every = np.concatenate([rejected.row, rows])
    day = np.concatenate([rejected.day, _draw_later_days(book.requests.day[rows], 16, rng)])
    lines = create_lines(len(every), "payment_request_rejection", REJECTION, day)
    lines.number[:] = np.arange(len(every)) + 1
    lines.previous[:] = every + 1
    lines.previous_line[:] = 1
    lines.amount[:] = book.requests.amount[every]
    lines.amount[len(rejected.row) :] += 100
    lines.fault[len(rejected.row) :] = Outcome.REVERSAL_EXCEEDS_ORIGINAL
    return [(lines, book.requests.unit[every])]


def _build_failed_cancellations(
    book: SpendingYear, rejected: Change, rng: np.random.Generator
) -> list[tuple[LineArrays, NDArray[np.int16]]]:
    """Cancel services that were billed; alone on their commitment, so that no other service stands in."""
    requests, services = book.requests, book.services
    exact = services.amount == requests.amount[services.request]
    exact &= book.commitments.requests[services.commitment] == 1
    exact &= (requests.fault[services.request] == 0) & ~np.isin(services.request, rejected.row)
    rows = draw_share(np.flatnonzero(exact), (FAILED_CHANGES, 1_000), rng)
    lines = create_lines(
        len(rows),
        "service_cancellation",
        REJECTION,
        _draw_later_days(requests.day[services.request[rows]], 20, rng),
    )
    lines.number[:] = len(book.commitments.unit) + 1 + np.arange(len(rows))
    lines.previous[:] = rows + 1
    lines.previous_line[:] = 1
    lines.amount[:] = services.amount[rows]
    lines.fault[:] = Outcome.SERVICE_ALREADY_BILLED
    return [(lines, requests.unit[services.request[rows]])]


def _build_excesses(
    book: SpendingYear, rng: np.random.Generator
) -> list[tuple[LineArrays, NDArray[np.int16]]]:
    """Lower commitments by more than they hold, and engage more than any line may say."""
    commitments = book.commitments
    share = (FAILED_CHANGES * len(book.requests.kind) // 10_000, len(commitments.unit))
    rows = draw_share(np.arange(len(commitments.unit)), share, rng)
    lowered = create_lines(
        len(rows), "commitment_decrease", CHANGE, _draw_later_days(commitments.day[rows], 60, rng)
    )
    lowered.number[:] = len(commitments.unit) + 1 + np.arange(len(rows))
    set_predecessors(lowered, commitments, rows)
    lowered.amount[:] = commitments.amount[rows] * 3 + 100_000_000
    lowered.fault[:] = Outcome.COMMITMENT_EXCEEDED
    return [(lowered, commitments.unit[rows]), _build_oversized_commitments(book, rows[:OVERSIZED_MAX])]


def _build_oversized_commitments(
    book: SpendingYear, rows: NDArray[np.int64]
) -> tuple[LineArrays, NDArray[np.int16]]:
    lines = line_arrays.build_commitment_lines(book.commitments, rows, book.units)
    lines.number[:] = len(book.commitments.unit) + 1 + np.arange(len(rows))
    lines.line[:] = 1
    lines.amount[:] = 2 * AMOUNT_MAX
    lines.fault[:] = Outcome.AMOUNT_OVER_LIMIT
    return lines, book.commitments.unit[rows]
