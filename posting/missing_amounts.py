"""The missing cents that a refusal states: never those of another sender's act, whose amounts are not the caller's.

They are left out when the row is built, so that no receipt, file, dry run or query can show them.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import Field
from core.outcome_codes import LACKS_OF_PREDECESSOR, Outcome
from core.senders import RESERVED_SENDERS
from core.tables.journal import PREDECESSOR_BY_ENTRY
from posting.batch import Piece
from posting.raw_texts import take_texts

_LACKS_OF_COMMITMENT = (int(Outcome.SERVICE_ALREADY_BILLED), int(Outcome.ORIGINAL_FOLLOWED))
"""What lacks is of the commitment of the act that is named, and that commitment may be another's."""


def read_missing_cents(
    piece: Piece, decisions: np.ndarray, rows: NDArray[np.integer] | None = None
) -> NDArray[np.int64]:
    """Return the missing cents of the lines ``rows``, all by default; 0 where they may tell what is left of another's act.

    An act named by its entry counts as another's, as the entry alone does not say whose it is; so does the commitment of a
    service that is cancelled, and that of a change that is reversed.
    """
    rows = np.arange(len(decisions)) if rows is None else rows
    missing, outcomes = decisions["missing"][rows], decisions["outcome"][rows]
    lacks = np.isin(outcomes, list(LACKS_OF_PREDECESSOR)) & (missing > 0)
    if piece.submission.sender in RESERVED_SENDERS or not lacks.any():
        return missing
    is_hidden = np.isin(outcomes, _LACKS_OF_COMMITMENT) | _names_other_sender(piece, rows)
    return np.where(lacks & is_hidden, 0, missing)


def _names_other_sender(piece: Piece, rows: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return the lines that name their predecessor by its entry, or by another sender and its reference."""
    named_senders = take_texts(piece, rows, Field.PREDECESSOR_SENDER)
    own_names = pa.array(["", piece.submission.sender])
    is_own = pc.call_function("is_in", [named_senders], pc.SetLookupOptions(own_names))
    return (piece.acts["previous_line"][rows] == PREDECESSOR_BY_ENTRY) | ~np.asarray(is_own)
