"""What to do about a refusal, where it depends on the kind of the act: a withdrawal is not mended by a larger commitment."""

from collections.abc import Mapping

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.remedies import REMEDIES
from core.remedy import Remedy

_WITHDRAWAL_EXCEEDED = REMEDIES[Outcome.COMMITMENT_EXCEEDED]._replace(
    action="Withdraw at most what is neither certified nor requested.",
    action_fr="Retirer au plus ce qui n'est ni certifié ni demandé.",
)
_BY_KIND: Mapping[tuple[Outcome, int], Remedy] = {
    (Outcome.COMMITMENT_EXCEEDED, KIND_NUMBERS[name]): _WITHDRAWAL_EXCEEDED
    for name in ("commitment_decrease", "prior_withdrawal")
}


def find_remedy(code: Outcome, kind: int) -> Remedy:
    """Return finding and remedy of a refused line of a kind, by its number."""
    return _BY_KIND.get((code, kind)) or REMEDIES[code]
