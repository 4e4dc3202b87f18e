"""The texts of the refusals of receivables: for each code the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

RECEIPT_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.RECEIVABLE_MISSING: Remedy(
        "This act needs a receivable that it takes up by the same amount, and there is none.",
        "Put a set_off_receipt of the same amount and day behind each set_off, in the same act; a void is refused.",
        "Cet acte suppose un titre de perception repris pour le même montant ; il n'y en a pas.",
        "Faire suivre chaque set_off d'un set_off_receipt de mêmes montant et date, dans le même acte ; sinon payer.",
    ),
    _O.SET_OFF_MISMATCH: Remedy(
        "The receivable is not due from the creditor of the debt to its accountant, or no set_off of this amount precedes.",
        "Name a receivable of that creditor and accountant, in a line behind its set_off, of the same amount and day.",
        "Le titre n'est pas dû par le créancier de la dette à son comptable, ou aucun set_off de ce montant ne le précède.",
        "Nommer un titre de ce créancier et de ce comptable, sur une ligne qui suit son set_off, de mêmes montant et date.",
    ),
}
