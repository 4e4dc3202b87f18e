"""What a request states of its right, of its contract and of the suspension of its payment term (rule A59).

The authorising officer may suspend the term once, and only before the order to pay, which is the request: so a request states
one suspension at most, and it is over.
"""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.contracts import CONTRACT_BY_NAME, Contract
from core.outcome_codes import Outcome
from ingest.resolution.bank_accounts import mark_bics
from ingest.resolution.line_batch import ADVANCES, BILLS, STATES_CONTRACT, LineBatch
from ingest.resolution.prescription import mark_unreadable_rights


def mark_invalid_requests(
    line_batch: LineBatch, kind: NDArray[np.uint8], exercise: NDArray[np.int64]
) -> None:
    """Mark requests with a right that cannot be read, an unknown contract, or an impossible suspension; then invalid BICs."""
    mark_unreadable_rights(line_batch, kind, exercise)
    _mark_terms(line_batch, kind)
    mark_bics(line_batch, kind)


def _mark_terms(line_batch: LineBatch, kind: NDArray[np.uint8]) -> None:
    contract = line_batch.read_text(Field.CONTRACT)
    if contract is not None:
        number = contract.map_to_numbers(CONTRACT_BY_NAME, 0)
        is_unknown = number == 0
        is_stated = STATES_CONTRACT[kind] & line_batch.mark_values(Field.CONTRACT)
        line_batch.mark_fault(is_stated & is_unknown, Outcome.FIELD_INVALID, Field.CONTRACT)
        _mark_balances(line_batch, kind, STATES_CONTRACT[kind] & (number == Contract.WORKS_BALANCE))
    if not line_batch.arrays.keys().isdisjoint((Field.SUSPENSION_NOTIFIED, Field.SUSPENSION_ENDED)):
        _mark_suspensions(line_batch, BILLS[kind])


def _mark_balances(line_batch: LineBatch, kind: NDArray[np.uint8], is_balance: NDArray[np.bool_]) -> None:
    """Mark balances of works that do not state when the general account was received, and advances, which are none."""
    is_advance = ADVANCES[kind]
    line_batch.mark_fault(is_balance & is_advance, Outcome.FIELD_INVALID, Field.CONTRACT)
    lacks_day = is_balance & ~line_batch.mark_values(Field.RECEIVED)
    line_batch.mark_fault(lacks_day, Outcome.FIELD_INVALID, Field.RECEIVED)


def _mark_suspensions(line_batch: LineBatch, is_request: NDArray[np.bool_]) -> None:
    begins, ends = (
        is_request & line_batch.mark_values(field)
        for field in (Field.SUSPENSION_NOTIFIED, Field.SUSPENSION_ENDED)
    )
    line_batch.mark_fault(begins & ~ends, Outcome.FIELD_INVALID, Field.SUSPENSION_NOTIFIED)
    line_batch.mark_fault(ends & ~begins, Outcome.FIELD_INVALID, Field.SUSPENSION_ENDED)
    first, last, ordered = (
        line_batch.read_number(field).value
        for field in (Field.SUSPENSION_NOTIFIED, Field.SUSPENSION_ENDED, Field.DATE)
    )
    is_impossible = (last <= first) | (last > ordered)
    line_batch.mark_fault(begins & ends & is_impossible, Outcome.FIELD_INVALID, Field.SUSPENSION_ENDED)
