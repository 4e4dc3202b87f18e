"""The texts of the refusals of corrections: for each code the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

REVERSAL_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.REVERSAL_FORBIDDEN: Remedy(
        "No reversal of this kind undoes the act that it names, or that act is a reversal, a carry or a prior_withdrawal.",
        "Name a commitment for commitment_reversal, its increase or decrease for commitment_change_reversal, a receivable for"
        " receivable_cancellation, a receipt (no set-off, no identification) for receipt_reversal; undo another act by its own"
        " kind, such as service_cancellation or"
        " payment_request_rejection; post a wrongly reversed act again.",
        "Cette extourne ne s'applique pas à l'acte indiqué, ou cet acte est une extourne, une bascule ou un prior_withdrawal.",
        "Indiquer un engagement pour commitment_reversal, sa modification pour commitment_change_reversal, un encaissement"
        " (receipt) pour receipt_reversal ; annuler un"
        " autre acte par l'acte prévu, comme service_cancellation ; présenter de nouveau un acte extourné à tort.",
    ),
    _O.ORIGINAL_FOLLOWED: Remedy(
        "Another act already follows the original, has reversed it, uses it, or asks it back.",
        "Reverse changes that follow first, then this one. Service and requests follow for good, also if they were cancelled"
        " or rejected: lower the commitment by commitment_decrease, a receivable by receivable_reduction. Reject a request"
        " before it is asked back: receivable_cancellation undoes a repayment_receivable that was neither reduced nor"
        " collected.",
        "Un autre acte suit déjà l'acte d'origine, l'a extourné, en utilise le montant ou en demande le reversement.",
        "Extourner d'abord les modifications suivantes. Un service fait ou une demande, même annulés ou rejetés, interdisent"
        " l'extourne : réduire l'engagement par commitment_decrease, un titre par receivable_reduction. Rejeter une demande"
        " avant d'en demander le reversement : un repayment_receivable ni réduit ni encaissé s'annule par"
        " receivable_cancellation.",
    ),
    _O.REVERSAL_NOT_WHOLE: Remedy(
        "The amount of the reversal is not that of its original: only a whole act is reversed.",
        "State the amount of the original; lower a part by commitment_decrease, or of a receivable by receivable_reduction.",
        "Le montant de l'extourne n'est pas celui de l'acte d'origine : seul un acte entier est extourné.",
        "Indiquer le montant de l'acte d'origine ; pour une partie, commitment_decrease ou, d'un titre, receivable_reduction.",
    ),
    _O.REVERSAL_EXCEEDS_ORIGINAL: Remedy(
        "The line reverses or uses more than what is left of the act that it follows.",
        "Ask for at most what is left.",
        "La ligne annule ou utilise plus que ce qui reste de l'acte précédent.",
        "Demander au plus ce qui reste.",
    ),
}

JOURNAL_UNBALANCED = Remedy(
    "The lines of the journal act or opening do not debit as much as they credit, of each accountant in each month.",
    "Correct the amounts, or add the line that is missing; an entry by hand has at least one debit and one credit.",
    "Les lignes de l'écriture manuelle ou de la balance d'entrée ne débitent pas autant qu'elles créditent, par comptable et"
    " par mois.",
    "Corriger les montants, ou ajouter la ligne manquante ; il faut au moins un débit et un crédit.",
)
TRANSFER_UNPAIRED = Remedy(
    "An account between accountants is not left at zero by the lines of the act, or not by those of two accountants.",
    "State both sides in one act: one accountant debits the account and another one credits it by the same sum.",
    "Un compte de liaison n'est pas soldé par les lignes de l'acte, ou pas entre deux comptables.",
    "Indiquer les deux côtés dans un même acte : un comptable débite le compte, un autre le crédite d'autant.",
)
