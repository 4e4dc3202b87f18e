"""COPY rows: joined from fixed bytes and texts, and split again."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.tables.columns import allocate_zeros, seal_array
from core.tables.journal import Spans
from kernels import copy_rows as kernel
from tests.kernels.execution_modes import run_examples, to_spans
from tests.oracle import copy_rows as oracle

Row = tuple[bytes, list[bytes]]


@st.composite
def _draw_tables(draw: st.DrawFn) -> tuple[int, int, list[Row]]:
    """Draw the width of the fixed part, the texts per row, and rows."""
    stride, texts = draw(st.integers(1, 9)), draw(st.integers(1, 3))
    fixed = st.binary(min_size=stride, max_size=stride)
    row_texts = st.lists(st.binary(max_size=300), min_size=texts, max_size=texts)
    return stride, texts, draw(st.lists(st.tuples(fixed, row_texts), max_size=6))


@run_examples(200)
@given(_draw_tables())
@example((1, 1, []))
@example((2, 2, [(b"\xff\xff", [b"", b""])]))
@example((1, 1, [(b"x", [b"y" * 70_000])]))
def test_rows_are_joined_and_split(table: tuple[int, int, list[Row]]) -> None:
    stride, texts, rows = table
    heads, row_texts = [head for head, _ in rows], [texts_of_row for _, texts_of_row in rows]
    data_of_rows = oracle.append_texts(heads, row_texts)
    out = np.zeros(len(data_of_rows), np.uint8)
    spans, data = to_spans([text for texts_of_row in row_texts for text in texts_of_row])
    kernel.append_texts(seal_array(np.frombuffer(b"".join(heads), np.uint8)), stride, spans, data, out)
    assert out.tobytes() == data_of_rows
    assert _split_rows(data_of_rows, stride, texts) == oracle.split_texts(data_of_rows, stride, texts) == rows


def _split_rows(data_of_rows: bytes, stride: int, texts: int) -> list[Row]:
    """Split by the kernel, with space for the number of rows that empty texts would give."""
    rows_max = len(data_of_rows) // (stride + 4 * texts)
    fixed, spans, count = (
        np.zeros(rows_max * stride, np.uint8),
        allocate_zeros(Spans, rows_max * texts),
        np.zeros(1, np.int64),
    )
    kernel.split_texts(seal_array(np.frombuffer(data_of_rows, np.uint8)), stride, fixed, spans, count)
    cells = [
        data_of_rows[start:end] for start, end in zip(spans.start.tolist(), spans.end.tolist(), strict=True)
    ]
    return [
        (fixed[row * stride : (row + 1) * stride].tobytes(), cells[row * texts : (row + 1) * texts])
        for row in range(int(count[0]))
    ]
