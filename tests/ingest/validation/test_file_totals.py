"""Texts are measured from their buffers: the results equal those of looking at each text."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import LimitExceeded
from ingest.formats.detection import CELL_BYTES_MAX, WINDOW_LINES
from ingest.formats.text_buffers import (
    count_text_bytes,
    find_longest_row,
    has_longer_value,
    measure_longest_value,
)
from ingest.validation import file_totals
from ingest.validation.file_totals import FileInspector, FileTotals, split_windows
from tests.ingest.format_writers import build_table

TYPES = (pa.string(), pa.large_string(), pa.string_view())
SIZES = st.lists(st.integers(0, 5) | st.sampled_from([19, 20, 21, 300]), max_size=200)


@given(SIZES, st.sampled_from(TYPES), st.integers(0, 70), st.sampled_from([0, 4, 20, 299, 300]))
def test_texts_are_measured_like_each_text_alone(
    sizes: list[int], of: pa.DataType, first: int, bytes_max: int
) -> None:
    column = pa.array(["é" * (size // 2) + "a" * (size % 2) for size in sizes], pa.string()).cast(of)[first:]
    sizes = sizes[first:]
    assert count_text_bytes(column) == sum(sizes)
    assert measure_longest_value(column) == max(sizes, default=0)
    assert has_longer_value(column, bytes_max) == any(size > bytes_max for size in sizes)
    if sizes:
        assert sizes[find_longest_row(column)] == max(sizes)


@pytest.mark.parametrize("at", [0, 63, 64, 40_000, 99_999])
def test_one_long_text_among_many_is_found(at: int) -> None:
    names = ["A"] * 100_000
    for longest in (CELL_BYTES_MAX, CELL_BYTES_MAX + 1):
        names[at] = "B" * longest
        rows = build_batch({"reference": names})
        inspector = FileInspector("acts", rows.schema)
        if longest == CELL_BYTES_MAX:
            inspector.add(rows)
            continue
        with pytest.raises(
            LimitExceeded, match=f"line {at + 1:,}, column reference: A text has 65,537 bytes"
        ):
            inspector.add(rows)


def build_batch(columns: dict[str, list[str]]) -> pa.RecordBatch:
    return build_table(columns).combine_chunks().to_batches()[0]


@given(st.integers(1, 7), st.lists(st.integers(-(10**15), 10**15), min_size=1, max_size=50))
def test_totals_of_windows_add_up(lines: int, cents: list[int]) -> None:
    rows = pa.record_batch({"amount_cents": pa.array(cents, pa.int64())})
    inspector = FileInspector("acts", rows.schema)
    parts = list(split_windows(rows, lines))
    assert [part.num_rows for part in parts[:-1]] == [lines] * (len(parts) - 1)
    for part in parts:
        inspector.add(part)
    assert inspector.compute_totals() == FileTotals(len(cents), sum(cents))


def build_long_lines(fat: range) -> pa.RecordBatch:
    return build_batch({"remittance": ["x" * (100 if n in fat else 0) for n in range(4 * WINDOW_LINES)]})


@pytest.mark.parametrize("window", range(4))
def test_long_lines_are_detected_anywhere_in_a_batch(window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_totals, "WINDOW_BYTES_MAX", 100_000)
    first = window * WINDOW_LINES
    rows = build_long_lines(range(first + 500, first + 1501))
    message = f"acts, line {first + WINDOW_LINES:,} and before: 32,768 lines have 100,100 bytes of text"
    with pytest.raises(LimitExceeded, match=message):
        FileInspector("acts", rows.schema).add(rows)


def test_a_batch_may_have_more_text_than_a_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_totals, "WINDOW_BYTES_MAX", 100_000)
    rows = build_long_lines(range(0, 4 * WINDOW_LINES, 33))  # 99,300 bytes a window
    inspector = FileInspector("acts", rows.schema)
    for _ in range(3):
        inspector.add(rows)
    assert inspector.compute_totals().lines == 12 * WINDOW_LINES


def test_short_batches_of_long_lines_are_checked_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_totals, "WINDOW_BYTES_MAX", 100_000)
    rows = build_batch({"remittance": ["x" * 1000] * 10})
    inspector = FileInspector("acts", rows.schema)
    for _ in range(10):
        inspector.add(rows)
    with pytest.raises(LimitExceeded, match="line 110 and before: 110 lines have 110,000 bytes of text"):
        inspector.add(rows)
