"""Draw a whole year in memory, and build its lines file by file."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year import (
    act_changes,
    anticipations,
    bill_cells,
    budget_acts,
    budget_credits,
    faults,
    line_arrays,
    payment_requests,
    payroll,
    request_amounts,
    spending_units,
)
from bench.year import commitments as year_commitments
from bench.year.act_changes import Changes
from bench.year.bill_cells import BillCells
from bench.year.budget_acts import BudgetActs
from bench.year.commitments import Programmes, is_serviced
from bench.year.expense_accounts import draw_commitment_accounts, load_accounts
from bench.year.faults import CodeTexts
from bench.year.line_arrays import DAY_STEPS, EARLY, LineArrays, SpendingYear
from bench.year.payment_requests import RequestPlan, find_single_lines
from bench.year.request_amounts import PaidCells
from bench.year.spending_mixture import ACTS, CENTS, COMMITMENTS
from bench.year.spending_units import Codes

EARLY_REQUESTS = 20
"""Of 10,000 requests: presented before the act they follow, in the same file."""

_MONTH_OF_DAY = np.arange("2018-01-01", "2019-01-01", dtype="M8[D]").astype("M8[M]").astype(np.int64) % 12
_DECEMBER = 334
_PAY = "21"
_DRAWING_STEPS = 7


class Blocks(NamedTuple):
    """The rows of a table by month and sender: block ``b`` is ``order[starts[b] : starts[b + 1]]``."""

    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    def find_rows(self, block: int) -> NDArray[np.int64]:
        """Return the rows of one block, in order."""
        return self.order[self.starts[block] : self.starts[block + 1]]


class EarlyRequests(NamedTuple):
    """Requests presented before the act they follow, with their keys in the order of the file."""

    row: NDArray[np.int64]
    key: NDArray[np.uint16]


class YearSample(NamedTuple):
    """A drawn year."""

    seed: int
    payees: int
    texts: CodeTexts
    cells: BillCells
    paid_cells: PaidCells
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
        """The number of lines, without third parties."""
        spending, budget = self.spending, self.budget
        lines = (budget.opening, budget.redeployment, self.changes.lines)
        tables = (spending.requests, spending.commitments, spending.services)
        return sum(len(table.day) for table in (*lines, *tables))


class _Generators(NamedTuple):
    """A random number generator for each step of the drawing."""

    requests: np.random.Generator
    commitments: np.random.Generator
    faults: np.random.Generator
    amounts: np.random.Generator
    changes: np.random.Generator
    credits: np.random.Generator
    early: np.random.Generator

    @classmethod
    def from_seed(cls, seed: int) -> "_Generators":
        return cls._make(np.random.default_rng([seed, step]) for step in range(_DRAWING_STEPS))


def draw_year(
    codes: Codes, *, seed: int, acts: int, senders: int, payees: int, anticipates: bool = True
) -> YearSample:
    """Draw a year of ``acts`` payment request lines, with commitments of the next year if it ``anticipates``."""
    rng, cents = _Generators.from_seed(seed), CENTS * acts // ACTS
    cells = bill_cells.build_cells(codes.nomenclature)
    units, tables = spending_units.choose_units(codes, cells, acts, senders=senders)
    plan = payment_requests.draw_requests(units, cells, tables, acts=acts, rng=rng.requests)
    commitments = year_commitments.group_requests(
        plan, units, cells, count=COMMITMENTS * acts // ACTS, rng=rng.commitments
    )
    natures = _list_natures(codes)
    faults.assign_faults(plan, commitments, units, natures=natures, rng=rng.faults)
    faults.mark_over_sepa_limit(plan)
    payment_requests.set_payees(plan, payees, rng.amounts)
    rejections = act_changes.draw_rejections(plan, rng.changes)
    cut_days = budget_credits.draw_cut_days(units, rng.credits)
    is_paid = request_amounts.find_paid_requests(plan, rejections, cut_days)
    repeats = request_amounts.draw_repeats(plan, is_paid, rng.faults)
    cell = request_amounts.find_cells(plan, units, cells)
    request_amounts.set_amounts(plan, cell, is_paid, cells=cells, cents=cents, rng=rng.amounts)
    paid_cells = request_amounts.sum_paid_cells(plan, cell, is_paid, count=len(cells.cp_euros))
    services = year_commitments.certify_services(plan, commitments, rng.commitments)
    programmes = Programmes(units.bill, cells.ahead)
    year_commitments.set_amounts(plan, commitments, services, programmes=programmes, rng=rng.commitments)
    accounts = load_accounts(codes)
    of_commitments = draw_commitment_accounts(accounts, commitments)
    spending = SpendingYear(
        *(units, plan.requests, plan.copies, commitments, services, repeats),
        *(natures, codes.items.index(_PAY), accounts, of_commitments),
    )
    slips = payroll.split_payroll(units, cells, paid_cells, cents=cents, acts=acts)
    pay = payroll.build_payroll(units, cells, slips, accounts=accounts, acts=acts, payees=payees)
    credits_of_cells = bill_cells.split_credits(cells, cents) if anticipates else None
    advance = _build_anticipations(spending, cells, codes, targets=credits_of_cells, rng=rng.early)
    changes = act_changes.draw_changes(spending, rejections, [pay, *advance], rng=rng.changes)
    unit_credits = budget_credits.compute_credits(spending, changes, cut_days, payroll=pay, rng=rng.credits)
    budget = budget_acts.build_budget_acts(units, codes, unit_credits, cells=cells)
    early = _draw_early_requests(spending, plan, rng.early)
    texts, blocks = CodeTexts.from_codes(codes), _list_blocks(spending, changes, senders)
    return YearSample(
        seed, payees, texts, cells, paid_cells, spending, plan.starts, changes, budget, early, *blocks
    )


def _build_anticipations(
    spending: SpendingYear,
    cells: BillCells,
    codes: Codes,
    *,
    targets: NDArray[np.int64] | None,
    rng: np.random.Generator,
) -> list[act_changes.UnitLines]:
    """Build commitments of the next year, for cells of ``targets`` cents; none without targets."""
    if targets is None:
        return []
    return anticipations.build_anticipations(spending, cells, codes, targets=targets, rng=rng)


def _list_blocks(spending: SpendingYear, changes: Changes, senders: int) -> list[Blocks]:
    """List the blocks of commitments, services and changes."""
    commitments, services, sender = spending.commitments, spending.services, spending.units.sender
    return [
        _build_blocks(day, sender[unit], senders)
        for day, unit in (
            (commitments.day, commitments.unit),
            (services.day, commitments.unit[services.commitment]),
            (changes.lines.day, changes.unit),
        )
    ]


def _list_natures(codes: Codes) -> NDArray[np.uint8]:
    """List for each commitment item the nature of what is paid before service; transfers and subsidies need none."""
    natures = {"31": 1, "71": 2, "72": 2, "73": 2}
    return np.array([natures.get(item, 0) for item in codes.items], np.uint8)


def _build_blocks(day: NDArray[np.int16], sender: NDArray[np.int32], senders: int) -> Blocks:
    block = (_MONTH_OF_DAY[day] * senders + sender).astype(np.uint16)
    starts = np.concatenate(([0], np.cumsum(np.bincount(block, minlength=12 * senders))))
    return Blocks(np.argsort(block, kind="stable"), starts)


def _draw_early_requests(
    spending: SpendingYear, plan: RequestPlan, rng: np.random.Generator
) -> EarlyRequests:
    """Draw requests to present before their service or commitment, if both are in the same month.

    Requests of later days are decided before them, and take the earliest service; so none has later service in its month.
    Held acts are decided behind their file, in December after credits have run out; so none are of December.
    """
    requests, services = spending.requests, spending.services
    acts = len(requests.day)
    is_sound = requests.follows & (requests.fault == 0) & find_single_lines(requests.is_continuation)
    is_sound &= requests.day < _DECEMBER
    is_sound[plan.copies.row] = is_sound[plan.copies.source] = False
    candidates = np.unique(rng.integers(0, acts, max(40, 12 * EARLY_REQUESTS * acts // 10_000)))
    row = candidates[is_sound[candidates]]
    day = spending.commitments.day[requests.commitment[row]]
    has_service = is_serviced(requests, row)
    day[has_service] = services.day[np.searchsorted(services.request, row[has_service])]
    is_in_month = _MONTH_OF_DAY[day] == _MONTH_OF_DAY[requests.day[row]]
    is_fitting = is_in_month & (_find_last_services(spending, row) <= requests.day[row])
    positions = np.sort(rng.permutation(is_fitting.nonzero()[0])[: max(1, EARLY_REQUESTS * acts // 10_000)])
    return EarlyRequests(
        row[positions], (day[positions].astype(np.int64) * DAY_STEPS + EARLY).astype(np.uint16)
    )


def _find_last_services(spending: SpendingYear, row: NDArray[np.int64]) -> NDArray[np.int16]:
    """Return the last day of service of the commitment of each request in its month; -1 where there is none."""
    requests, services = spending.requests, spending.services
    keys = requests.commitment[row].astype(np.int64) * 12 + _MONTH_OF_DAY[requests.day[row]]
    is_followed = np.zeros(len(spending.commitments.day), bool)
    is_followed[requests.commitment[row]] = True
    service = is_followed[services.commitment].nonzero()[0]
    service_keys = services.commitment[service].astype(np.int64) * 12 + _MONTH_OF_DAY[services.day[service]]
    distinct, position = np.unique(keys, return_inverse=True)
    at = np.minimum(np.searchsorted(distinct, service_keys), max(len(distinct) - 1, 0))
    is_of_request = distinct[at] == service_keys if len(distinct) else np.zeros(len(service), bool)
    last = np.full(len(distinct), -1, np.int16)
    np.maximum.at(last, at[is_of_request], services.day[service][is_of_request])
    return last[position]


def build_lines(sample: YearSample, block: int) -> LineArrays:
    """Build the lines of one month and sender, in order of presentation."""
    spending = sample.spending
    start, end = (int(row) for row in sample.starts[block : block + 2])
    requests = line_arrays.build_request_lines(
        spending, start, end, rng=np.random.default_rng([sample.seed, _DRAWING_STEPS, block])
    )
    first_early, last_early = np.searchsorted(sample.early.row, (start, end))
    requests.key[sample.early.row[first_early:last_early] - start] = sample.early.key[first_early:last_early]
    faults.apply_faults(requests, spending.units, sample.texts)
    lines = line_arrays.join_lines([
        line_arrays.build_commitment_lines(spending.commitments, sample.commitment_blocks.find_rows(block), spending.units),
        line_arrays.build_service_lines(spending, sample.service_blocks.find_rows(block)),
        requests,
        line_arrays.take_rows(sample.changes.lines, sample.change_blocks.find_rows(block)),
    ])  # fmt: skip
    return line_arrays.take_rows(lines, np.argsort(lines.key, kind="stable"))
