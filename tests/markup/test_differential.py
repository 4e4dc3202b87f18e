"""The scanner and lxml on mutated messages: equal rows, or both refuse; ``tests.markup.fuzzing`` goes on for an hour."""

from collections import Counter

import pytest

from core.tables.xml import Fault
from tests.markup.comparison import case, difference, referred, scanned

_CASES = 400


@pytest.mark.parametrize("start", range(0, 4 * _CASES, _CASES))
def test_the_two_readers_agree(start: int) -> None:
    differences = {seed: told for seed in range(start, start + _CASES) if (told := case(seed).difference())}
    assert differences == {}


def test_cases_reach_what_they_are_for() -> None:
    """Most codes are met, a good part of the documents is taken, and few that are good are declined."""
    told = Counter[str]()
    for seed in range(700):
        each = case(seed)
        ours = scanned(each.text, each.sizes, each.messages)
        theirs = referred(each.text, each.messages)
        told[theirs.fault.name] += 1
        told["both take it"] += ours.fault is theirs.fault is Fault.NONE
        told["declined, and good"] += ours.fault is Fault.DECLINED and theirs.fault is Fault.NONE
        assert difference(ours, theirs) == ""
    assert set(Fault.__members__) - {"DECLINED"} <= set(told)
    assert told["both take it"] > told["declined, and good"] > 20
