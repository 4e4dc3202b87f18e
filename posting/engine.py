"""The spine: acts and a book in, everything that follows out.

Same batch and same book give the same bytes, always: no clock and no randomness inside.
"""

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.codes import Outcome as Code
from core.columns import records, sealed
from core.observer import Stages
from core.tables import Decisions, Duplicates, NewCells, NewPayees, Refusals
from kernels import decisions as kernel
from posting import cells, outcome_rows, progress
from posting.balances import Balances
from posting.batch import Batch, Outcome, Piece
from posting.book import State
from posting.outcome_rows import REGISTRATION, Place, rows_where
from posting.rows import Encoder

CHAINED: tuple[str, ...] = ("entry", "refusal", "duplicate", "payee", "cell")
"""Tables whose rows a batch's hash covers, in this order."""


class Head(NamedTuple):
    """Where the chain stands: the last batch and its hash."""

    batch: int
    chain: bytes


class Engine:
    """Evaluates batches one after the other.  One thread only."""

    def __init__(self, state: State, head: Head, stages: Stages | None = None) -> None:
        self.state, self.head, self._stages = state, head, stages or Stages()
        self._balances = Balances(state)
        self._encoders = {
            "refusal": Encoder(Refusals, 2),
            "duplicate": Encoder(Duplicates),
            "payee": Encoder(NewPayees, 4),
            "cell": Encoder(NewCells),
        }

    def evaluate(self, batch: Batch) -> Outcome:
        """Decide ``batch`` and lay out everything to store."""
        number, first = self.head.batch + 1, self.state.entries + 1
        first_cell = len(self.state.cell_words)
        with self._stages.measured("decide"):
            found = self._decide(batch)
        with self._stages.measured("encode"):
            streams, counts = self._encode(batch, found, (number, first_cell))
            periods = np.concatenate([piece.acts["period"] for piece in batch.pieces])
            streams |= self._balances.changed(number, periods)
            rows, held = progress.advance(batch, found)
        with self._stages.measured("hash"):
            self.head = Head(number, self._chain(streams))
        cents = sum(_accepted_cents(piece, one) for piece, one in zip(batch.pieces, found, strict=True))
        return Outcome(number, first, counts, cents, self.head.chain, streams, rows, held, found)

    def _decide(self, batch: Batch) -> list[np.ndarray]:
        """One pass over all pieces in order; what each piece's lines became."""
        self.state.make_room(batch.rows)
        found = []
        for piece in batch.pieces:
            self.state.add_cells(piece.new_words)
            one = records(Decisions, len(piece.acts))
            kernel.decide(sealed(piece.acts), self.state.book, one, batch.holding)
            self.state.note_changes(one)
            found.append(one)
        return found

    def _encode(
        self, batch: Batch, found: list[np.ndarray], where: tuple[int, int]
    ) -> tuple[dict[str, NDArray[np.uint8]], dict[str, int]]:
        """COPY bytes of the chained tables, and how many rows each has."""
        parts: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in CHAINED}
        counts: dict[str, int] = dict.fromkeys(CHAINED, 0)
        (number, cell), position = where, 0
        for piece, one in zip(batch.pieces, found, strict=True):
            place = Place(number, position, self.state.registry.first_node)
            accepted = int((one["outcome"] == Code.ACCEPTED).sum())
            if accepted:
                counts["entry"] += accepted
                parts["entry"].append(outcome_rows.journal(piece, one, accepted, place))
            for name, (rows, texts) in _rows(piece, one, place).items():
                counts[name] += len(rows[0])
                parts[name].append(self._encoders[name].encode(rows, texts))
            if len(piece.new_words):
                rows = cells.as_rows(piece.new_words, cell, number, self.state.registry)
                parts["cell"].append(self._encoders["cell"].encode(rows))
                cell, counts["cell"] = cell + len(piece.new_words), counts["cell"] + len(piece.new_words)
            position += len(one)
        return {name: _joined(each) for name, each in parts.items()}, counts

    def _chain(self, streams: dict[str, NDArray[np.uint8]]) -> bytes:
        """The rows first and the previous hash last: the rows' share needs no waiting for it."""
        digest = hashlib.sha256()
        for name in CHAINED:
            digest.update(streams[name].data)
        digest.update(self.head.chain)
        return digest.digest()


def _rows(piece: Piece, decisions: np.ndarray, place: Place) -> dict[str, tuple[NamedTuple, tuple]]:
    """The rows of every table that has some."""
    found: dict[str, tuple[NamedTuple, tuple]] = {}
    accepted = decisions["outcome"] == Code.ACCEPTED
    registered = np.flatnonzero(accepted & (piece.acts["kind"] == REGISTRATION))
    if len(registered):
        found["payee"] = outcome_rows.payees(piece, decisions, registered)
    refused = np.flatnonzero(decisions["outcome"] > Code.HELD)
    if len(refused):
        found["refusal"] = outcome_rows.refusals(piece, decisions, refused, place)
    repeated = rows_where(decisions, Code.DUPLICATE)
    if len(repeated):
        found["duplicate"] = (outcome_rows.duplicates(piece, decisions, repeated, place), ())
    return found


def _joined(parts: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.zeros(0, np.uint8)


def _accepted_cents(piece: Piece, decisions: np.ndarray) -> int:
    return int(piece.acts["amount"][decisions["outcome"] == Code.ACCEPTED].sum())
