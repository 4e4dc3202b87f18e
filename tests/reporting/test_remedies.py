"""Every refusal has a finding and an action, in English and in French."""

import pytest

from core.outcome_codes import REFUSALS, Outcome
from core.remedies import REMEDIES


def test_every_refusal_and_nothing_else_has_a_remedy() -> None:
    assert tuple(REMEDIES) == REFUSALS


@pytest.mark.parametrize("code", REFUSALS, ids=lambda code: code.name)
def test_remedies_are_sentences(code: Outcome) -> None:
    texts = REMEDIES[code]
    assert all(text[0].isupper() and text.endswith(".") for text in texts)
    assert len(set(texts)) == len(texts)


def test_no_two_refusals_have_the_same_remedy() -> None:
    assert len({remedy.finding for remedy in REMEDIES.values()}) == len(REMEDIES)
