"""The texts of the refusals of reassignments: for each code the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

REASSIGNMENT_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.REASSIGNMENT_FORBIDDEN: Remedy(
        "The expense was requested under a commitment, is late interest, or is asked back by a repayment_receivable: its"
        " reassignment is not built yet.",
        "Correct the account by an entry by hand if the budget's imputation is right; else keep the act until it is built.",
        "La dépense relève d'un engagement juridique ou d'intérêts moratoires, ou fait l'objet d'un titre de perception : sa"
        " réimputation n'est pas encore gérée.",
        "Corriger le compte par une écriture manuelle si l'imputation budgétaire est juste ; sinon conserver l'acte.",
    ),
    _O.EXPENSE_REASSIGNED: Remedy(
        "The payment that this debit settled was reassigned before, and a payment is reassigned once.",
        "Check the earlier reassignment; correct its account by an entry by hand if that is wrong too.",
        "Le paiement de ce débit a déjà été réimputé, et un paiement ne l'est qu'une fois.",
        "Vérifier la réimputation précédente ; corriger son compte par une écriture manuelle s'il est faux.",
    ),
    _O.REASSIGNMENT_UNPAIRED: Remedy(
        "The lines behind this one do not bring its whole amount to other imputations, on its day, with one accountant.",
        "Put reassignment_target lines behind it in the act: its amount in all, its dates, fund centres of its accountant.",
        "Les lignes suivantes ne portent pas tout le montant à d'autres imputations, à cette date, chez le même comptable.",
        "Faire suivre la ligne de reassignment_target : même total, mêmes dates, centres du même comptable.",
    ),
}
