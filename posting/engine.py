"""The engine: evaluates a batch of acts against the book and returns everything to store.

The same batch and the same book always give the same bytes: the engine reads no clock and uses no randomness.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.directory import Directory
from core.outcome_codes import Outcome
from core.period_states import PeriodDecision, apply_decision
from core.stage_timing import StageTimes
from core.tables.columns import allocate_records, seal_array
from core.tables.journal import (
    Decisions,
    Duplicates,
    NewCells,
    NewPayees,
    Refusals,
    RequestPages,
)
from core.tables.periods import PeriodEffects
from kernels import decisions as kernel
from kernels.outcome_counts import AMOUNT, LINES, REFUSED
from kernels.rollback import undo_decisions
from posting import outcome_rows, submission_progress
from posting.atomicity import enforce_atomicity
from posting.balances import Balances
from posting.batch import (
    FINAL_PASS,
    Batch,
    BatchResult,
    DryRunDecisions,
    DryRunHandler,
    Piece,
    PieceDecisions,
)
from posting.book import cells
from posting.book.book_state import BookState
from posting.claim_limits import NO_LIMITS, ClaimLimits, split_at_claims
from posting.details_evidence import EvidenceEncoder
from posting.document_numbers import DocumentNumberer
from posting.hands import Hands
from posting.hash_chain import HASHED_TABLES, ChainHead, link_batch
from posting.outcome_groups import ENTRY_GROUPS, OutcomeGroups, group_by_outcome
from posting.outcome_rows import BatchPosition, DecidedPiece
from posting.pgcopy import Encoder
from posting.refusal_stretches import store_refusals

_CODE_COUNT = max(Outcome) + 1
_BILLS = np.array([kind.bills for kind in CATALOG])


class _DecidedBatch(NamedTuple):
    """The pieces of a batch that were decided, and the decisions of each."""

    batch: Batch
    decisions: list[np.ndarray]


class Engine:
    """Evaluates batches one after the other; used by one thread only."""

    def __init__(self, state: BookState, head: ChainHead, stages: StageTimes | None = None) -> None:
        self.state, self.head, self._stages = state, head, stages or StageTimes()
        self.decisions: list[np.ndarray] = []
        """The decisions on the lines of the last batch, piece by piece."""
        self._balances = Balances(state)
        self._new_decisions: list[int] = []
        """Decisions about periods that hold from the next batch on."""
        self._hands, self._evidence = Hands(state), EvidenceEncoder()
        self._documents = DocumentNumberer(state.last_documents)
        self._encoders = {
            "refusal": Encoder(Refusals, 2),
            "duplicate": Encoder(Duplicates),
            "payee": Encoder(NewPayees, 4),
            "cell": Encoder(NewCells),
            "request_detail": Encoder(RequestPages, 1),
            "period_effect": Encoder(PeriodEffects),
        }

    def follow_directory(self, directory: Directory) -> None:
        """Follow the directory of persons from the next batch on, which stores that."""
        self._hands.follow_directory(directory)

    def apply_period_decisions(self, decisions: Sequence[PeriodDecision]) -> None:
        """Apply decisions about periods: they hold from the next batch on, which stores that."""
        for decision in decisions:
            apply_decision(self.state.book.periods, decision)
            self.state.last_period_decision = decision.decision
            self._new_decisions.append(decision.decision)

    @property
    def has_unstored_decisions(self) -> bool:
        """Whether decisions about periods or the directory are followed that the next batch would store."""
        return bool(self._new_decisions) or self._hands.has_new_directory

    def _encode_beside(
        self, pieces: Sequence[Piece], groups: Sequence[OutcomeGroups], *, after_batch: int
    ) -> dict[str, NDArray[np.uint8]]:
        """Return the COPY bytes of what is stored beside the journal: persons, agreements, evidence, what it follows."""
        numbers, self._new_decisions = np.array(self._new_decisions, np.int64), []
        rows = PeriodEffects(numbers, np.full(len(numbers), after_batch, np.int64))
        streams = self._hands.encode(pieces, self.decisions, after_batch=after_batch)
        streams |= self._evidence.encode(pieces, self.decisions, groups)
        return {**streams, "period_effect": self._encoders["period_effect"].encode(rows)}

    def evaluate(self, batch: Batch, limits: ClaimLimits = NO_LIMITS) -> BatchResult:
        """Decide ``batch``, up to the first piece that ends a pass with held acts, and encode everything to store."""
        number, first = self.head.batch + 1, self.state.entries + 1
        first_claim = self.state.invoices
        first_cell = len(self.state.cell_words)
        with self._stages.measure("decide"):
            self.state.rehash_in_background()
            batch, self.decisions = self._decide(batch, limits)
        with self._stages.measure("encode"):
            groups = list(map(group_by_outcome, batch.pieces, self.decisions))
            beside = self._encode_beside(batch.pieces, groups, after_batch=number - 1)
            decided = [
                DecidedPiece(piece, decisions, group, store_refusals(piece, decisions, group))
                for piece, decisions, group in zip(batch.pieces, self.decisions, groups, strict=True)
            ]
            streams, counts = self._encode(decided, batch_number=number, first_cell=first_cell)
            streams |= self._balances.encode_changes(number)
            streams |= self._documents.encode(number, batch.pieces, self.decisions)
            rows, held = submission_progress.advance(batch, groups)
        with self._stages.measure("hash"):
            self.head = link_batch(self.head, streams)
        cents = sum(group.total(AMOUNT, *ENTRY_GROUPS) for group in groups)
        stored_streams = {**streams, **beside, **batch.side_streams}
        outcome_counts = self._count_outcomes(batch)
        requests = int(outcome_counts[_BILLS, Outcome.ACCEPTED].sum())
        return BatchResult(
            number,
            first,
            counts,
            cents,
            self.head.chain_hash,
            stored_streams,
            rows,
            held,
            outcome_counts,
            self.decisions if batch.is_answered else [],
            sum(group.total(LINES, REFUSED) for group in groups),
            sum((group.kind_cents for group in groups), np.zeros(len(CATALOG), np.int64)),
            requests - self.state.count_invoice_requests(first_claim),
        )

    def dry_run(
        self, batch: Batch, handler: DryRunHandler, limits: ClaimLimits = NO_LIMITS
    ) -> DryRunDecisions:
        """Decide ``batch`` and all that follows it in the dry run as ``evaluate`` would, then undo all of it.

        Acts of others that wait are not seen: a real run would come after their last pass.  Capacity is ensured once at the
        start: no table may grow between the decisions and their undoing.
        """
        state, passes, last_entry = self.state, list[PieceDecisions](), self.state.entries
        with self._stages.measure("rehearse"), state.restore_after():
            state.clear_waiting()
            state.ensure_capacity(handler.rows)
            for next_batch in handler.order_batches(batch):
                decided, decisions = self._decide(next_batch, limits)
                passes += map(PieceDecisions, decided.pieces, decisions)
                submission_progress.advance(decided, list(map(group_by_outcome, decided.pieces, decisions)))
            for piece, piece_decisions in reversed(passes):
                undo_decisions(seal_array(piece.acts), state.book, seal_array(piece_decisions))
            self._balances.clear_marks()
        for _, piece_decisions in passes:
            piece_decisions["entry"][piece_decisions["entry"] > last_entry] = 0
        return DryRunDecisions(passes, self.head.batch, last_entry)

    def _count_outcomes(self, batch: Batch) -> NDArray[np.int64]:
        """Count the batch's lines by kind and outcome."""
        counts = np.zeros(len(CATALOG) * _CODE_COUNT, np.int64)
        for piece, decisions in zip(batch.pieces, self.decisions, strict=True):
            cell = piece.acts["kind"].astype(np.int32) * _CODE_COUNT + decisions["outcome"]
            counts += np.bincount(cell, minlength=len(counts))
        return counts.reshape(len(CATALOG), _CODE_COUNT)

    def _decide(self, batch: Batch, limits: ClaimLimits) -> _DecidedBatch:
        """Decide the pieces in order, up to the first that ends a pass with held acts: they come before the next piece."""
        self.state.ensure_capacity(batch.rows)
        self._hands.begin()
        batch_decisions: list[np.ndarray] = []
        for piece in batch.pieces:
            is_holding = batch.is_holding and piece.progress_after.pass_number != FINAL_PASS
            batch_decisions.append(self._decide_piece(piece, limits, is_holding=is_holding))
            if is_holding and piece.progress_after.is_done and self.state.has_waiting:
                break
        return _DecidedBatch(replace(batch, pieces=batch.pieces[: len(batch_decisions)]), batch_decisions)

    def _decide_piece(self, piece: Piece, limits: ClaimLimits, *, is_holding: bool) -> np.ndarray:
        self.state.add_cells(piece.new_words, piece.cells_before)
        self._hands.prepare(piece)
        decisions, last_entry = allocate_records(Decisions, len(piece.acts)), self.state.entries
        changes = self.state.payee_changes
        tentative = limits.copy()
        for span in split_at_claims(piece, limits, self.state):
            tentative.mark_claims(piece, span, self.state)
            acts = _select_acts(piece.acts, span)
            kernel.decide(seal_array(acts), self.state.book, decisions[span], is_holding)
            tentative.add_claims(acts, decisions[span])
        self.state.note_changes(piece.acts, decisions, changes)
        if piece.is_atomic:
            enforce_atomicity(piece.acts, decisions, self.state.book, last_entry=last_entry)
        limits.add_claims(piece.acts, decisions)
        return decisions

    def _encode(
        self, decided_pieces: list[DecidedPiece], *, batch_number: int, first_cell: int
    ) -> tuple[dict[str, NDArray[np.uint8]], dict[str, int]]:
        """Return the COPY bytes and the row count of each hashed table."""
        parts: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in HASHED_TABLES}
        counts: dict[str, int] = dict.fromkeys(HASHED_TABLES, 0)
        cell, position = first_cell, 0
        for decided in decided_pieces:
            piece = decided.piece
            position_in_batch = BatchPosition(batch_number, position, self.state.registry.first_node)
            entries = decided.groups.total(LINES, *ENTRY_GROUPS)
            if entries:
                counts["entry"] += entries
                parts["entry"].append(outcome_rows.encode_entries(decided, position_in_batch))
            for name, (rows, texts) in outcome_rows.build_side_table_rows(decided, position_in_batch).items():
                counts[name] += len(rows[0])
                parts[name].append(self._encoders[name].encode(rows, texts))
            if len(piece.new_words):
                rows = cells.to_rows(
                    piece.new_words, first=cell, batch=batch_number, registry=self.state.registry
                )
                parts["cell"].append(self._encoders["cell"].encode(rows))
                cell, counts["cell"] = cell + len(piece.new_words), counts["cell"] + len(piece.new_words)
            position += len(decided.decisions)
        return {name: _concatenate(streams) for name, streams in parts.items()}, counts


def _select_acts(acts: np.ndarray, span: slice) -> np.ndarray:
    """Return some of the ``acts``, whole ones, as the kernel reads them: a copy, unless they are the first."""
    if span.start == 0:
        return acts[span]
    part = acts[span].copy()
    part["head"] -= span.start
    return part


def _concatenate(parts: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)
