"""An engine on the shipped reference data that decides acts of any sender as they come; nothing is stored."""

import numpy as np
import pyarrow as pa

from ingest.resolution.resolver import Context, Sender, resolve
from ingest.resolution.text_columns import Memory
from posting.batch import Batch, Piece, Stage, Submission
from posting.book.book_state import empty
from posting.book.cells import CellNumbers
from posting.book.registry import Numbers, Reference, Registry, number
from posting.engine import Engine, Head


class Decider:
    """A book, and what brings acts before it."""

    def __init__(self) -> None:
        reference, numbers = Reference.load(), Numbers()
        number(numbers, reference.codes())
        state = empty(Registry(reference, numbers))
        self._engine = Engine(state, Head(0, bytes(32)))
        self._context = Context(state.registry, CellNumbers(state.cell_words[1:]), Memory(), (11, 13))

    def decide(self, sender: int, raw: pa.RecordBatch) -> np.ndarray:
        """What becomes of each line."""
        found = resolve(raw, Sender(sender), self._context)
        lines = np.arange(raw.num_rows, dtype=np.int32)
        parts = (found.day, found.cents, found.reference, found.text, found.field, found.new_words)
        then = Stage(1, raw.num_rows, True)
        piece = Piece(
            Submission(sender, "sender", None),
            found.acts,
            lines,
            *parts,
            raw,
            then,
            cells_before=found.cells_before,
        )
        self._engine.evaluate(Batch([piece], holding=False))
        return self._engine.decided[0]
