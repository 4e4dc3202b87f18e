"""Special accounts: what the line alone shows of pay that is charged to one, and of payees that are the State (rule A23)."""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG, ActKind
from core.kind_rules import MOVES_CREDITS, BudgetAction
from core.outcome_codes import Outcome
from core.special_accounts import forbids_pay
from ingest.resolution.line_batch import PAYS, LineBatch
from posting.book.registry import Registry

_CODES = (Field.FUND_CENTRE, Field.COMMITMENT_ITEM)
_BRINGS_CREDITS = MOVES_CREDITS | {BudgetAction.OPEN, BudgetAction.OPEN_FUND, BudgetAction.REASSIGN}


def _takes_credits(kind: ActKind) -> bool:
    """Return whether acts of a kind bring credits to their assignment, or spend them; what lowers either is no pay."""
    spends = kind.ae_reserved + kind.ae_consumed + kind.cp_reserved + kind.cp_consumed > 0
    return kind.budget in _BRINGS_CREDITS or (kind.budget is BudgetAction.SPEND and spends)


_TAKES_CREDITS = np.array([_takes_credits(kind) for kind in CATALOG])


def mark_staff_pay(
    line_batch: LineBatch,
    kind: NDArray[np.uint8],
    years: NDArray[np.int64],
    *,
    named: NDArray[np.uint8],
    registry: Registry,
) -> None:
    """Mark what brings or spends credits of title 2 on a special account to which no pay is charged (LOLF art. 20 I)."""
    rows, takes = registry.special_rows, _TAKES_CREDITS[kind] & (named != 0)
    centre, item = line_batch.read_text(Field.FUND_CENTRE), line_batch.read_text(Field.COMMITMENT_ITEM)
    if centre is None or item is None or not takes.any():
        return
    takes &= item.map_to_numbers(rows.staff_items, 0) != 0
    if not takes.any():
        return
    takes &= centre.map_to_numbers(rows.unpaid_centres, 0) != 0
    is_forbidden = np.zeros(line_batch.rows, bool)
    for row in np.flatnonzero(takes & (line_batch.marks.fault == 0)).tolist():
        codes = registry.reference.nomenclatures[int(years[row])]
        programme, code = (line_batch.arrays[field][row].as_py() for field in _CODES)
        is_forbidden[row] = codes.items[code].staff and forbids_pay(codes, programme[:4])
    line_batch.mark_fault(is_forbidden, Outcome.SPECIAL_PAY_FORBIDDEN, Field.COMMITMENT_ITEM)


def find_state_payees(
    line_batch: LineBatch, kind: NDArray[np.uint8], registry: Registry
) -> NDArray[np.uint8]:
    """Return the number of each payee among those that are the State itself; 0 for any other.

    Which account a line pays from, the decision knows: a request on a commitment names no account assignment.
    """
    numbers, payee = registry.special_rows.state_payees, line_batch.read_text(Field.PAYEE)
    if not numbers or payee is None:
        return np.zeros(line_batch.rows, np.uint8)
    return np.where(PAYS[kind], payee.map_to_numbers(numbers, 0), 0).astype(np.uint8)
