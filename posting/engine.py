"""The spine: acts and a book in, everything that follows out.

Same batch and same book give the same bytes, always: no clock and no randomness inside.
"""

import hashlib
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.outcome_codes import Outcome as Code
from core.stage_timing import Stages
from core.tables.columns import records, sealed
from core.tables.journal import Decisions, Duplicates, NewCells, NewPayees, Refusals, RequestPages
from kernels import decisions as kernel
from kernels.outcome_counts import AMOUNT, LINES
from kernels.rollback import take_back
from posting import outcome_rows, submission_progress
from posting.atomicity import all_or_none
from posting.balances import Balances
from posting.batch import Batch, Outcome, Passed, Rehearsal, Rehearsed
from posting.book import cells
from posting.book.book_state import State
from posting.outcome_groups import ENTERED, Sorted, sort
from posting.outcome_rows import Decided, Place
from posting.pgcopy import Encoder

CHAINED: tuple[str, ...] = ("entry", "refusal", "duplicate", "payee", "cell", "request_detail")
"""Tables whose rows a batch's hash covers, in this order."""


_CODES = max(Code) + 1


class Head(NamedTuple):
    """Where the chain stands: the last batch and its hash."""

    batch: int
    chain: bytes


class Engine:
    """Evaluates batches one after the other.  One thread only."""

    def __init__(self, state: State, head: Head, stages: Stages | None = None) -> None:
        self.state, self.head, self._stages = state, head, stages or Stages()
        self.decided: list[np.ndarray] = []
        """What became of each line of the last batch, piece by piece."""
        self._balances = Balances(state)
        self._encoders = {
            "refusal": Encoder(Refusals, 2),
            "duplicate": Encoder(Duplicates),
            "payee": Encoder(NewPayees, 4),
            "cell": Encoder(NewCells),
            "request_detail": Encoder(RequestPages, 1),
        }

    def evaluate(self, batch: Batch) -> Outcome:
        """Decide ``batch`` and lay out everything to store."""
        number, first = self.head.batch + 1, self.state.entries + 1
        first_cell = len(self.state.cell_words)
        with self._stages.measured("decide"):
            self.state.grow_beside()
            self.decided = self._decide(batch)
        with self._stages.measured("encode"):
            ended = [sort(piece, one) for piece, one in zip(batch.pieces, self.decided, strict=True)]
            streams, counts = self._encode(batch, ended, (number, first_cell))
            streams |= self._balances.changed(number, [piece.acts["period"] for piece in batch.pieces])
            rows, held = submission_progress.advance(batch, ended)
        with self._stages.measured("hash"):
            self.head = Head(number, self._chain(streams))
        cents = sum(each.total(AMOUNT, *ENTERED) for each in ended)
        told = self.decided if batch.is_answered else []
        stored = {**streams, **batch.beside}
        return Outcome(
            number, first, counts, cents, self.head.chain, stored, rows, held, self._ended(batch), told
        )

    def rehearse(self, batch: Batch, rehearsal: Rehearsal) -> Rehearsed:
        """Decide ``batch``, and what it holds, as ``evaluate`` would have it; then take it all back.

        Room is made for all of it at first: no table grows between what is decided and what is taken back.
        """
        state, passes, last = self.state, list[Passed](), self.state.entries
        with self._stages.measured("rehearse"), state.restored():
            state.make_room(rehearsal.rows)
            for each in chain([batch], rehearsal.again(batch)):
                found = self._decide(each)
                passes += zip(each.pieces, found, strict=True)
                submission_progress.advance(each, list(map(sort, each.pieces, found)))
            for piece, decisions in reversed(passes):
                take_back(sealed(piece.acts), state.book, sealed(decisions))
            self._balances.forget([piece.acts["period"] for piece, _ in passes])
        return Rehearsed(passes, self.head.batch, last)

    def _ended(self, batch: Batch) -> NDArray[np.int64]:
        """Lines by kind and code."""
        found = np.zeros(len(CATALOG) * _CODES, np.int64)
        for piece, one in zip(batch.pieces, self.decided, strict=True):
            place = piece.acts["kind"].astype(np.int32) * _CODES + one["outcome"]
            found += np.bincount(place, minlength=len(found))
        return found.reshape(len(CATALOG), _CODES)

    def _decide(self, batch: Batch) -> list[np.ndarray]:
        """One pass over all pieces in order; what each piece's lines became."""
        self.state.make_room(batch.rows)
        found = []
        for piece in batch.pieces:
            self.state.add_cells(piece.new_words, piece.cells_before)
            one, last = records(Decisions, len(piece.acts)), self.state.entries
            changes = self.state.changes
            kernel.decide(sealed(piece.acts), self.state.book, one, batch.holding)
            self.state.note_changes(piece.acts, one, changes)
            if piece.is_atomic:
                all_or_none(piece.acts, one, self.state.book, last)
            found.append(one)
        return found

    def _encode(
        self, batch: Batch, ended: list[Sorted], where: tuple[int, int]
    ) -> tuple[dict[str, NDArray[np.uint8]], dict[str, int]]:
        """COPY bytes of the chained tables, and how many rows each has."""
        parts: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in CHAINED}
        counts: dict[str, int] = dict.fromkeys(CHAINED, 0)
        (number, cell), position = where, 0
        for piece, decisions, each in zip(batch.pieces, self.decided, ended, strict=True):
            place = Place(number, position, self.state.registry.first_node)
            one = Decided(piece, decisions, each)
            entered = each.total(LINES, *ENTERED)
            if entered:
                counts["entry"] += entered
                parts["entry"].append(outcome_rows.journal(one, place))
            for name, (rows, texts) in outcome_rows.beside_the_journal(one, place).items():
                counts[name] += len(rows[0])
                parts[name].append(self._encoders[name].encode(rows, texts))
            if len(piece.new_words):
                rows = cells.as_rows(piece.new_words, cell, number, self.state.registry)
                parts["cell"].append(self._encoders["cell"].encode(rows))
                cell, counts["cell"] = cell + len(piece.new_words), counts["cell"] + len(piece.new_words)
            position += len(decisions)
        return {name: _joined(each) for name, each in parts.items()}, counts

    def _chain(self, streams: dict[str, NDArray[np.uint8]]) -> bytes:
        """The rows first and the previous hash last: the rows' share needs no waiting for it."""
        digest = hashlib.sha256()
        for name in CHAINED:
            digest.update(streams[name].data)
        digest.update(self.head.chain)
        return digest.digest()


def _joined(parts: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)
