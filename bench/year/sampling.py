"""Draw a whole year in memory, and give its lines file by file."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year import (
    act_changes,
    budget_acts,
    budget_credits,
    faults,
    line_arrays,
    payment_requests,
    spending_units,
)
from bench.year import commitments as year_commitments
from bench.year.act_changes import Changes
from bench.year.budget_acts import Budget
from bench.year.commitments import is_serviced
from bench.year.faults import Texts
from bench.year.line_arrays import EARLY, STAGES, Book, Lines
from bench.year.payment_requests import Plan, single
from bench.year.spending_mixture import ACTS, CENTS, COMMITMENTS
from bench.year.spending_units import Codes
from core.catalog import Role

EARLY_REQUESTS = 20
"""Of 10,000: presented before what they follow, in the same file."""

_MONTH_OF_DAY = np.arange("2018-01-01", "2019-01-01", dtype="M8[D]").astype("M8[M]").astype(np.int64) % 12
_STAGES_OF_DRAWING = 7


class Blocks(NamedTuple):
    """Rows of one table by month and sender: block ``b`` is ``order[starts[b] : starts[b + 1]]``."""

    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    def rows(self, block: int) -> NDArray[np.int64]:
        """Rows of one block, in order."""
        return self.order[self.starts[block] : self.starts[block + 1]]


class Early(NamedTuple):
    """Requests presented before what they follow, and the place they take."""

    row: NDArray[np.int64]
    key: NDArray[np.uint16]


class Drawing(NamedTuple):
    """A year, drawn."""

    seed: int
    payees: int
    texts: Texts
    book: Book
    starts: NDArray[np.int64]
    changes: Changes
    budget: Budget
    early: Early
    commitments: Blocks
    services: Blocks
    changed: Blocks

    @property
    def rows(self) -> int:
        """Lines in all, third parties aside."""
        book, budget = self.book, self.budget
        lines = (budget.opening, budget.redeployment, self.changes.lines)
        tables = (book.requests, book.commitments, book.services)
        return sum(len(each.day) for each in (*lines, *tables))


def draw(codes: Codes, size: tuple[int, int, int], payees: int) -> Drawing:
    """Draw a year of ``size`` (seed, payment request lines, senders)."""
    seed, acts, senders = size
    layout, behind, wrong, money, after, credit, order = (
        np.random.default_rng([seed, stage]) for stage in range(_STAGES_OF_DRAWING)
    )
    units, tables = spending_units.choose(codes, acts, senders)
    plan = payment_requests.draw(units, tables, acts, layout)
    commitments = year_commitments.group(plan, (units, codes), COMMITMENTS * acts // ACTS, behind)
    faults.spread(plan, commitments, wrong)
    payment_requests.settle(plan, payees, CENTS * acts // ACTS, money)
    faults.mark_large(plan)
    services = year_commitments.certify(plan, commitments, behind)
    year_commitments.engage(plan, commitments, services, behind)
    book = Book(units, plan.requests, plan.copies, commitments, services, _other_accounts(codes))
    changes = act_changes.draw(book, after)
    given = budget_credits.settle(book, changes, credit)
    opening = budget_acts.draw(units, codes, given, acts)
    blocks = [
        _blocks(day, units.sender[unit], senders)
        for day, unit in (
            (commitments.day, commitments.unit),
            (services.day, commitments.unit[services.commitment]),
            (changes.lines.day, changes.unit),
        )
    ]
    early = _early(book, plan, order)
    return Drawing(seed, payees, Texts.of(codes), book, plan.starts, changes, opening, early, *blocks)


def _other_accounts(codes: Codes) -> NDArray[np.int32]:
    """For each commitment item, another account that it admits."""
    others = []
    for item in codes.items:
        own = codes.chart.roles.get(item, {}).get(Role.EXPENSE, "")
        admitted = [account for account in codes.chart.accounts if codes.chart.admits(item, account)]
        others.append(next((codes.accounts.index(account) for account in admitted if account != own), 0))
    return np.array(others, np.int32)


def _blocks(day: NDArray[np.int16], sender: NDArray[np.int32], senders: int) -> Blocks:
    block = (_MONTH_OF_DAY[day] * senders + sender).astype(np.uint16)
    starts = np.concatenate(([0], np.cumsum(np.bincount(block, minlength=12 * senders))))
    return Blocks(np.argsort(block, kind="stable"), starts)


def _early(book: Book, plan: Plan, rng: np.random.Generator) -> Early:
    """Requests to present ahead of their service or commitment, where both fall in one month."""
    requests, services = book.requests, book.services
    acts = len(requests.day)
    sound = requests.follows & (requests.fault == 0) & single(requests.joined)
    sound[plan.copies.row] = sound[plan.copies.source] = False
    drawn = np.unique(rng.integers(0, acts, max(40, 12 * EARLY_REQUESTS * acts // 10_000)))
    row = drawn[sound[drawn]]
    day = book.commitments.day[requests.commitment[row]]
    served = is_serviced(requests, row)
    day[served] = services.day[np.searchsorted(services.request, row[served])]
    same = (_MONTH_OF_DAY[day] == _MONTH_OF_DAY[requests.day[row]]).nonzero()[0]
    kept = np.sort(rng.permutation(same)[: max(1, EARLY_REQUESTS * acts // 10_000)])
    return Early(row[kept], (day[kept].astype(np.int64) * STAGES + EARLY).astype(np.uint16))


def lines_of(drawing: Drawing, block: int) -> Lines:
    """The lines of one month and sender, in order of presentation."""
    book = drawing.book
    start, end = (int(each) for each in drawing.starts[block : block + 2])
    requests = line_arrays.of_requests(
        book, start, end, np.random.default_rng([drawing.seed, _STAGES_OF_DRAWING, block])
    )
    first, last = np.searchsorted(drawing.early.row, (start, end))
    requests.key[drawing.early.row[first:last] - start] = drawing.early.key[first:last]
    faults.disfigure(requests, book.units, drawing.texts)
    lines = line_arrays.join([
        line_arrays.of_commitments(book.commitments, drawing.commitments.rows(block), book.units),
        line_arrays.of_services(book.services, drawing.services.rows(block), book.commitments),
        requests,
        line_arrays.take(drawing.changes.lines, drawing.changed.rows(block)),
    ])  # fmt: skip
    return line_arrays.take(lines, np.argsort(lines.key, kind="stable"))
