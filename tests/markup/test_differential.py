"""The scanner and lxml on mutated messages: equal rows, or both refuse; ``tests.markup.fuzzing`` runs for an hour."""

from collections import Counter

import pytest

from core.tables.xml import XmlFault
from tests.markup.comparison import build_case, describe_difference, read_by_lxml, read_by_scanner

_CASES = 400


@pytest.mark.parametrize("start", range(0, 4 * _CASES, _CASES))
def test_the_two_readers_agree(start: int) -> None:
    differences = {
        seed: difference
        for seed in range(start, start + _CASES)
        if (difference := build_case(seed).describe_difference())
    }
    assert differences == {}


def test_cases_cover_most_faults() -> None:
    """Most faults occur, a good part of the documents is accepted, and few valid ones are declined."""
    fault_counts = Counter[str]()
    for seed in range(700):
        case = build_case(seed)
        ours = read_by_scanner(case.text, case.sizes, case.messages)
        theirs = read_by_lxml(case.text, case.messages)
        fault_counts[theirs.fault.name] += 1
        fault_counts["both take it"] += ours.fault is theirs.fault is XmlFault.NONE
        fault_counts["declined, and good"] += (
            ours.fault is XmlFault.DECLINED and theirs.fault is XmlFault.NONE
        )
        assert describe_difference(ours, theirs) == ""
    assert set(XmlFault.__members__) - {"DECLINED"} <= set(fault_counts)
    assert fault_counts["both take it"] > fault_counts["declined, and good"] > 20
