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
from core.stage_timing import StageTimes
from core.tables.columns import allocate_records, seal_array
from core.tables.journal import Decisions, Duplicates, NewCells, NewPayees, Refusals, RequestPages
from kernels import decisions as kernel
from kernels.outcome_counts import AMOUNT, LINES
from kernels.rollback import undo_decisions
from posting import outcome_rows, submission_progress
from posting.atomicity import enforce_atomicity
from posting.balances import Balances
from posting.batch import Batch, BatchResult, DryRunDecisions, DryRunHandler, PieceDecisions
from posting.book import cells
from posting.book.book_state import BookState
from posting.outcome_groups import ENTRY_GROUPS, OutcomeGroups, group_by_outcome
from posting.outcome_rows import BatchPosition, DecidedPiece
from posting.pgcopy import Encoder

HASHED_TABLES: tuple[str, ...] = ("entry", "refusal", "duplicate", "payee", "cell", "request_detail")
"""Tables whose rows a batch's hash covers, in this order."""


_CODE_COUNT = max(Code) + 1


class ChainHead(NamedTuple):
    """Where the chain stands: the last batch and its hash."""

    batch: int
    chain_hash: bytes


class Engine:
    """Evaluates batches one after the other.  One thread only."""

    def __init__(self, state: BookState, head: ChainHead, stages: StageTimes | None = None) -> None:
        self.state, self.head, self._stages = state, head, stages or StageTimes()
        self.decisions: list[np.ndarray] = []
        """What became of each line of the last batch, piece by piece."""
        self._balances = Balances(state)
        self._encoders = {
            "refusal": Encoder(Refusals, 2),
            "duplicate": Encoder(Duplicates),
            "payee": Encoder(NewPayees, 4),
            "cell": Encoder(NewCells),
            "request_detail": Encoder(RequestPages, 1),
        }

    def evaluate(self, batch: Batch) -> BatchResult:
        """Decide ``batch`` and lay out everything to store."""
        number, first = self.head.batch + 1, self.state.entries + 1
        first_cell = len(self.state.cell_words)
        with self._stages.measure("decide"):
            self.state.rehash_in_background()
            self.decisions = self._decide(batch)
        with self._stages.measure("encode"):
            groups = [
                group_by_outcome(piece, piece_decisions)
                for piece, piece_decisions in zip(batch.pieces, self.decisions, strict=True)
            ]
            streams, counts = self._encode(batch, groups, (number, first_cell))
            streams |= self._balances.encode_changes(number, [piece.acts["period"] for piece in batch.pieces])
            rows, held = submission_progress.advance(batch, groups)
        with self._stages.measure("hash"):
            self.head = ChainHead(number, self._hash_batch(streams))
        cents = sum(group.total(AMOUNT, *ENTRY_GROUPS) for group in groups)
        decisions = self.decisions if batch.is_answered else []
        stored_streams = {**streams, **batch.side_streams}
        return BatchResult(
            number,
            first,
            counts,
            cents,
            self.head.chain_hash,
            stored_streams,
            rows,
            held,
            self._count_outcomes(batch),
            decisions,
        )

    def dry_run(self, batch: Batch, rehearsal: DryRunHandler) -> DryRunDecisions:
        """Decide ``batch``, and what it holds, as ``evaluate`` would have it; then take it all back.

        Room is made for all of it at first: no table grows between what is decided and what is taken back.
        """
        state, passes, last = self.state, list[PieceDecisions](), self.state.entries
        with self._stages.measure("rehearse"), state.restore_after():
            state.ensure_capacity(rehearsal.rows)
            for next_batch in chain([batch], rehearsal.retry_held(batch)):
                found = self._decide(next_batch)
                passes += zip(next_batch.pieces, found, strict=True)
                submission_progress.advance(next_batch, list(map(group_by_outcome, next_batch.pieces, found)))
            for piece, decisions in reversed(passes):
                undo_decisions(seal_array(piece.acts), state.book, seal_array(decisions))
            self._balances.clear_marks([piece.acts["period"] for piece, _ in passes])
        return DryRunDecisions(passes, self.head.batch, last)

    def _count_outcomes(self, batch: Batch) -> NDArray[np.int64]:
        """Lines by kind and code."""
        counts = np.zeros(len(CATALOG) * _CODE_COUNT, np.int64)
        for piece, decisions in zip(batch.pieces, self.decisions, strict=True):
            cell = piece.acts["kind"].astype(np.int32) * _CODE_COUNT + decisions["outcome"]
            counts += np.bincount(cell, minlength=len(counts))
        return counts.reshape(len(CATALOG), _CODE_COUNT)

    def _decide(self, batch: Batch) -> list[np.ndarray]:
        """One pass over all pieces in order; what each piece's lines became."""
        self.state.ensure_capacity(batch.rows)
        batch_decisions = []
        for piece in batch.pieces:
            self.state.add_cells(piece.new_words, piece.cells_before)
            decisions, last_entry = allocate_records(Decisions, len(piece.acts)), self.state.entries
            changes = self.state.payee_changes
            kernel.decide(seal_array(piece.acts), self.state.book, decisions, batch.is_holding)
            self.state.note_changes(piece.acts, decisions, changes)
            if piece.is_atomic:
                enforce_atomicity(piece.acts, decisions, self.state.book, last_entry)
            batch_decisions.append(decisions)
        return batch_decisions

    def _encode(
        self, batch: Batch, groups: list[OutcomeGroups], where: tuple[int, int]
    ) -> tuple[dict[str, NDArray[np.uint8]], dict[str, int]]:
        """COPY bytes of the chained tables, and how many rows each has."""
        parts: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in HASHED_TABLES}
        counts: dict[str, int] = dict.fromkeys(HASHED_TABLES, 0)
        (number, cell), position = where, 0
        for piece, decisions, group in zip(batch.pieces, self.decisions, groups, strict=True):
            position_in_batch = BatchPosition(number, position, self.state.registry.first_node)
            decided = DecidedPiece(piece, decisions, group)
            entered = group.total(LINES, *ENTRY_GROUPS)
            if entered:
                counts["entry"] += entered
                parts["entry"].append(outcome_rows.encode_entries(decided, position_in_batch))
            for name, (rows, texts) in outcome_rows.build_side_table_rows(decided, position_in_batch).items():
                counts[name] += len(rows[0])
                parts[name].append(self._encoders[name].encode(rows, texts))
            if len(piece.new_words):
                rows = cells.to_rows(piece.new_words, cell, number, self.state.registry)
                parts["cell"].append(self._encoders["cell"].encode(rows))
                cell, counts["cell"] = cell + len(piece.new_words), counts["cell"] + len(piece.new_words)
            position += len(decisions)
        return {name: _concatenate(group) for name, group in parts.items()}, counts

    def _hash_batch(self, streams: dict[str, NDArray[np.uint8]]) -> bytes:
        """The rows first and the previous hash last: the rows' share needs no waiting for it."""
        digest = hashlib.sha256()
        for name in HASHED_TABLES:
            digest.update(streams[name].data)
        digest.update(self.head.chain_hash)
        return digest.digest()


def _concatenate(parts: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)
