"""Forms: acts that come one by one and are decided together, in batches of whatever has come meanwhile.

All forms of a sender are the lines of one submission that is never closed.  A form is stored as it came in the
transaction of its batch, so that it needs no spool: until that commit nothing is acknowledged.
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
from ingest.resolution.resolver import ResolutionContext, ResolvedLines, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from posting.batch import Batch, BatchResult, Piece, Progress, Submission
from posting.pgcopy import Encoder, TextCells
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import NewSubmission, PostgresStore

FORMAT = "form"
"""In place of a file's format."""

OnTakenUp = Callable[[Submission], None]
"""Told of every submission that is taken up."""

RunInLoop = Callable[[Coroutine[Any, Any, Any]], Any]
"""How the reader thread asks the store."""


def build_columns(rows: list[dict[str, str]]) -> pa.RecordBatch:
    """Act lines as columns: those that any line says something in, and the reference, so that each line is one."""
    names = dict.fromkeys((Field.REFERENCE.column, *chain.from_iterable(rows)))
    columns = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in names}
    return pa.RecordBatch.from_pydict(columns)


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Act lines of one sender that came together, and who waits for what becomes of them."""

    sender: str
    rows: list[dict[str, str]]
    body: bytes
    result: "Future[FormResult]"
    is_atomic: bool = False
    """Whether its acts are accepted all or not at all."""
    received_at: float = field(default_factory=time.monotonic)
    """When it came, on the clock that only goes forward."""


class FormResult(NamedTuple):
    """What became of a form, once that is committed."""

    submission: int
    first_line: int
    """Position of its first line in the submission, from 0."""
    batch: int
    chain: bytes
    decisions: np.ndarray
    fields: np.ndarray
    """The field of each line's fault, where its outcome is that fault; else 0."""
    first_node: int
    """Number of the node at position 0 of the decisions' nodes."""


class _FormPosition(NamedTuple):
    """Where the lines of a form stand: its piece of the batch, and the first one in it."""

    form: Form
    piece: int
    first: int


@dataclass(slots=True)
class FormBatch:
    """A batch of forms under way."""

    forms: list[Form]
    taken_at: float
    """When they were taken, on the queue's clock."""
    pieces: list[Piece] = field(default_factory=list)
    positions: list[_FormPosition] = field(default_factory=list)

    def deliver_results(self, outcome: BatchResult, first_node: int) -> None:
        """Tell everybody who waits."""
        fields = [
            np.where(decisions["outcome"] == piece.acts["fault"], piece.field, 0)
            for piece, decisions in zip(self.pieces, outcome.decisions, strict=True)
        ]
        for form, at, first in self.positions:
            piece, lines = self.pieces[at], slice(first, first + len(form.rows))
            found = FormResult(
                submission=piece.submission.number,
                first_line=int(piece.lines[first]),
                batch=outcome.number,
                chain=outcome.chain,
                decisions=outcome.decisions[at][lines],
                fields=fields[at][lines],
                first_node=first_node,
            )
            if not form.result.done():
                form.result.set_result(found)


def _split_atomic(forms: list[Form]) -> Iterator[list[Form]]:
    """``forms`` in order, in shares that are a piece each: one that is accepted whole or not at all stands alone."""
    some: list[Form] = []
    for form in forms:
        if some and (form.is_atomic or some[-1].is_atomic):
            yield some
            some = []
        some.append(form)
    yield some


@dataclass(slots=True)
class _SenderForms:
    """A sender's submission of forms, and the line that comes next."""

    submission: Submission
    sender_number: int
    next_line: int


class FormBatcher:
    """Turns forms into batches on one loaded book; in the reader thread."""

    def __init__(
        self,
        store: PostgresStore,
        loaded: LoadedBook,
        context: ResolutionContext,
        ways: tuple[RunInLoop, OnTakenUp],
    ) -> None:
        self._store, self._loaded, (self._run_in_loop, self._on_taken_up) = store, loaded, ways
        self._context = replace(context, dictionary_cache=DictionaryCache())
        self._forms_by_sender: dict[str, _SenderForms] = {}
        self._encoder = Encoder(FormRows, 1)

    @property
    def first_node(self) -> int:
        """Number of the node that stands at position 0 of the book."""
        return self._loaded.state.registry.first_node

    def build_batch(self, form_batch: FormBatch) -> Batch:
        """The batch that ``decided`` is told of: the forms of each sender next to each other, in order."""
        by_sender: dict[str, list[Form]] = {}
        for form in form_batch.forms:
            by_sender.setdefault(form.sender, []).append(form)
        groups = [(sender, some) for sender, forms in by_sender.items() for some in _split_atomic(forms)]
        for at, (_, forms) in enumerate(groups):
            first = 0
            for form in forms:
                form_batch.positions.append(_FormPosition(form, at, first))
                first += len(form.rows)
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
        """Where the sender's forms stand; a submission for them at the first."""
        digest = hashlib.sha256(f"forms of {sender}".encode()).digest()
        before = await self._store.find_submission(sender, digest)
        if before is None:
            await self._store.register_submission(
                NewSubmission(sender, "forms", digest, "forms", FORMAT, 0, 1, None, None, None)
            )
            before = await self._store.find_submission(sender, digest)
        assert before is not None  # noqa: S101 -- it was registered a line above
        submission = await self._store.load_submission(before.number)
        self._on_taken_up(submission)
        number = await self._store.number_sender(self._loaded.state.registry.numbers, sender)
        return _SenderForms(submission, number, submission.progress.next_line)

    def _build_pieces(self, groups: list[tuple[str, list[Form]]]) -> list[Piece]:
        """A piece for each group of a sender's forms; all lines are resolved together, for little more than those of one."""
        accounts = [self._find_sender_forms(sender) for sender, _ in groups]
        rows = [[row for form in forms for row in form.rows] for _, forms in groups]
        raw = build_columns([*chain.from_iterable(rows)])
        numbers = np.repeat([each.sender_number for each in accounts], [len(each) for each in rows])
        found, pieces, first = resolve(raw, Sender(numbers), self._context), list[Piece](), 0
        for account, own, (_, forms) in zip(accounts, rows, groups, strict=True):
            piece = _build_piece(account, found, slice(first, first + len(own)))
            pieces.append(replace(piece, is_atomic=forms[0].is_atomic))
            first += len(own)
        return pieces

    def _encode_forms(self, form_batch: FormBatch) -> np.ndarray:
        """COPY bytes of the forms as they came."""
        pieces = [form_batch.pieces[place.piece] for place in form_batch.positions]
        numbers = np.array([piece.submission.number for piece in pieces], np.int32)
        firsts = zip(pieces, form_batch.positions, strict=True)
        lines = np.array([piece.lines[place.first] for piece, place in firsts], np.int32)
        bodies = [place.form.body for place in form_batch.positions]
        ends = np.cumsum([len(body) for body in bodies], dtype=np.int32)
        starts = np.concatenate([np.zeros(1, np.int32), ends[:-1]])
        text = TextCells(seal(Spans(starts, ends)), seal(Bytes(np.frombuffer(b"".join(bodies), np.uint8))))
        return self._encoder.encode(FormRows(numbers, lines), (text,))


def _build_piece(account: _SenderForms, found: ResolvedLines, at: slice) -> Piece:
    """One sender's lines of what was resolved; the first piece brings the new cells of all."""
    raw = found.raw.slice(at.start, at.stop - at.start)
    first, account.next_line = account.next_line, account.next_line + raw.num_rows
    acts = found.acts[at]
    acts["head"] -= at.start
    is_first = at.start == 0
    return Piece(
        account.submission,
        acts,
        np.arange(first, account.next_line, dtype=np.int32),
        found.day[at],
        found.cents[at],
        seal(Spans(*(np.ascontiguousarray(each[at]) for each in found.reference))),
        found.text,
        found.field[at],
        found.new_words if is_first else found.new_words[:0],
        raw,
        Progress(1, account.next_line, True),
        cells_before=found.cells_before if is_first else found.cells_before + len(found.new_words),
    )
