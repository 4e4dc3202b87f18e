"""A text column as the kernels read it: the bytes, where each distinct value stands in them, and which value a row has.

Arrow gives a column either as one text a row or as a dictionary and indices.  Both become the same thing here, so that
the work is done once a distinct value wherever the file allows it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.columns import blank, seal
from core.tables import Bytes, Flags, Spans, Words
from kernels import parsing, texts


@dataclass(frozen=True, slots=True)
class TextColumn:
    """Distinct values, an empty one behind them, and the value of each row (``None``: row k has value k)."""

    spans: Spans
    text: Bytes
    codes: NDArray[np.int32] | None
    values: pa.Array
    rows: int

    @classmethod
    def of(cls, array: pa.Array) -> "TextColumn":
        """View an Arrow string or dictionary column; null reads as empty."""
        if pa.types.is_dictionary(array.type):
            codes = array.indices.fill_null(-1) if array.indices.null_count else array.indices
            return cls._of(array.dictionary, codes.to_numpy(zero_copy_only=False), len(array))
        return cls._of(array, None, len(array))

    @classmethod
    def _of(cls, values: pa.Array, codes: NDArray[np.int32] | None, rows: int) -> "TextColumn":
        values = values.fill_null("") if values.null_count else values
        _, offsets, data = values.buffers()
        at = np.frombuffer(offsets or bytes(4), np.int32)[values.offset : values.offset + len(values) + 1]
        at = at if len(at) else np.zeros(1, np.int32)
        start, end = (
            (at, np.append(at[1:], at[-1]).astype(np.int32)) if codes is not None else (at[:-1], at[1:])
        )
        spans = seal(Spans(np.ascontiguousarray(start), np.ascontiguousarray(end)))
        return cls(spans, seal(Bytes(np.frombuffer(data or b"", np.uint8))), codes, values, rows)

    def coded(self) -> "TextColumn":
        """The same column by distinct value."""
        return self if self.codes is not None else TextColumn.of(self.values.dictionary_encode())

    def by_row(self, of_value: np.ndarray) -> np.ndarray:
        """Spread what was found for each value over the rows."""
        return of_value if self.codes is None else of_value[self.codes]

    def lengths(self) -> NDArray[np.int32]:
        """Bytes of each row's text."""
        return self.by_row(self.spans.end - self.spans.start)

    def numbers(self, known: Mapping[str, int], unknown: int) -> NDArray[np.int32]:
        """The number ``known`` gives each row's text; 0 for an empty one."""
        column = self.coded()
        found = [known.get(text, unknown) if text else 0 for text in column.values.to_pylist()]
        return column.by_row(np.array([*found, 0], np.int32))

    def digests(self, salt: int) -> NDArray[np.uint64]:
        """64 bits for each row's text; 0 for an empty one."""
        words = blank(Words, len(self.spans.start))
        texts.digest(self.spans, self.text, np.uint64(salt), words)
        return self.by_row(words.word)

    def flawed(self, bytes_max: int) -> NDArray[np.bool_]:
        """Whether each row's text is too long or holds a control character."""
        flags = blank(Flags, len(self.spans.start))
        parsing.flaws(self.spans, self.text, bytes_max, flags)
        return self.by_row(flags.flag).view(bool) if flags.flag.any() else np.zeros(self.rows, bool)

    def row_spans(self) -> Spans:
        """Where each row's text stands."""
        return (
            self.spans if self.codes is None else seal(Spans(*(column[self.codes] for column in self.spans)))
        )


def text_of(array: pa.Array) -> pa.Array:
    """Any column as plain text, for showing what stood there."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return pc.fill_null(pc.cast(array, pa.string()), "")
