"""Every refusal has a finding and an action, in English and in French."""

import pytest

from core.catalog import KIND_NUMBERS
from core.outcome_codes import REFUSALS, Outcome
from core.remedies import REMEDIES
from reporting.kind_remedies import find_remedy


def test_every_refusal_and_nothing_else_has_a_remedy() -> None:
    assert tuple(REMEDIES) == REFUSALS


@pytest.mark.parametrize("code", REFUSALS, ids=lambda code: code.name)
def test_remedies_are_sentences(code: Outcome) -> None:
    texts = REMEDIES[code]
    assert all(text[0].isupper() and text.endswith(".") for text in texts)
    assert len(set(texts)) == len(texts)


def test_no_two_refusals_have_the_same_remedy() -> None:
    assert len({remedy.finding for remedy in REMEDIES.values()}) == len(REMEDIES)


def test_a_withdrawal_beyond_what_is_open_is_not_mended_by_a_larger_commitment() -> None:
    service = find_remedy(Outcome.COMMITMENT_EXCEEDED, KIND_NUMBERS["service"])
    assert service == REMEDIES[Outcome.COMMITMENT_EXCEEDED]
    for kind in ("commitment_decrease", "prior_withdrawal"):
        remedy = find_remedy(Outcome.COMMITMENT_EXCEEDED, KIND_NUMBERS[kind])
        assert remedy.finding == service.finding
        assert remedy.action == "Withdraw at most what is neither certified nor requested."
        assert remedy.action_fr == "Retirer au plus ce qui n'est ni certifié ni demandé."
        assert (
            find_remedy(Outcome.PREDECESSOR_MISSING, KIND_NUMBERS[kind])
            == REMEDIES[Outcome.PREDECESSOR_MISSING]
        )
