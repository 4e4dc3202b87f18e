"""Claims of late interest that state no reason: each is at most what the rule gives for that late payment (rule A59).

What is due is measured from the journal before the batch; the claims of the batch are added in the order of their lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG
from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros, seal_array
from core.tables.followed_entries import FollowedEntries
from kernels.followed_entries import find_followed_entries
from posting.batch import Batch, Piece
from posting.book.book_state import BookState

_CLAIMS_INTEREST = np.array([kind.is_interest for kind in CATALOG])


@dataclass(slots=True)
class ClaimLimits:
    """What is due for late payments, and what is claimed of it, by payable."""

    due: Mapping[int, int] = field(default_factory=dict)
    """Cents, as of the last batch; nothing is due for other payables."""
    claimed: dict[int, int] = field(default_factory=dict)

    def mark_claims(self, piece: Piece, state: BookState) -> None:
        """Mark the claims of ``piece`` without a reason for which nothing is due, or not as much.

        All claims of the piece before one for the same payable count with it, unless they are duplicates or faulty.
        """
        if not len(piece.limited_claims):
            return
        rows = np.flatnonzero(_CLAIMS_INTEREST[piece.acts["kind"]])
        columns = (rows, *find_followed(piece, rows, state))
        limited, claimed = set(piece.limited_claims.tolist()), dict(self.claimed)
        for row, payable, is_known in zip(*(column.tolist() for column in columns), strict=True):
            act = piece.acts[row]
            if is_known or act["fault"]:
                continue
            due, total = self.due.get(payable, 0), claimed.get(payable, 0) + int(act["amount"])
            if row not in limited or 0 < total <= due:
                claimed[payable] = total
            else:
                act["fault"] = Outcome.INTEREST_EXCEEDS_RULE if due else Outcome.INTEREST_NOT_DUE
                piece.field[row] = Field.REASON

    def note_accepted(self, piece: Piece, decisions: np.ndarray) -> None:
        """Add what ``piece`` claims, once it is decided."""
        if not self.due:
            return
        is_accepted = decisions["outcome"] == Outcome.ACCEPTED
        for row in np.flatnonzero(_CLAIMS_INTEREST[piece.acts["kind"]] & is_accepted).tolist():
            payable = int(decisions["predecessor"][row])
            self.claimed[payable] = self.claimed.get(payable, 0) + int(piece.acts["amount"][row])


NO_LIMITS = ClaimLimits()
"""Nothing is due."""


class LimitedBatch(NamedTuple):
    """A batch with claims that the rule limits, and the payables that they claim interest for, ascending."""

    batch: Batch
    payables: NDArray[np.int64]


def limit_batch(batch: Batch, state: BookState) -> LimitedBatch:
    """Return the pieces of ``batch`` to decide now, and what their claims without a reason are for.

    Such a claim is judged by the files before its own, so its piece begins a batch.
    """
    limited = [at for at, piece in enumerate(batch.pieces) if len(piece.limited_claims)]
    if not limited:
        return LimitedBatch(batch, np.zeros(0, np.int64))
    later = [at for at in limited if at > 0]
    if batch.is_holding and not batch.dry_run and later:
        batch = replace(batch, pieces=batch.pieces[: later[0]])
    payables = [find_followed(piece, piece.limited_claims, state).entry for piece in batch.pieces]
    ascending = np.unique(np.concatenate(payables))
    return LimitedBatch(batch, ascending[ascending > 0])


def find_followed(piece: Piece, rows: NDArray[np.int64], state: BookState) -> FollowedEntries:
    """Find what the given ``rows`` of ``piece`` follow in the book as it is now."""
    followed, book = allocate_zeros(FollowedEntries, len(rows)), state.book
    items = book.items[: state.entries + 1]
    tables = map(seal_array, (piece.acts[rows], book.slots, book.keys, items))
    find_followed_entries(*tables, followed)
    return followed
