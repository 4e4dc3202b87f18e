"""Forms: acts that arrive one by one and are decided together, in batches of whatever has arrived meanwhile.

All forms of a sender are the lines of one submission that is never closed.  A form is stored as it was received in the
transaction of its batch, so it needs no spool: nothing is acknowledged before that commit.
"""

import hashlib
import time
from asyncio import Future
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from core.act_fields import Field
from core.tables.columns import seal
from core.tables.journal import Bytes, Spans
from core.tables.raw_lines import FormRows
from ingest.queue.events import OnTakenUp
from ingest.resolution.resolver import ResolutionContext, ResolvedLines, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from posting.batch import Batch, BatchResult, Piece, Progress, Submission
from posting.missing_amounts import read_missing_cents
from posting.outcome_rows import find_fields
from posting.pgcopy import Encoder, TextCells
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore
from posting.store.submission_rows import NewSubmission

FORMAT = "form"
"""Stored in place of a file's format."""


RunInLoop = Callable[[Coroutine[Any, Any, Any]], Any]
"""Runs a coroutine of the store for the reader thread."""


def build_columns(rows: list[dict[str, str]]) -> pa.RecordBatch:
    """Build columns of act lines: those with a value in some line, and always the reference, one for each line."""
    names = dict.fromkeys((Field.REFERENCE.column, *chain.from_iterable(rows)))
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    return pa.RecordBatch.from_pydict(columns)


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Act lines of one sender that arrived together, and the future of their result."""

    sender: str
    rows: list[dict[str, str]]
    body: bytes
    result: "Future[FormResult]"
    is_atomic: bool = False
    """Whether its acts are accepted all or not at all."""
    received_at: float = field(default_factory=time.monotonic)
    """When it arrived, on the monotonic clock."""


class FormResult(NamedTuple):
    """The decisions on a form, once they are committed."""

    submission: int
    first_line: int
    """Position of its first line in the submission, from 0."""
    batch: int
    chain: bytes
    decisions: np.ndarray
    fields: np.ndarray
    """The field that the outcome of each line names; else 0."""
    missing: np.ndarray
    """The missing cents that each refused line states; else 0."""
    first_node: int
    """The number of the node at position 0 of the decisions' nodes."""


class _FormPosition(NamedTuple):
    """The position of a form in its batch: the piece, and its first line in the piece."""

    form: Form
    piece: int
    first: int


@dataclass(slots=True)
class FormBatch:
    """A batch of forms under way."""

    forms: list[Form]
    taken_at: float
    """When the forms were taken from the queue, on its clock."""
    pieces: list[Piece] = field(default_factory=list)
    positions: list[_FormPosition] = field(default_factory=list)

    def deliver_results(self, batch_result: BatchResult, first_node: int) -> None:
        """Deliver the result of each form to its caller."""
        fields = [
            find_fields(decisions["outcome"], piece.acts["fault"], piece.field)
            for piece, decisions in zip(self.pieces, batch_result.decisions, strict=True)
        ]
        missing = [
            read_missing_cents(piece, decisions)
            for piece, decisions in zip(self.pieces, batch_result.decisions, strict=True)
        ]
        for form, piece_number, first in self.positions:
            piece, lines = self.pieces[piece_number], slice(first, first + len(form.rows))
            result = FormResult(
                submission=piece.submission.number,
                first_line=int(piece.lines[first]),
                batch=batch_result.number,
                chain=batch_result.chain,
                decisions=batch_result.decisions[piece_number][lines],
                fields=fields[piece_number][lines],
                missing=missing[piece_number][lines],
                first_node=first_node,
            )
            if not form.result.done():
                form.result.set_result(result)


def _split_atomic(forms: list[Form]) -> Iterator[list[Form]]:
    """Yield ``forms`` in order, in groups of one piece each: an atomic form is a group by itself."""
    group: list[Form] = []
    for form in forms:
        if group and (form.is_atomic or group[-1].is_atomic):
            yield group
            group = []
        group.append(form)
    yield group


@dataclass(slots=True)
class _SenderForms:
    """A sender's submission of forms, and its next line."""

    submission: Submission
    sender_number: int
    next_line: int


class FormBatcher:
    """Builds batches of forms on one loaded book, in the reader thread."""

    def __init__(
        self,
        store: PostgresStore,
        loaded: LoadedBook,
        context: ResolutionContext,
        *,
        run_in_loop: RunInLoop,
        on_taken_up: OnTakenUp,
    ) -> None:
        self._store, self._loaded = store, loaded
        self._run_in_loop, self._on_taken_up = run_in_loop, on_taken_up
        self._context = replace(context, dictionary_cache=DictionaryCache())
        self._forms_by_sender: dict[str, _SenderForms] = {}
        self._encoder = Encoder(FormRows, 1)

    @property
    def first_node(self) -> int:
        """The number of the node at position 0 of the book."""
        return self._loaded.state.registry.first_node

    def build_batch(self, form_batch: FormBatch) -> Batch:
        """Build the batch of ``form_batch``: the forms of each sender are consecutive, in order."""
        by_sender: dict[str, list[Form]] = {}
        for form in form_batch.forms:
            by_sender.setdefault(form.sender, []).append(form)
        groups = [(sender, group) for sender, forms in by_sender.items() for group in _split_atomic(forms)]
        for piece_number, (_, forms) in enumerate(groups):
            first_line = 0
            for form in forms:
                form_batch.positions.append(_FormPosition(form, piece_number, first_line))
                first_line += len(form.rows)
        form_batch.pieces += self._build_pieces(groups)
        return Batch(
            form_batch.pieces,
            is_holding=False,
            side_streams={"form": self._encode_forms(form_batch)},
            is_answered=True,
        )

    def _find_sender_forms(self, sender: str) -> _SenderForms:
        if sender not in self._forms_by_sender:
            self._forms_by_sender[sender] = self._run_in_loop(self._open_sender_forms(sender))
        return self._forms_by_sender[sender]

    async def _open_sender_forms(self, sender: str) -> _SenderForms:
        """Find the submission of a sender's forms; register it at the first form."""
        digest = hashlib.sha256(f"forms of {sender}".encode()).digest()
        prior = await self._store.find_submission(sender, digest)
        if prior is None:
            await self._store.register_submission(
                NewSubmission(sender, "forms", digest, "forms", FORMAT, 0, 1, None, None, None)
            )
            prior = await self._store.find_submission(sender, digest)
        assert prior is not None  # noqa: S101 -- it was registered a line above
        submission = await self._store.load_submission(prior.number)
        self._on_taken_up(submission)
        number = await self._store.number_sender(self._loaded.state.registry.numbers, sender)
        return _SenderForms(submission, number, submission.progress.next_line)

    def _build_pieces(self, groups: list[tuple[str, list[Form]]]) -> list[Piece]:
        """Build a piece for each group of forms; all lines are resolved together, which costs little more than one group."""
        submissions = [self._find_sender_forms(sender) for sender, _ in groups]
        rows = [[row for form in forms for row in form.rows] for _, forms in groups]
        row_counts = [len(group_rows) for group_rows in rows]
        raw = build_columns([*chain.from_iterable(rows)])
        numbers = np.repeat([sender_forms.sender_number for sender_forms in submissions], row_counts)
        resolved, pieces, first = resolve(raw, Sender(numbers), self._context), list[Piece](), 0
        for sender_forms, row_count, (_, forms) in zip(submissions, row_counts, groups, strict=True):
            piece = _build_piece(sender_forms, resolved, slice(first, first + row_count))
            pieces.append(replace(piece, is_atomic=forms[0].is_atomic))
            first += row_count
        return pieces

    def _encode_forms(self, form_batch: FormBatch) -> np.ndarray:
        """Encode the forms as received, for COPY."""
        pieces = [form_batch.pieces[position.piece] for position in form_batch.positions]
        numbers = np.array([piece.submission.number for piece in pieces], np.int32)
        firsts = zip(pieces, form_batch.positions, strict=True)
        lines = np.array([piece.lines[position.first] for piece, position in firsts], np.int32)
        bodies = [position.form.body for position in form_batch.positions]
        ends = np.cumsum([len(body) for body in bodies], dtype=np.int32)
        starts = np.concatenate([np.zeros(1, np.int32), ends[:-1]])
        text = TextCells(seal(Spans(starts, ends)), seal(Bytes(np.frombuffer(b"".join(bodies), np.uint8))))
        return self._encoder.encode(FormRows(numbers, lines), (text,))


def _build_piece(sender_forms: _SenderForms, resolved: ResolvedLines, rows: slice) -> Piece:
    """Build the piece of one group from the lines resolved together; the first piece has the new cells of all."""
    raw = resolved.raw.slice(rows.start, rows.stop - rows.start)
    first, sender_forms.next_line = sender_forms.next_line, sender_forms.next_line + raw.num_rows
    acts = resolved.acts[rows]
    acts["head"] -= rows.start
    claims = resolved.limited_claims
    is_first = rows.start == 0
    return Piece(
        sender_forms.submission,
        acts,
        np.arange(first, sender_forms.next_line, dtype=np.int32),
        resolved.day[rows],
        resolved.cents[rows],
        seal(Spans(*(np.ascontiguousarray(column[rows]) for column in resolved.reference))),
        resolved.text,
        resolved.field[rows],
        resolved.new_words if is_first else resolved.new_words[:0],
        raw,
        Progress(1, sender_forms.next_line, True),
        signatures=resolved.signatures,
        merges=resolved.merges,
        limited_claims=claims[(claims >= rows.start) & (claims < rows.stop)] - rows.start,
        cells_before=resolved.cells_before if is_first else resolved.cells_before + len(resolved.new_words),
    )
