"""The texts of the refusals of retentions: for each code the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

RETENTION_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.RETENTION_REQUEST: Remedy(
        "A guarantee is retained from a request on a commitment alone, of title 3 or 5, and never from an advance, a direct"
        " request, late interest, or a part or a carry of a request.",
        "Retain it from the request itself, in the year of the request and before that is passed on; or pay without.",
        "La retenue de garantie se prélève sur une demande de paiement sur engagement, des titres 3 ou 5 : jamais sur une"
        " avance, une demande directe, des intérêts, ni une partie ou une bascule d'une demande.",
        "Prélever la retenue sur la demande elle-même, dans son exercice et avant toute cession ; sinon payer sans retenue.",
    ),
    _O.RETENTION_LATE: Remedy(
        "Another act has taken up this request: a guarantee is retained once, before what is left is paid or passed on.",
        "Retain the guarantee from the next request of the commitment.",
        "Un autre acte a déjà repris cette demande : la retenue se prélève une fois, avant tout paiement ou toute cession.",
        "Prélever la retenue sur la prochaine demande de paiement de l'engagement.",
    ),
    _O.RETENTION_EXCEEDED: Remedy(
        "The retention is above the share of the request that may be retained in its year: calendar.toml gives it.",
        "Retain at most that share of what was requested and not rejected.",
        "La retenue dépasse la part de la demande qui peut être retenue dans l'exercice : calendar.toml la donne.",
        "Retenir au plus cette part du montant demandé et non rejeté.",
    ),
    _O.PENALTY_ITEM: Remedy(
        "A provisional penalty is withheld from service on items of title 3 or 5 alone: the chart has no account for others.",
        "Request the service whole, and set a receivable off against it.",
        "Une pénalité provisoire se retient sur un service fait des titres 3 ou 5 : la nomenclature n'a pas d'autre compte.",
        "Demander le paiement du service entier, et compenser avec un titre de perception.",
    ),
}
