"""Cells: account assignments as words, numbers and records."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.act_fields import Field
from core.errors import EngineError
from core.nomenclature import CentreLevel
from core.periods import YEAR_FIRST
from core.tables.book import Cells
from posting.book.cells import CELLS_MAX, CellNumbers, CellParts, pack, to_records, to_rows, unpack
from posting.book.code_numbers import CodeKind
from tests.file_strategies import PLACES, REFERENCE
from tests.oracle import cells as oracle
from tests.oracle.assignment import build_cell
from tests.oracle.reference import Reference
from tests.posting.text_engine import build_registry

_parts = st.tuples(
    *(
        st.integers(0, bound - 1) | st.sampled_from((0, bound - 1))
        for bound in (1 << 17, 1 << 14, 1 << 10, 1 << 15)
    ),
    st.integers(2000, 2127),
)


@settings(deadline=None)
@given(st.lists(_parts, max_size=9))
def test_a_word_holds_all_parts(rows: list[tuple[int, ...]]) -> None:
    columns = np.array(rows, np.int64).reshape(-1, len(CellParts._fields)).T
    words = pack(CellParts(*columns))
    assert (words >= 0).all()
    assert len(set(words.tolist())) == len(set(rows))
    assert np.array(unpack(words)).tolist() == columns.tolist()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.lists(st.integers(-1, 40), max_size=9), max_size=5), st.lists(st.integers(0, 40), unique=True)
)
def test_numbers_continue_after_the_stored_ones(batches: list[list[int]], stored: list[int]) -> None:
    numbers, all_words = CellNumbers(np.array(stored, np.int64)), [-2, *stored]
    for batch in batches:
        count_before = len(all_words)
        numbered = numbers.number_words(np.array(batch, np.int64))
        assert numbered.numbers.tolist() == oracle.number_cells(batch, all_words)
        assert numbered.new_words.tolist() == all_words[count_before:]
        assert numbered.count_before == count_before


def test_numbers_stay_when_their_table_grows() -> None:
    words = np.random.default_rng(7).permutation(50_000).astype(np.int64)
    numbers = CellNumbers(words[:10])
    for start in range(0, len(words), 9_000):
        numbers.number_words(words[start : start + 9_000])
    numbered = numbers.number_words(words[::-1].copy())
    assert numbered.numbers.tolist() == list(range(50_000, 0, -1))
    assert len(numbered.new_words) == 0


def test_cell_numbers_are_limited() -> None:
    with pytest.raises(EngineError, match=str(CELLS_MAX)):
        CellNumbers(np.zeros(0, np.int64)).number_words(np.zeros(CELLS_MAX, np.int64))


@pytest.mark.parametrize("year", [2018, 2019])
def test_a_cell_has_the_nodes_and_accounts_of_its_codes(year: int) -> None:
    """For every assignment that spending may name, compared with the oracle."""
    reference, numbers, first = (
        Reference.load(REFERENCE),
        build_registry().numbers,
        build_registry().first_node,
    )
    for place in PLACES:
        for item in place.items:
            for fund in place.funds:
                for operation in place.operations:
                    named = {
                        Field.FUND_CENTRE: place.unit,
                        Field.COMMITMENT_ITEM: item,
                        Field.EXERCISE: str(year),
                    }
                    optional = {Field.FUND: fund, Field.OPERATION: operation}
                    expected = build_cell(
                        named | {field: text for field, text in optional.items() if text}, reference
                    )
                    codes = (operation or place.unit, place.area, item, fund or "N/A")
                    kinds = (CodeKind.CENTRE, CodeKind.AREA, CodeKind.ITEM, CodeKind.FUND)
                    parts = [numbers[kind][code] for kind, code in zip(kinds, codes, strict=True)]
                    word = pack(CellParts(*(np.array([part], np.int64) for part in (*parts, year))))
                    record = dict(
                        zip(Cells._fields, to_records(word, build_registry())[0].tolist(), strict=True)
                    )
                    assert record["centre_node"] + first == expected.centre_node
                    assert record["operation_node"] + first * bool(operation) == expected.operation_node
                    assert record["level"] == CentreLevel.UO
                    assert record["year"] + YEAR_FIRST == expected.year
                    assert (record["title"] >= 0) == (expected.title is not None)
                    assert (record["title_before"] >= 0) == expected.may_anticipate
                    for name in ("expense", "accrued", "creditor", "payroll", "accountant"):
                        assert record[name] == getattr(expected, name)


def test_stored_cells_give_their_words_again() -> None:
    numbers = build_registry().numbers
    centres = [numbers[CodeKind.CENTRE][code] for code in ("0177-D013-DD13", "OP-0217-000001", "0217")]
    words = pack(
        CellParts(
            *(np.array(column, np.int64) for column in (centres, [1, 4, 0], [3, 6, 2], [1, 1, 2], [2018] * 3))
        )
    )
    rows = to_rows(words, first=5, batch=9, registry=build_registry())
    assert rows.cell.tolist() == [5, 6, 7]
    assert rows.batch.tolist() == [9] * 3
    assert rows.operation.tolist() == [0, centres[1], 0]
    assert rows.centre.tolist() == [centres[0], numbers[CodeKind.CENTRE]["0217-SGAC-IMMO"], centres[2]]
    centre = np.where(rows.operation > 0, rows.operation, rows.centre)
    parts = (
        np.asarray(part, np.int64) for part in (centre, rows.area, rows.item, rows.fund, rows.budget_year)
    )
    assert pack(CellParts(*parts)).tolist() == words.tolist()
