"""An engine on the sample reference data that decides acts of any sender; nothing is stored."""

import numpy as np
import pyarrow as pa

from ingest.queue.open_submission import build_piece
from ingest.resolution.resolver import ResolutionContext, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from posting.batch import Batch, Progress, Submission
from posting.book.cells import CellNumbers
from posting.book.code_numbers import NumbersByCode, number_codes
from posting.book.empty_book import create_empty_book
from posting.book.registry import ReferenceData, Registry
from posting.engine import Engine
from posting.hash_chain import ChainHead


class SampleEngine:
    """An engine with an empty book."""

    def __init__(self) -> None:
        reference, numbers = ReferenceData.load(), NumbersByCode()
        number_codes(numbers, reference.list_codes())
        state = create_empty_book(Registry(reference, numbers))
        self._engine = Engine(state, ChainHead(0, bytes(32)))
        self._context = ResolutionContext(
            state.registry, CellNumbers(state.cell_words[1:]), DictionaryCache(), (11, 13)
        )

    def decide(self, sender: int, raw: pa.RecordBatch) -> np.ndarray:
        """Decide the lines of a sender; return their decisions."""
        resolved = resolve(raw, Sender(sender), self._context)
        piece = build_piece(
            resolved,
            Submission(sender, "sender", None),
            np.arange(raw.num_rows, dtype=np.int32),
            progress_after=Progress(1, raw.num_rows, True),
        )
        self._engine.evaluate(Batch([piece], is_holding=False))
        return self._engine.decisions[0]
