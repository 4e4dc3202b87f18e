"""Acts as records, and accepted lines as journal rows, with any number that a column can represent."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.outcome_codes import Outcome
from core.tables.columns import allocate_records, read_column_kinds, seal, seal_array, to_record_dtype
from core.tables.journal import Acts, Decisions, LineDetails
from kernels import journal as journal_kernel
from kernels import record_packing as layout_kernel
from tests.kernels.execution_modes import run_examples, to_spans
from tests.oracle import journal, record_packing

Row = dict[str, int]


def _draw_values(dtype: np.dtype) -> st.SearchStrategy[int]:
    bounds = np.iinfo(dtype)
    least, most = int(bounds.min), int(bounds.max)
    return st.integers(least, most) | st.sampled_from((least, most, 0, 1))


def _draw_rows(table: type) -> st.SearchStrategy[Row]:
    return st.fixed_dictionaries(
        {name: _draw_values(kind.dtype) for name, kind in read_column_kinds(table).items()}
    )


_nodes, _days = st.integers(-1, 2**30 - 1), st.integers(-719_162, 2_932_896)
_acts = st.builds(
    lambda act, source, period: act | {"source": source, "period": period},
    _draw_rows(Acts),
    _nodes,
    st.integers(0, 127 * 16 + 15),
)
_decisions = st.builds(
    lambda decision, outcome: decision | {"outcome": outcome},
    _draw_rows(Decisions),
    st.sampled_from(
        [Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.HELD, Outcome.ACT_REFUSED]
    ),
)
_details = st.tuples(st.integers(0, 2**31 - 1), _days, st.text(max_size=12))


@run_examples(150)
@given(
    st.lists(st.tuples(_acts, _decisions, _details), max_size=6),
    st.integers(1, 2**31 - 1),
    st.integers(0, 2**30),
)
def test_accepted_lines_become_journal_rows(
    lines: list[tuple[Row, Row, tuple]], submission: int, node: int
) -> None:
    expected = journal.encode_rows(journal.build_rows(lines, submission, node))
    spans, text = to_spans([details[2].encode() for _, _, details in lines])
    line, day = (np.array([details[place] for _, _, details in lines], np.int32) for place in range(2))
    acts, decisions = (
        _to_records(Acts, [act for act, _, _ in lines]),
        _to_records(Decisions, [decision for _, decision, _ in lines]),
    )
    out, common = np.zeros(len(expected), np.uint8), seal_array(np.array([submission, node]))
    journal_kernel.write_journal_rows(
        acts, decisions, seal(LineDetails(line, day, *spans)), common, text, out
    )
    assert out.tobytes() == expected
    assert len(expected) == sum(
        journal_kernel.ROW_BYTES + 4 + len(details[2].encode())
        for _, decision, details in lines
        if decision["outcome"] == Outcome.ACCEPTED
    )


@run_examples(100)
@given(st.lists(_draw_rows(Acts), max_size=6))
def test_columns_become_records(lines: list[Row]) -> None:
    columns = {name: [line[name] for line in lines] for name in Acts._fields}
    typed = (np.array(columns[name], kind.dtype) for name, kind in read_column_kinds(Acts).items())
    records = allocate_records(Acts, len(lines))
    layout_kernel.pack_records(seal(Acts(*typed)), records)
    assert [
        dict(zip(Acts._fields, row, strict=True)) for row in records.tolist()
    ] == record_packing.pack_records(columns)


def _to_records(table: type, rows: list[Row]) -> np.ndarray:
    fields = read_column_kinds(table)
    return seal_array(np.array([tuple(row[name] for name in fields) for row in rows], to_record_dtype(table)))
