"""The hands of a batch: the directory it is decided by, the agreements of senders, and the signatures to store."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.directory import Directory
from core.outcome_codes import Outcome
from core.tables.signatures import AgreementUses, DirectoryEffects, EntrySignatures
from posting import agreements, signatures
from posting.agreements import AgreementRules
from posting.batch import Piece
from posting.book.book_state import BookState
from posting.pgcopy import Encoder

Streams = dict[str, NDArray[np.uint8]]


class Hands:
    """Applies the directory to the lines of each piece, and encodes what a batch stores of it."""

    def __init__(self, state: BookState) -> None:
        self._state, self._rules = state, AgreementRules.from_calendar(state.registry.reference.calendar)
        self._new_change = 0
        """The last change that holds from the next batch on; 0 if there is none."""
        self._numbers: list[NDArray[np.int32] | None] = []
        """The agreement of each line, piece by piece, as the pieces were prepared; None where no line has one."""
        self._tables: list[np.ndarray] = []
        """The numbered signatures of each piece."""
        self._encoders = {
            "entry_signature": Encoder(EntrySignatures),
            "agreement_use": Encoder(AgreementUses),
            "directory_effect": Encoder(DirectoryEffects),
        }

    def follow_directory(self, directory: Directory) -> None:
        """Follow ``directory`` from the next batch on."""
        self._state.follow_directory(directory)
        self._new_change = directory.last_change

    @property
    def has_new_directory(self) -> bool:
        """Whether the next batch stores that it follows a directory."""
        return self._new_change > 0

    def begin(self) -> None:
        """Begin a batch, or a dry run."""
        self._numbers, self._tables = [], []

    def prepare(self, piece: Piece) -> None:
        """Refuse the lines of ``piece`` that lack an agreement, and let the book decide by its signatures."""
        directory = self._state.directory
        own = directory.agreements_by_sender.get(piece.submission.sender, ())
        self._numbers.append(agreements.mark_lines(piece, own, self._rules))
        signed = signatures.number_signatures(piece.signatures, directory)
        if piece.signatures:
            signed.mark_lines(piece)
        self._state.use_signatures(signed.table)
        self._tables.append(signed.table)

    def encode(
        self, pieces: Sequence[Piece], decisions: Sequence[np.ndarray], *, after_batch: int
    ) -> Streams:
        """Return the COPY bytes of what the batch stores: signatures, agreements, and the changes it follows first."""
        streams = {"directory_effect": self._encode_effects(after_batch)}
        used = [row for row in zip(pieces, decisions, self._numbers, strict=True) if row[2] is not None]
        if used:
            entries, numbers = zip(
                *((_find_entries(decision), number) for _, decision, number in used), strict=True
            )
            uses = agreements.list_uses(np.concatenate(entries), np.concatenate(numbers))
            streams["agreement_use"] = self._encoders["agreement_use"].encode(uses)
        signed = [
            _list_signatures(piece.acts["signature"], table, _find_entries(decision))
            for piece, table, decision in zip(pieces, self._tables, decisions, strict=True)
            if piece.signatures
        ]
        if signed:
            rows = EntrySignatures._make(map(np.concatenate, zip(*signed, strict=True)))
            streams["entry_signature"] = self._encoders["entry_signature"].encode(rows)
        return streams

    def _encode_effects(self, after_batch: int) -> NDArray[np.uint8]:
        changes, self._new_change = np.array([self._new_change] if self._new_change else [], np.int64), 0
        rows = DirectoryEffects(changes, np.full(len(changes), after_batch, np.int64))
        return self._encoders["directory_effect"].encode(rows)


def _find_entries(decisions: np.ndarray) -> NDArray[np.int64]:
    """Return the entry of each accepted line; 0 for any other."""
    return np.where(decisions["outcome"] == Outcome.ACCEPTED, decisions["entry"], 0)


def _list_signatures(row: NDArray[np.int32], table: np.ndarray, entry: NDArray[np.int64]) -> EntrySignatures:
    is_signed = (row > 0) & (entry > 0)
    signature = table[row[is_signed]]
    numbers = (np.ascontiguousarray(signature[name]) for name in ("entered", "validated", "delegation"))
    return EntrySignatures(entry[is_signed], *numbers)
