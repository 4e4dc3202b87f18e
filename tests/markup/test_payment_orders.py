"""Payment files that are almost right, read in three ways; ``tests.markup.fuzzing`` runs for an hour."""

from collections import Counter
from pathlib import Path

import pytest

from tests.markup.payment_orders import build_case, read_payment_order

_CASES = 300


@pytest.mark.parametrize("start", range(0, 4 * _CASES, _CASES))
def test_all_ways_of_reading_agree(start: int, tmp_path: Path) -> None:
    differences = {
        seed: difference
        for seed in range(start, start + _CASES)
        if (difference := build_case(seed).describe_difference(tmp_path))
    }
    assert differences == {}


def test_cases_cover_most_faults(tmp_path: Path) -> None:
    """A good part is accepted, and some are refused for their totals."""
    met = Counter[str]()
    for seed in range(500):
        result = read_payment_order(build_case(seed).text, tmp_path)
        met[result.partition(":")[0] if isinstance(result, str) else "taken"] += 1
    assert met["taken"] > 150
    assert {"NB_OF_TXS_DIFFERS", "CTRL_SUM_DIFFERS", "ELEMENT_MISSING", "ELEMENT_REPEATED"} <= met.keys()
