"""Codes of every type, known and unknown, matching or not, of a generated year for each case."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from core.tables.columns import Table, allocate_zeros, read_column_kinds, seal
from core.tables.raw_lines import KindUses, LineCodes, LineFaults, PlacedLines, YearCodes
from kernels import assignment_checks as kernel
from tests.kernels.execution_modes import run_examples
from tests.oracle import assignment_checks as oracle

_YEAR, _KINDS, _CODES = 2018, 4, 4
_known_codes = st.integers(1, _CODES)
_sets = st.frozensets(st.integers(0, _KINDS - 1), max_size=2)
_programme = st.sampled_from((1, 1, 2))
_numbers = st.sampled_from((1, 1, 1, 2, 2, 3, 4, 0, -1))


def _draw_some(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[dict[int, object]]:
    return st.dictionaries(_known_codes, strategy, min_size=2)


_years = st.builds(
    oracle.YearCodes,
    st.just(_YEAR),
    st.sampled_from((0, 786_432)),
    st.just(6),
    st.sampled_from((1, 2, -1)),
    _draw_some(
        st.builds(
            oracle.CentreRow,
            st.sampled_from((CentreLevel.UO, CentreLevel.UO, *CentreLevel)),
            _numbers,
            _programme,
        )
    ),
    _draw_some(_programme),
    _draw_some(
        st.builds(
            oracle.ItemRow,
            *(st.booleans(), st.booleans()),
            st.none() | st.frozensets(_known_codes, max_size=3),
            st.sampled_from((False, False, True)),
        )
    ),
    _draw_some(st.builds(oracle.FundRow, st.integers(0, 2), st.sampled_from((0, 1, 2)))),
    st.frozensets(_known_codes, min_size=2),
    *[st.frozensets(_known_codes, max_size=2)] * 6,
)
_lines = st.builds(
    oracle.LineCodes,
    *[_numbers] * 4,
    *[st.sampled_from((0, 0, 1, 2, 3, -1))] * 5,
    st.sampled_from((_YEAR, _YEAR, _YEAR, _YEAR + 1)),
    st.integers(0, _KINDS - 1),
    st.sampled_from((1, 1, 0)),
)
_line_faults = st.sampled_from(((0, 0), (0, 0), (0, 0), (Outcome.LINE_INVALID, 2)))


@run_examples(1000)
@given(
    st.lists(st.tuples(_lines, _line_faults), min_size=1, max_size=9),
    _years,
    st.builds(oracle.KindUses, *[_sets] * 14).map(
        lambda uses: uses._replace(
            earmarks=uses.earmarks - uses.brings,
            receives=uses.receives - uses.brings - uses.earmarks - uses.pays_staff,
        )
    ),
)
def test_codes_become_assignments_or_faults(
    lines: list[tuple[oracle.LineCodes, tuple[int, int]]], year: oracle.YearCodes, uses: oracle.KindUses
) -> None:
    expected = [oracle.place_line(line, year, uses, fault) for line, fault in lines]
    placed, faults = allocate_zeros(PlacedLines, len(lines)), allocate_zeros(LineFaults, len(lines))
    placed.word[:], placed.source[:] = -1, -1
    faults.fault[:], faults.field[:] = ([fault[place] for _, fault in lines] for place in range(2))
    by_kind = [[kind in use for kind in range(_KINDS)] for use in uses]
    codes = _build_table(
        LineCodes, [[line[place] for line, _ in lines] for place in range(len(LineCodes._fields))]
    )
    kernel.place_lines(codes, _to_year_codes(year), _build_table(KindUses, by_kind), faults, placed)
    rows = zip(*(column.tolist() for column in (*faults, *placed)), strict=True)
    assert list(rows) == [(*fault, *placed) for fault, placed in expected]


def _to_year_codes(year: oracle.YearCodes) -> YearCodes:
    """Return the year as columns: row 0 is for no code, the last row for unknown codes."""
    numbers = range(1, _CODES + 1)
    centres = [year.centres.get(number, oracle.CentreRow(0, 0, 0)) for number in numbers]
    items = [year.items.get(number, oracle.ItemRow(False, False, None)) for number in numbers]
    funds = [year.funds.get(number, oracle.FundRow(0, 0)) for number in numbers]
    admitted = [1] * (_CODES + 2)
    for item in items:
        admitted += [1, *(item.admits is None or number in item.admits for number in numbers), 1]
    columns = [
        [year.year],
        [year.first_node, year.nodes_a_centre],
        [year.ordinary],
        *([0, *(centre[place] for centre in centres)] for place in range(3)),
        _flag_known(set(year.centres)),
        [0, *(year.areas.get(number, 0) for number in numbers)],
        _flag_known(set(year.areas)),
        *([0, *(item[place] for item in items)] for place in range(2)),
        [0, *(item.receipt for item in items)],
        _flag_known(set(year.items)),
        *([0, *(fund[place] for fund in funds)] for place in range(2)),
        _flag_known(set(year.funds)),
        _flag_known(set(year.accounts)),
        admitted,
        [0, *(number in year.restricted for number in numbers), 0],
        [0, *(number in year.opening for number in numbers), 0],
        [0, *(number in year.result for number in numbers), 0],
        [0, *(number in year.allocation for number in numbers), 0],
        [0, *(number in year.suspense for number in numbers), 0],
        [0, *(number in year.assets for number in numbers), 0],
    ]
    return _build_table(YearCodes, columns)


def _flag_known(numbers: set[int]) -> list[int]:
    return [1, *(number in numbers for number in range(1, _CODES + 1)), 0]


def _build_table(table: type[Table], columns: Sequence[Sequence[int]]) -> Table:
    typed = zip(columns, read_column_kinds(table).values(), strict=True)
    return seal(table._make(np.array(column, kind.dtype) for column, kind in typed))
