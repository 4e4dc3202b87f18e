"""Claims of late interest that state no reason: each is at most what the rule gives for that late payment (rule A59).

What is due is measured from the journal before the batch; each claim of the batch is judged after the acts before it are
decided, so that only claims that were accepted count.
"""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG
from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros, seal_array
from core.tables.predecessor_entries import PredecessorEntries
from kernels.predecessor_entries import find_predecessor_entries
from posting.batch import Batch, Piece
from posting.book.book_state import BookState

_CLAIMS_INTEREST = np.array([kind.is_interest for kind in CATALOG])


@dataclass(slots=True)
class ClaimLimits:
    """What is due for late payments, and what is claimed of it, by payable."""

    due_cents: Mapping[int, int] = field(default_factory=dict)
    """As of the last batch; nothing is due for other payables."""
    claimed_cents: dict[int, int] = field(default_factory=dict)

    def copy(self) -> "ClaimLimits":
        """Return the same limits, to which further claims may be added without a change of these."""
        return replace(self, claimed_cents=dict(self.claimed_cents)) if self.due_cents else self

    def mark_claims(self, piece: Piece, span: slice, state: BookState) -> None:
        """Mark the claims without a reason in the rows ``span`` of ``piece`` for which nothing is due, or not as much.

        Earlier claims of the part for the same payable count too, unless they are duplicates or faulty; those of earlier parts
        count once ``add_claims`` has added them.
        """
        first, end = np.searchsorted(piece.limited_claims, (span.start, span.stop))
        if first == end:
            return
        rows = np.flatnonzero(_CLAIMS_INTEREST[piece.acts["kind"][span]]) + span.start
        columns = (rows, *find_predecessors(piece, rows, state))
        limited_rows = set(piece.limited_claims[first:end].tolist())
        claimed_cents = ChainMap[int, int]({}, self.claimed_cents)
        for row, payable, is_known in zip(*(column.tolist() for column in columns), strict=True):
            act = piece.acts[row]
            if is_known or act["fault"]:
                continue
            due, total = self.due_cents.get(payable, 0), claimed_cents.get(payable, 0) + int(act["amount"])
            if row not in limited_rows or 0 < total <= due:
                claimed_cents[payable] = total
            else:
                act["fault"] = Outcome.INTEREST_EXCEEDS_RULE if due else Outcome.INTEREST_NOT_DUE
                piece.field[row] = Field.REASON

    def add_claims(self, acts: np.ndarray, decisions: np.ndarray) -> None:
        """Add the claims among ``acts`` that are accepted."""
        if not self.due_cents:
            return
        is_accepted = decisions["outcome"] == Outcome.ACCEPTED
        for row in np.flatnonzero(_CLAIMS_INTEREST[acts["kind"]] & is_accepted).tolist():
            payable = int(decisions["predecessor"][row])
            self.claimed_cents[payable] = self.claimed_cents.get(payable, 0) + int(acts["amount"][row])


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
    limited_pieces = [at for at, piece in enumerate(batch.pieces) if len(piece.limited_claims)]
    if not limited_pieces:
        return LimitedBatch(batch, np.zeros(0, np.int64))
    later = [at for at in limited_pieces if at > 0]
    if batch.is_holding and not batch.dry_run and later:
        batch = replace(batch, pieces=batch.pieces[: later[0]])
    payables = [find_predecessors(piece, piece.limited_claims, state).entry for piece in batch.pieces]
    ascending = np.unique(np.concatenate(payables))
    return LimitedBatch(batch, ascending[ascending > 0])


def split_at_claims(piece: Piece, limits: ClaimLimits, state: BookState) -> Iterator[slice]:
    """Yield the rows of ``piece`` in parts: a further claim for a payable begins one, so that those before it are decided.

    Without limited claims, or if nothing is due, all rows are one part.
    """
    heads = (
        _find_further_claims(piece, limits, state) if len(piece.limited_claims) and limits.due_cents else []
    )
    starts = [0, *(row for row in heads if row > 0)]
    for start, stop in zip(starts, [*starts[1:], len(piece.acts)], strict=True):
        yield slice(start, stop)


def _find_further_claims(piece: Piece, limits: ClaimLimits, state: BookState) -> list[int]:
    """Return the first row of each act that claims for a payable which an earlier line claims for too, ascending."""
    rows = np.flatnonzero(_CLAIMS_INTEREST[piece.acts["kind"]])
    payables = find_predecessors(piece, rows, state).entry
    is_further = np.isin(payables, np.fromiter(limits.due_cents, np.int64))
    is_further[np.unique(payables, return_index=True)[1]] = False
    return np.unique(piece.acts["head"][rows[is_further]]).tolist()


def find_predecessors(piece: Piece, rows: NDArray[np.int64], state: BookState) -> PredecessorEntries:
    """Find the predecessors of the given ``rows`` of ``piece`` in the book as it is now."""
    predecessors, book = allocate_zeros(PredecessorEntries, len(rows)), state.book
    items = book.items[: state.entries + 1]
    tables = map(seal_array, (piece.acts[rows], book.slots, book.keys, items))
    find_predecessor_entries(*tables, predecessors)
    return predecessors
