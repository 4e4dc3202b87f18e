"""A text column as the kernels see it."""

from typing import NamedTuple

from core.tables.journal import Bytes, Spans


class TextCells(NamedTuple):
    """One text column: the span of each row's text, and the bytes that contain them."""

    spans: Spans
    text: Bytes

    def decode_row(self, row: int) -> str:
        """Return the text of one row."""
        return self.text.data[self.spans.start[row] : self.spans.end[row]].tobytes().decode()
