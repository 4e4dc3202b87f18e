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
from bench.year.budget_acts import BudgetActs
from bench.year.commitments import is_serviced
from bench.year.faults import CodeTexts
from bench.year.line_arrays import DAY_STEPS, EARLY, LineArrays, SpendingYear
from bench.year.payment_requests import RequestPlan, find_single_lines
from bench.year.spending_mixture import ACTS, CENTS, COMMITMENTS
from bench.year.spending_units import Codes
from core.catalog import Role

EARLY_REQUESTS = 20
"""Of 10,000: presented before what they follow, in the same file."""

_MONTH_OF_DAY = np.arange("2018-01-01", "2019-01-01", dtype="M8[D]").astype("M8[M]").astype(np.int64) % 12
_DRAWING_STEPS = 7


class Blocks(NamedTuple):
    """Rows of one table by month and sender: block ``b`` is ``order[starts[b] : starts[b + 1]]``."""

    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    def find_rows(self, block: int) -> NDArray[np.int64]:
        """Rows of one block, in order."""
        return self.order[self.starts[block] : self.starts[block + 1]]


class EarlyRequests(NamedTuple):
    """Requests presented before what they follow, and the place they take."""

    row: NDArray[np.int64]
    key: NDArray[np.uint16]


class YearSample(NamedTuple):
    """A year, drawn."""

    seed: int
    payees: int
    texts: CodeTexts
    spending: SpendingYear
    starts: NDArray[np.int64]
    changes: Changes
    budget: BudgetActs
    early: EarlyRequests
    commitment_blocks: Blocks
    service_blocks: Blocks
    change_blocks: Blocks

    @property
    def line_count(self) -> int:
        """Lines in all, third parties aside."""
        book, budget = self.spending, self.budget
        lines = (budget.opening, budget.redeployment, self.changes.lines)
        tables = (book.requests, book.commitments, book.services)
        return sum(len(each.day) for each in (*lines, *tables))


def draw_year(codes: Codes, size: tuple[int, int, int], payees: int) -> YearSample:
    """Draw a year of ``size`` (seed, payment request lines, senders)."""
    seed, acts, senders = size
    layout, behind, wrong, money, after, credit, order = (
        np.random.default_rng([seed, stage]) for stage in range(_DRAWING_STEPS)
    )
    units, tables = spending_units.choose_units(codes, acts, senders)
    plan = payment_requests.draw_requests(units, tables, acts, layout)
    commitments = year_commitments.group_requests(plan, (units, codes), COMMITMENTS * acts // ACTS, behind)
    faults.assign_faults(plan, commitments, wrong)
    payment_requests.set_payees_and_amounts(plan, payees, CENTS * acts // ACTS, money)
    faults.mark_over_sepa_limit(plan)
    services = year_commitments.certify_services(plan, commitments, behind)
    year_commitments.set_amounts(plan, commitments, services, behind)
    book = SpendingYear(units, plan.requests, plan.copies, commitments, services, _find_other_accounts(codes))
    changes = act_changes.draw_changes(book, after)
    given = budget_credits.compute_credits(book, changes, credit)
    opening = budget_acts.build_budget_acts(units, codes, given, acts)
    blocks = [
        _build_blocks(day, units.sender[unit], senders)
        for day, unit in (
            (commitments.day, commitments.unit),
            (services.day, commitments.unit[services.commitment]),
            (changes.lines.day, changes.unit),
        )
    ]
    early = _draw_early_requests(book, plan, order)
    return YearSample(
        seed, payees, CodeTexts.from_codes(codes), book, plan.starts, changes, opening, early, *blocks
    )


def _find_other_accounts(codes: Codes) -> NDArray[np.int32]:
    """For each commitment item, another account that it admits."""
    others = []
    for item in codes.items:
        own = codes.chart.role_accounts.get(item, {}).get(Role.EXPENSE, "")
        admitted = [account for account in codes.chart.accounts if codes.chart.is_admitted(item, account)]
        others.append(next((codes.accounts.index(account) for account in admitted if account != own), 0))
    return np.array(others, np.int32)


def _build_blocks(day: NDArray[np.int16], sender: NDArray[np.int32], senders: int) -> Blocks:
    block = (_MONTH_OF_DAY[day] * senders + sender).astype(np.uint16)
    starts = np.concatenate(([0], np.cumsum(np.bincount(block, minlength=12 * senders))))
    return Blocks(np.argsort(block, kind="stable"), starts)


def _draw_early_requests(book: SpendingYear, plan: RequestPlan, rng: np.random.Generator) -> EarlyRequests:
    """Requests to present ahead of their service or commitment, where both fall in one month."""
    requests, services = book.requests, book.services
    acts = len(requests.day)
    sound = requests.follows & (requests.fault == 0) & find_single_lines(requests.is_continuation)
    sound[plan.copies.row] = sound[plan.copies.source] = False
    drawn = np.unique(rng.integers(0, acts, max(40, 12 * EARLY_REQUESTS * acts // 10_000)))
    row = drawn[sound[drawn]]
    day = book.commitments.day[requests.commitment[row]]
    served = is_serviced(requests, row)
    day[served] = services.day[np.searchsorted(services.request, row[served])]
    same = (_MONTH_OF_DAY[day] == _MONTH_OF_DAY[requests.day[row]]).nonzero()[0]
    kept = np.sort(rng.permutation(same)[: max(1, EARLY_REQUESTS * acts // 10_000)])
    return EarlyRequests(row[kept], (day[kept].astype(np.int64) * DAY_STEPS + EARLY).astype(np.uint16))


def build_lines(drawing: YearSample, block: int) -> LineArrays:
    """The lines of one month and sender, in order of presentation."""
    book = drawing.spending
    start, end = (int(each) for each in drawing.starts[block : block + 2])
    requests = line_arrays.build_request_lines(
        book, start, end, np.random.default_rng([drawing.seed, _DRAWING_STEPS, block])
    )
    first, last = np.searchsorted(drawing.early.row, (start, end))
    requests.key[drawing.early.row[first:last] - start] = drawing.early.key[first:last]
    faults.apply_faults(requests, book.units, drawing.texts)
    lines = line_arrays.join_lines([
        line_arrays.build_commitment_lines(book.commitments, drawing.commitment_blocks.find_rows(block), book.units),
        line_arrays.build_service_lines(book.services, drawing.service_blocks.find_rows(block), book.commitments),
        requests,
        line_arrays.take_rows(drawing.changes.lines, drawing.change_blocks.find_rows(block)),
    ])  # fmt: skip
    return line_arrays.take_rows(lines, np.argsort(lines.key, kind="stable"))
