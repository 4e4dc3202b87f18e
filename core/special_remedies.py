"""The texts of refusals of special accounts: in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

SPECIAL_PAY_FORBIDDEN = Remedy(
    "No pay is charged to this special account (LOLF art. 20): it has no credits of title 2.",
    "Use a programme of the general budget, or an item of another title. An account that pays staff by its nature, as that of"
    " pensions, has 1 in pays_staff of special_accounts.csv.",
    "Aucune rémunération ne s'impute à ce compte spécial (LOLF art. 20) : il n'a pas de crédits de titre 2.",
    "Employer un programme du budget général, ou un compte budgétaire d'un autre titre. Un compte qui paie par nature des"
    " pensions ou du personnel porte 1 en pays_staff dans special_accounts.csv.",
)
SPECIAL_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.SPECIAL_PAYMENT_FORBIDDEN: Remedy(
        "The payee is the State itself: an earmarked special account pays neither the general budget nor an annexed budget"
        " nor another special account, unless a finance law allows it (LOLF art. 21 II).",
        "Name the payee that the debt is owed to. If a finance law allows the payment, add the account and the article to"
        " state_payees.csv.",
        "Le tiers est l'État lui-même : sauf dérogation d'une loi de finances, un compte d'affectation spéciale ne verse rien"
        " au budget général, à un budget annexe ou à un autre compte spécial (LOLF art. 21 II).",
        "Indiquer le créancier réel. Si une loi de finances permet le versement, ajouter le compte et l'article dans"
        " state_payees.csv.",
    ),
    _O.SPECIAL_RECEIPTS_EXCEEDED: Remedy(
        "The special account, or its section, would engage or order more in its budget year than its receipts and the balance"
        " that it brought forward. What was carried into the year is engaged already.",
        "Wait for receipts of receivables of its programmes, or state the balance of the year before (special_balances.csv)."
        " The missing cents say what is lacking of the total that lacks more; crescendo report special-accounts shows both.",
        "Le compte d'affectation spéciale, ou sa section, engagerait ou ordonnancerait plus que ses recettes de l'année et le"
        " solde reporté. Ce qui a basculé sur l'année est déjà engagé.",
        "Attendre l'encaissement de titres de ses programmes, ou indiquer le solde de l'année précédente"
        " (special_balances.csv). Les centimes manquants sont ce qui fait défaut au plus insuffisant des deux totaux.",
    ),
}
