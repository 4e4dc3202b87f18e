"""The scanner and lxml on mutated messages: equal rows, or both refuse; ``tests.markup.fuzzing`` goes on for an hour."""

from collections import Counter

import pytest

from core.tables.xml import XmlFault
from tests.markup.comparison import build_case, describe_difference, read_by_lxml, read_by_scanner

_CASES = 400


@pytest.mark.parametrize("start", range(0, 4 * _CASES, _CASES))
def test_the_two_readers_agree(start: int) -> None:
    differences = {
        seed: told
        for seed in range(start, start + _CASES)
        if (told := build_case(seed).describe_difference())
    }
    assert differences == {}


def test_cases_reach_what_they_are_for() -> None:
    """Most codes are met, a good part of the documents is taken, and few that are good are declined."""
    told = Counter[str]()
    for seed in range(700):
        each = build_case(seed)
        ours = read_by_scanner(each.text, each.sizes, each.messages)
        theirs = read_by_lxml(each.text, each.messages)
        told[theirs.fault.name] += 1
        told["both take it"] += ours.fault is theirs.fault is XmlFault.NONE
        told["declined, and good"] += ours.fault is XmlFault.DECLINED and theirs.fault is XmlFault.NONE
        assert describe_difference(ours, theirs) == ""
    assert set(XmlFault.__members__) - {"DECLINED"} <= set(told)
    assert told["both take it"] > told["declined, and good"] > 20
