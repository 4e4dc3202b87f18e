"""Payment files that are almost right, read in three ways; ``tests.markup.fuzzing`` goes on for an hour."""

from collections import Counter
from pathlib import Path

import pytest

from tests.markup.payment_orders import build_case, read_payment_order

_CASES = 300


@pytest.mark.parametrize("start", range(0, 4 * _CASES, _CASES))
def test_all_ways_of_reading_agree(start: int, tmp_path: Path) -> None:
    found = {
        seed: told
        for seed in range(start, start + _CASES)
        if (told := build_case(seed).describe_difference(tmp_path))
    }
    assert found == {}


def test_cases_reach_what_they_are_for(tmp_path: Path) -> None:
    """A good part is taken, and totals refuse some."""
    met = Counter[str]()
    for seed in range(500):
        found = read_payment_order(build_case(seed).text, tmp_path)
        met[found.partition(":")[0] if isinstance(found, str) else "taken"] += 1
    assert met["taken"] > 150
    assert {"NB_OF_TXS_DIFFERS", "CTRL_SUM_DIFFERS", "ELEMENT_MISSING", "ELEMENT_REPEATED"} <= met.keys()
