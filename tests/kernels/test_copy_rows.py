"""COPY rows put together and taken apart."""

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
    """Width of the fixed part, texts a row, and rows."""
    stride, texts = draw(st.integers(1, 9)), draw(st.integers(1, 3))
    fixed = st.binary(min_size=stride, max_size=stride)
    own = st.lists(st.binary(max_size=300), min_size=texts, max_size=texts)
    return stride, texts, draw(st.lists(st.tuples(fixed, own), max_size=6))


@run_examples(200)
@given(_draw_tables())
@example((1, 1, []))
@example((2, 2, [(b"\xff\xff", [b"", b""])]))
@example((1, 1, [(b"x", [b"y" * 70_000])]))
def test_rows_are_laid_out_and_taken_apart(table: tuple[int, int, list[Row]]) -> None:
    stride, texts, rows = table
    heads, own = [head for head, _ in rows], [each for _, each in rows]
    laid = oracle.append_texts(heads, own)
    out = np.zeros(len(laid), np.uint8)
    spans, data = to_spans([text for each in own for text in each])
    kernel.append_texts(seal_array(np.frombuffer(b"".join(heads), np.uint8)), stride, spans, data, out)
    assert out.tobytes() == laid
    assert _split_rows(laid, stride, texts) == oracle.split_texts(laid, stride, texts) == rows


def _split_rows(laid: bytes, stride: int, texts: int) -> list[Row]:
    """By the kernel, with as much room as rows of empty texts would take."""
    room = len(laid) // (stride + 4 * texts)
    fixed, spans, count = (
        np.zeros(room * stride, np.uint8),
        allocate_zeros(Spans, room * texts),
        np.zeros(1, np.int64),
    )
    kernel.split_texts(seal_array(np.frombuffer(laid, np.uint8)), stride, fixed, spans, count)
    cells = [laid[start:end] for start, end in zip(spans.start.tolist(), spans.end.tolist(), strict=True)]
    return [
        (fixed[row * stride : (row + 1) * stride].tobytes(), cells[row * texts : (row + 1) * texts])
        for row in range(int(count[0]))
    ]
