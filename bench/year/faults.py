"""What ministries get wrong: which requests meet which refusal, and how their lines then read.

Rates are assumptions: 1.2 % of requests refused at the interface, spread over the families below.  Refusals
for want of credit are not made here: they follow from the budget.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.commitments import Commitments, is_serviced
from bench.year.line_arrays import INVALID_IBAN, OTHER_IBAN, LineArrays
from bench.year.payment_requests import RequestPlan, find_single_lines
from bench.year.spending_mixture import MASS
from bench.year.spending_units import Codes, Units
from core.money import SEPA_MAX
from core.outcome_codes import Outcome

REFUSED_ON_ENTRY = 120
"""Of 10,000 requests."""

OutcomeWeights = tuple[tuple[Outcome, int], ...]

_O = Outcome
_ANY: OutcomeWeights = (
    (_O.REFERENCE_INVALID, 2), (_O.KIND_UNKNOWN, 1), (_O.EXERCISE_UNKNOWN, 1), (_O.LINE_INVALID, 2),
    (_O.FIELD_MISSING, 6), (_O.FIELD_INVALID, 2), (_O.AMOUNT_NOT_POSITIVE, 4), (_O.DATE_OUTSIDE_EXERCISE, 4),
    (_O.PERIOD_CLOSED, 4), (_O.ACCOUNT_UNKNOWN, 3), (_O.IBAN_INVALID, 5), (_O.PAYEE_UNKNOWN, 14),
    (_O.BANK_DETAILS_DIFFER, 8),
)  # fmt: skip
_DIRECT: OutcomeWeights = (
    *_ANY, (_O.FUND_CENTRE_UNKNOWN, 10), (_O.FUND_CENTRE_LEVEL, 4), (_O.FUNCTIONAL_AREA_UNKNOWN, 8),
    (_O.COMMITMENT_ITEM_UNKNOWN, 5), (_O.FUND_UNKNOWN, 4), (_O.OPERATION_UNKNOWN, 3),
    (_O.NOMENCLATURE_MISMATCH, 12), (_O.ACCOUNT_MISMATCH, 8),
)  # fmt: skip
_FOLLOWING: OutcomeWeights = (*_ANY, (_O.PREDECESSOR_MISSING, 20), (_O.ASSIGNMENT_DIFFERS, 15))
_SERVICED_ALONE: OutcomeWeights = (*_FOLLOWING, (_O.SERVICE_INSUFFICIENT, 100))

UNKNOWN_CENTRE, UNKNOWN_OPERATION = "9999-XXXX-XX99", "OP-9999-999999"
UNKNOWN_AREA, UNKNOWN_ITEM, UNKNOWN_FUND = "9999-99", "99", "9-9-99999"
UNKNOWN_ACCOUNT, LONG_ACCOUNT, SUPPLIER_ACCOUNT = "6999999999", "61100000001", "4010000000"
UNKNOWN_PAYEE = "9999999999"
UNKNOWN_KIND, SEPA = "payment_order", "sepa"
EXERCISE, UNKNOWN_EXERCISE, NEXT_EXERCISE = 2018, 2035, 2019
MISSING_ACT = 99_999_999
"""Number of an act that nobody sends."""


def assign_faults(plan: RequestPlan, commitments: Commitments, rng: np.random.Generator) -> None:
    """Choose the requests that will be refused at the door, and why."""
    requests, copies = plan.requests, plan.copies
    sound = find_single_lines(requests.is_continuation) & (requests.kind != MASS)
    sound[copies.row] = sound[copies.source] = False
    acts = len(requests.kind)
    count = acts * REFUSED_ON_ENTRY // 10_000
    drawn = np.unique(rng.integers(0, acts, 2 * count))
    rows = np.sort(rng.permutation(drawn[sound[drawn]])[:count])
    follows = requests.follows[rows]
    alone = is_serviced(requests, rows)
    alone[follows] &= commitments.requests[requests.commitment[rows[follows]]] == 1
    for which, weights in ((~follows, _DIRECT), (follows & ~alone, _FOLLOWING), (alone, _SERVICED_ALONE)):
        table = np.repeat(*(np.array(column, np.uint8) for column in zip(*weights, strict=True)))
        requests.fault[rows[which]] = table[rng.integers(0, len(table), int(which.sum()))]


def mark_over_sepa_limit(plan: RequestPlan) -> None:
    """Have one direct request asked for as SEPA though it is over what SEPA carries, where a year has one."""
    requests = plan.requests
    large = np.flatnonzero((requests.amount > SEPA_MAX) & ~requests.follows & (requests.fault == 0))
    if len(large):
        requests.fault[large[np.argmin(requests.amount[large])]] = Outcome.SEPA_LIMIT_EXCEEDED


class CodeTexts(NamedTuple):
    """The codes of the year, with those that nobody knows behind them."""

    centres: list[str]
    areas: list[str]
    items: list[str]
    funds: list[str]
    accounts: list[str]

    @classmethod
    def from_codes(cls, codes: Codes) -> "CodeTexts":
        """Codes by number; the unknown ones come last."""
        return cls(
            [*codes.centres, UNKNOWN_CENTRE, UNKNOWN_OPERATION],
            [*codes.areas, UNKNOWN_AREA],
            [*codes.items, UNKNOWN_ITEM],
            [*codes.funds, UNKNOWN_FUND],
            [*codes.accounts, UNKNOWN_ACCOUNT, LONG_ACCOUNT],
        )


def apply_faults(lines: LineArrays, units: Units, texts: CodeTexts) -> None:
    """Make the faulty lines read as their fault says.  What concerns the writing alone is done there."""
    present = np.unique(lines.fault[lines.fault > 0])
    rows = {Outcome(int(code)): np.flatnonzero(lines.fault == code) for code in present}

    def at(code: Outcome) -> NDArray[np.int64]:
        return rows.get(code, np.zeros(0, np.int64))

    lines.line[at(_O.LINE_INVALID)] = 7
    lines.previous[at(_O.PREDECESSOR_MISSING)] = MISSING_ACT
    # A direct request goes without its item, one that follows without its predecessor.
    lines.item[at(_O.FIELD_MISSING)] = lines.previous[at(_O.FIELD_MISSING)] = 0
    lines.centre[at(_O.FUND_CENTRE_UNKNOWN)] = texts.centres.index(UNKNOWN_CENTRE)
    lines.area[at(_O.FUNCTIONAL_AREA_UNKNOWN)] = texts.areas.index(UNKNOWN_AREA)
    lines.item[at(_O.COMMITMENT_ITEM_UNKNOWN)] = texts.items.index(UNKNOWN_ITEM)
    lines.fund[at(_O.FUND_UNKNOWN)] = texts.funds.index(UNKNOWN_FUND)
    lines.operation[at(_O.OPERATION_UNKNOWN)] = texts.centres.index(UNKNOWN_OPERATION)
    lines.account[at(_O.ACCOUNT_UNKNOWN)] = texts.accounts.index(UNKNOWN_ACCOUNT)
    lines.account[at(_O.FIELD_INVALID)] = texts.accounts.index(LONG_ACCOUNT)
    lines.account[at(_O.ACCOUNT_MISMATCH)] = texts.accounts.index(SUPPLIER_ACCOUNT)
    lines.bank[at(_O.IBAN_INVALID)] = INVALID_IBAN
    lines.bank[at(_O.BANK_DETAILS_DIFFER)] = OTHER_IBAN
    _falsify_assignments(
        lines, units, (at(_O.FUND_CENTRE_LEVEL), at(_O.NOMENCLATURE_MISMATCH), at(_O.ASSIGNMENT_DIFFERS))
    )


def _falsify_assignments(lines: LineArrays, units: Units, rows: tuple[NDArray[np.int64], ...]) -> None:
    level, mismatch, differs = rows
    owner = np.zeros(int(units.centre.max()) + 1, np.int64)
    owner[units.centre] = np.arange(len(units.centre))
    lines.centre[level] = units.bop[owner[lines.centre[level]]]
    foreign = units.area[owner[lines.centre[mismatch]]]
    # Before a programme's first area stands the last of another; the very first programme takes a far one.
    lines.area[mismatch] = np.where(foreign > 1, foreign - 1, int(units.area.max()))
    unit = owner[lines.centre[differs]]
    first, count = units.area[unit], units.areas[unit]
    lines.area[differs] = first + (lines.area[differs] - first + 1) % count
