"""The mistakes of ministries: which requests must be refused for which reason, and the wrong values of their lines.

The rates are assumptions: 1.2 % of the requests are refused, spread over the codes of ``wrong_acts.csv`` by their weights in
each group of requests.  Refusals for lack of credits are not generated here: they follow from the budget.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.commitments import Commitments, is_serviced
from bench.year.line_arrays import INVALID_IBAN, OTHER_IBAN, LineArrays
from bench.year.payment_requests import RequestPlan, find_single_lines
from bench.year.spending_mixture import MASS
from bench.year.spending_units import Codes, Units
from core.outcome_codes import Outcome
from core.reference.files import read_rows

REFUSED_ON_ENTRY = 120
"""Of 10,000 requests."""

_O = Outcome
_GROUPS = ("direct", "unserviced", "serviced", "sole")
"""Direct requests; those that follow a commitment, without and with a service; the only one of a commitment with a service."""

UNKNOWN_CENTRE, UNKNOWN_OPERATION = "9999-XXXX-XX99", "OP-9999-999999"
UNKNOWN_AREA, UNKNOWN_ITEM, UNKNOWN_FUND = "9999-99", "99", "9-9-99999"
UNKNOWN_ACCOUNT, LONG_ACCOUNT, SUPPLIER_ACCOUNT = "6999999999", "61100000001", "4011100000"
UNKNOWN_PAYEE = "9999999999"
UNKNOWN_KIND, SEPA = "payment_order", "sepa"
EXERCISE, UNKNOWN_EXERCISE, NEXT_EXERCISE = 2018, 2035, 2019
LAPSED_RIGHT_YEAR = 2013
"""The latest year whose rights have lapsed in 2018."""
NATURES = ("", "location", "participation")
"""Listed natures of what is paid before service: rents and subscriptions; what the State pays into capital and loans."""
MISSING_ACT = 99_999_999
"""The number of an act that no file contains."""


def assign_faults(
    plan: RequestPlan,
    commitments: Commitments,
    units: Units,
    *,
    natures: NDArray[np.uint8],
    rng: np.random.Generator,
) -> None:
    """Choose the requests that must be refused, and the codes; ``natures`` are those of items paid before service."""
    requests, copies = plan.requests, plan.copies
    is_sound = find_single_lines(requests.is_continuation) & (requests.kind != MASS)
    is_sound[copies.row] = is_sound[copies.source] = False
    acts = len(requests.kind)
    count = acts * REFUSED_ON_ENTRY // 10_000
    candidates = np.unique(rng.integers(0, acts, 2 * count))
    rows = np.sort(rng.permutation(candidates[is_sound[candidates]])[:count])
    follows = requests.follows[rows]
    bills_service = is_serviced(requests, rows)
    is_only_request = bills_service.copy()
    is_only_request[follows] &= commitments.requests[requests.commitment[rows[follows]]] == 1
    members = (~follows, follows & ~bills_service, bills_service & ~is_only_request, is_only_request)
    for is_in_group, outcomes in zip(members, load_wrong_acts(), strict=True):
        requests.fault[rows[is_in_group]] = outcomes[rng.integers(0, len(outcomes), int(is_in_group.sum()))]
    # A programme of one action has no other area to give.
    has_one_area = units.areas[requests.unit[rows]] == 1
    requests.fault[rows[has_one_area & (requests.fault[rows] == _O.ASSIGNMENT_DIFFERS)]] = _O.PAYEE_UNKNOWN
    # Items that need no nature are paid before service without one.
    needs_none = natures[requests.item[rows]] == 0
    requests.fault[rows[needs_none & (requests.fault[rows] == _O.SERVICE_REQUIRED)]] = _O.PREDECESSOR_MISSING


def load_wrong_acts() -> list[NDArray[np.uint8]]:
    """Load the outcomes of wrong requests, by group of requests: each as often as its weight says."""
    rows = list(read_rows(Path(__file__).with_name("wrong_acts.csv"), ("outcome", *_GROUPS)))
    outcomes = np.array([Outcome[row.cells["outcome"]] for row in rows], np.uint8)
    return [np.repeat(outcomes, [int(row.cells[group]) for row in rows]) for group in _GROUPS]


def mark_over_sepa_limit(plan: RequestPlan) -> None:
    """Demand a SEPA transfer for one direct mass transfer, if the year has ten of them; its amount is set accordingly."""
    requests = plan.requests
    direct = np.flatnonzero((requests.kind == MASS) & ~requests.follows & (requests.fault == 0))
    if len(direct) >= 10:
        requests.fault[direct[len(direct) // 2]] = Outcome.SEPA_LIMIT_EXCEEDED


class CodeTexts(NamedTuple):
    """The codes of the year, followed by unknown codes."""

    centres: list[str]
    areas: list[str]
    items: list[str]
    funds: list[str]
    accounts: list[str]

    @classmethod
    def from_codes(cls, codes: Codes) -> "CodeTexts":
        """Return the codes by number, the unknown ones last."""
        return cls(
            [*codes.centres, UNKNOWN_CENTRE, UNKNOWN_OPERATION],
            [*codes.areas, UNKNOWN_AREA],
            [*codes.items, UNKNOWN_ITEM],
            [*codes.funds, UNKNOWN_FUND],
            [*codes.accounts, UNKNOWN_ACCOUNT, LONG_ACCOUNT],
        )


def apply_faults(lines: LineArrays, units: Units, texts: CodeTexts) -> None:
    """Give the lines with a fault the values that cause it; ``flat_columns`` applies the faults of single columns."""
    codes = np.unique(lines.fault[lines.fault > 0])
    rows = {Outcome(int(code)): np.flatnonzero(lines.fault == code) for code in codes}

    def find_rows(code: Outcome) -> NDArray[np.int64]:
        return rows.get(code, np.zeros(0, np.int64))

    lines.line[find_rows(_O.LINE_INVALID)] = 7
    lines.previous[find_rows(_O.PREDECESSOR_MISSING)] = MISSING_ACT
    # A direct request loses its item, a following one its predecessor.
    lines.item[find_rows(_O.FIELD_MISSING)] = lines.previous[find_rows(_O.FIELD_MISSING)] = 0
    lines.centre[find_rows(_O.FUND_CENTRE_UNKNOWN)] = texts.centres.index(UNKNOWN_CENTRE)
    lines.area[find_rows(_O.FUNCTIONAL_AREA_UNKNOWN)] = texts.areas.index(UNKNOWN_AREA)
    lines.item[find_rows(_O.COMMITMENT_ITEM_UNKNOWN)] = texts.items.index(UNKNOWN_ITEM)
    lines.fund[find_rows(_O.FUND_UNKNOWN)] = texts.funds.index(UNKNOWN_FUND)
    lines.operation[find_rows(_O.OPERATION_UNKNOWN)] = texts.centres.index(UNKNOWN_OPERATION)
    lines.day[find_rows(_O.DATE_BEFORE_PREDECESSOR)] = 0
    lines.nature[find_rows(_O.SERVICE_REQUIRED)] = 0
    lines.account[find_rows(_O.ACCOUNT_UNKNOWN)] = texts.accounts.index(UNKNOWN_ACCOUNT)
    lines.account[find_rows(_O.FIELD_INVALID)] = texts.accounts.index(LONG_ACCOUNT)
    lines.account[find_rows(_O.ACCOUNT_MISMATCH)] = texts.accounts.index(SUPPLIER_ACCOUNT)
    lines.bank[find_rows(_O.IBAN_INVALID)] = INVALID_IBAN
    lines.bank[find_rows(_O.BANK_DETAILS_DIFFER)] = OTHER_IBAN
    _falsify_assignments(lines, units, find_rows)


def _falsify_assignments(
    lines: LineArrays, units: Units, find_rows: Callable[[Outcome], NDArray[np.int64]]
) -> None:
    """Falsify assignments: fund centres of a wrong level, areas of another programme, areas unlike the predecessor's."""
    level, mismatch, differs = map(
        find_rows, (_O.FUND_CENTRE_LEVEL, _O.NOMENCLATURE_MISMATCH, _O.ASSIGNMENT_DIFFERS)
    )
    unit_of_centre = np.zeros(int(units.centre.max()) + 1, np.int64)
    unit_of_centre[units.centre] = np.arange(len(units.centre))
    lines.centre[level] = units.bop[unit_of_centre[lines.centre[level]]]
    first_area = units.area[unit_of_centre[lines.centre[mismatch]]]
    # The area before a programme's first belongs to another programme; the very first programme uses the last area.
    lines.area[mismatch] = np.where(first_area > 1, first_area - 1, int(units.area.max()))
    unit = unit_of_centre[lines.centre[differs]]
    first, count = units.area[unit], units.areas[unit]
    lines.area[differs] = first + (lines.area[differs] - first + 1) % count
