"""The texts of the refusals of advances: for each code the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

ADVANCE_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.ADVANCE_ITEM: Remedy(
        "An advance is paid on purchases of title 3 alone: for other items the account that pays it is not settled.",
        "Request the payment of certified service, or, if the item or a listed nature allows it, without service.",
        "Une avance n'est versée que sur des achats du titre 3 : ailleurs, le compte de paiement n'est pas établi.",
        "Demander le paiement d'un service fait, ou avant service fait si le poste ou une nature listée le permet.",
    ),
    _O.ADVANCE_DIVERSION: Remedy(
        "The debt is an advance, which is neither set off nor recovered from another advance: it would never be paid.",
        "Pay the advance; set off or withhold from a request on certified service of the same supplier.",
        "La dette est une avance, qui n'est ni compensée ni récupérée sur une autre avance : elle ne serait jamais payée.",
        "Payer l'avance ; compenser ou précompter sur une demande de paiement après service fait du même fournisseur.",
    ),
    _O.ADVANCE_MISSING: Remedy(
        "The sum that is withheld from this debt recovers no advance: no advance_recovery of that sum and day follows.",
        "Put an advance_recovery of the same amount and day behind each advance_withholding, in the same act.",
        "La somme précomptée sur cette dette ne récupère aucune avance : aucun advance_recovery de mêmes somme et date.",
        "Faire suivre chaque advance_withholding d'un advance_recovery de mêmes montant et date, dans le même acte.",
    ),
    _O.ADVANCE_MISMATCH: Remedy(
        "The transfer did not pay an advance of this commitment, supplier and accountant, or no advance_withholding of this"
        " amount precedes.",
        "Name the entry that debits the advance (@entry of its bank_debit), behind an advance_withholding of the same amount"
        " and day on a request of the same commitment.",
        "Le virement n'a pas payé une avance de cet engagement, de ce fournisseur et de ce comptable, ou aucun"
        " advance_withholding de ce montant ne précède.",
        "Nommer l'écriture du débit de l'avance (@écriture de son bank_debit), derrière un advance_withholding de mêmes"
        " montant et date sur une demande du même engagement.",
    ),
}

ADVANCE_EXCEEDED = Remedy(
    "What is left to recover of the advance is less than the amount of this line.",
    "Withhold and recover what is left; report advances shows it. The supplier is owed the rest.",
    "Le reste à récupérer de l'avance est inférieur au montant de cette ligne.",
    "Précompter et récupérer ce qui reste ; l'état advances l'indique. Le surplus est dû au fournisseur.",
)

ADVANCE_NOT_RECOVERED = Remedy(
    "After this payment or withdrawal less would be left of the commitment than its advances that are not recovered:"
    " nothing could recover them any more.",
    "Withhold and recover an advance first, by at least what is missing, or pay or withdraw that much less; report advances"
    " shows what is left to recover.",
    "Après ce paiement ou ce retrait, il resterait moins de l'engagement que ses avances à récupérer : rien ne pourrait plus"
    " les récupérer.",
    "Précompter et récupérer d'abord une avance, au moins du montant manquant, ou payer ou retirer d'autant moins ; l'état"
    " advances indique le reste à récupérer.",
)
