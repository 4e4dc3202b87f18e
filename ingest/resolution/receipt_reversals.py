"""What takes back a receipt: it names that receipt by its reference, and never one of the bank (rule A56).

The journal alone does not say who sent the entry that a number names, so such a line is refused.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG, Family
from core.outcome_codes import Outcome
from core.senders import BANK
from ingest.resolution.line_batch import LineBatch
from ingest.resolution.predecessors import PredecessorColumn

_TAKES_BACK = np.array([kind.family is Family.RECEIPT_CHANGE for kind in CATALOG])
_OF_BANK: Mapping[str, int] = {BANK: 1}


def mark_receipts_of_bank(
    line_batch: LineBatch, kind: NDArray[np.uint8], predecessors: PredecessorColumn | None
) -> None:
    """Mark the lines that take back a receipt of the sender bank, or one that they name by the number of its entry."""
    takes_back = _TAKES_BACK[kind]
    if predecessors is None or not takes_back.any():
        return
    is_not_by_hand = predecessors.line < 0
    sender = line_batch.read_text(Field.PREDECESSOR_SENDER)
    if sender is not None:
        is_not_by_hand = is_not_by_hand | (sender.map_to_numbers(_OF_BANK, 0) == 1)
    line_batch.mark_fault(takes_back & is_not_by_hand, Outcome.RECEIPT_NOT_BY_HAND, Field.PREDECESSOR)
