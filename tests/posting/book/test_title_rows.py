"""The rows of titles: one for each title of each programme and year, found again by what it stands for."""

import numpy as np
import pytest

from core.origins import TITLES
from posting.book.cells import CellParts
from posting.book.code_numbers import CodeKind
from posting.book.title_rows import TitleKeys
from tests.posting.text_engine import build_registry


def _find_rows(unit: str, item: str, year: int, *, fund: str = "N/A") -> tuple[int, int]:
    """Return the row of an assignment's title, and that of the year before."""
    numbers = build_registry().numbers
    codes = (
        numbers[CodeKind.CENTRE][unit],
        1,
        numbers[CodeKind.ITEM][item],
        numbers[CodeKind.FUND][fund],
        year,
    )
    parts = CellParts(*(np.array([part], np.int64) for part in codes))
    rows = build_registry().title_rows
    own, base = rows.find_cell_rows(parts.centre, parts.item, parts.fund, year=parts.year)
    return int(own[0]), int(base[0])


def test_a_row_is_found_again_by_what_it_stands_for() -> None:
    rows = build_registry().title_rows
    numbers = np.arange(rows.count)
    keys = rows.describe_rows(numbers)
    assert np.array_equal(rows.find_rows(keys), np.where(numbers % TITLES == 0, -1, numbers))
    assert len(set(zip(*(column.tolist() for column in keys), strict=True))) == rows.count


def test_items_of_one_title_share_its_row() -> None:
    assert _find_rows("0217-SGAC-ASPR", "31", 2019) == _find_rows("0217", "T3", 2019)
    assert len({_find_rows("0217", title, 2018)[0] for title in ("T2", "T3", "T5", "T6")}) == 4


def test_the_year_before_limits_what_is_committed_in_advance() -> None:
    own, base = _find_rows("0217-SGAC-ASPR", "31", 2019)
    assert base == _find_rows("0217", "T3", 2018)[0] != own
    assert _find_rows("0217-SGAC-ASPR", "31", 2018)[1] == -1


@pytest.mark.parametrize(
    ("unit", "item"), [("0217-SGAC-ASPR", "21"), ("0217-SGAC-ASPR", "51"), ("OP-0217-000001", "31")]
)
def test_staff_investment_and_operations_are_not_committed_in_advance(unit: str, item: str) -> None:
    own, base = _find_rows(unit, item, 2019)
    assert own >= 0
    assert base == -1


@pytest.mark.parametrize(("item", "fund"), [("HT2", "N/A"), ("31", "1-1-00733")])
def test_without_a_title_or_on_a_fund_there_is_no_row(item: str, fund: str) -> None:
    assert _find_rows("0217", item, 2019, fund=fund) == (-1, -1)


def test_what_is_no_programme_has_no_row() -> None:
    unit = build_registry().numbers[CodeKind.CENTRE]["0217-SGAC-ASPR"]
    keys = TitleKeys(*(np.array([part], np.int64) for part in (unit, 2018, 3)))
    assert build_registry().title_rows.find_rows(keys).tolist() == [-1]
