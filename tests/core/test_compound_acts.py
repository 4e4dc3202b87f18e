"""Compound events are consistent: every line may follow the line above, and all are of one family."""

from itertools import pairwise

import pytest

from core.catalog import CATALOG, KIND_NUMBERS, Stage
from core.compound_acts import TEMPLATES, Step, expand


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_line_begins_at_the_stage_that_the_line_above_reaches(template: str) -> None:
    kinds = [CATALOG[KIND_NUMBERS[name]] for name in TEMPLATES[template]]
    assert len({kind.family for kind in kinds}) == 1
    for above, kind in pairwise(kinds):
        assert kind.after is above.reaches is not Stage.NONE
        assert kind.follows is above.family


def test_the_first_line_names_the_predecessor_and_the_others_the_line_above() -> None:
    assert expand("return_and_reissue", "@7") == [
        Step(1, "bank_return", "@7"),
        Step(2, "return_identified", "#1"),
        Step(3, "reissue", "#2"),
    ]
