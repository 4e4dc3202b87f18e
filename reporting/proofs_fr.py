"""The French names of the figures of a proof."""

from collections.abc import Mapping

import msgspec

from reporting.proofs import BatchProof

FRENCH: Mapping[str, str] = {
    "entries": "écritures",
    "refusals": "refus",
    "duplicates": "doublons",
    "accepted": "montant accepté",
    "debits": "débits",
    "credits": "crédits",
    "AE taken up, programme": "AE consommées, programme",
    "AE taken up, bop": "AE consommées, BOP",
    "AE taken up, uo": "AE consommées, UO",
    "CP taken up, programme": "CP consommés, programme",
    "CP taken up, bop": "CP consommés, BOP",
    "CP taken up, uo": "CP consommés, UO",
}
"""By their English names."""


def translate_proof(proof: BatchProof) -> BatchProof:
    """Return the same proof with French names."""
    agreements = [
        msgspec.structs.replace(agreement, what=FRENCH[agreement.what]) for agreement in proof.agreements
    ]
    return msgspec.structs.replace(proof, agreements=agreements)
