"""The French titles of the reports, in the official terms of ``docs/glossary.md``."""

import re
from collections.abc import Mapping, Sequence

_LEVELS: Mapping[str, str] = {
    "programme": "programme",
    "bop": "BOP",
    "uo": "UO",
    "operation": "opération",
    "ministry": "ministère",
}
_TITLES = tuple(
    (re.compile(pattern), french)
    for pattern, french in (
        (r"Budget execution by (\w+), after batch (.+)", "Exécution budgétaire par {0}, après le lot {1}"),
        (r"Trial balance (\d+), after batch (.+)", "Balance générale {0}, après le lot {1}"),
        (
            r"Trial balance by accountant (\d+), after batch (.+)",
            "Balance générale par comptable {0}, après le lot {1}",
        ),
        (
            r"Trial balance by accountant, after batch (.+)",
            "Balance générale par comptable, après le lot {0}",
        ),
        (
            r"Trial balance of (\w+) (\d+), after batch (.+)",
            "Balance générale du comptable {0} {1}, après le lot {2}",
        ),
        (
            r"Trial balance of (\w+), after batch (.+)",
            "Balance générale du comptable {0}, après le lot {1}",
        ),
        (r"Trial balance, after batch (.+)", "Balance générale, après le lot {0}"),
        (r"Remaining to be paid by (\w+), after batch (.+)", "Restes à payer par {0}, après le lot {1}"),
        (
            r"Remaining to be paid by year of origin, after batch (.+)",
            "Restes à payer par année d'origine, après le lot {0}",
        ),
        (r"Accruals, after batch (.+)", "Charges à payer et autres régularisations, après le lot {0}"),
        (r"Mandatory expenses, after batch (.+)", "Dépenses obligatoires, après le lot {0}"),
        (
            r"Balance sheet and result of (\w+), after batch (.+)",
            "Bilan et compte de résultat du comptable {0}, après le lot {1}",
        ),
        (r"Balance sheet and result, after batch (.+)", "Bilan et compte de résultat, après le lot {0}"),
        (r"Monthly situation (\d+), after batch (.+)", "Situation mensuelle {0}, après le lot {1}"),
        (r"Monthly situation, after batch (.+)", "Situation mensuelle, après le lot {0}"),
        (
            r"Earmarked special accounts, after batch (.+)",
            "Comptes d'affectation spéciale, après le lot {0}",
        ),
        (
            r"Execution by (\w+) with the origin of credits, after batch (.+)",
            "Exécution par {0} avec l'origine des crédits, après le lot {1}",
        ),
        (r"Settlement tables, after batch (.+)", "Tableaux de la loi de règlement, après le lot {0}"),
        (
            r"Budget balance and result (\d+), after batch (.+)",
            "Passage du solde budgétaire au résultat {0}, après le lot {1}",
        ),
        (
            r"Budget balance and result, after batch (.+)",
            "Passage du solde budgétaire au résultat, après le lot {0}",
        ),
        (r"Journal", "Livre-journal"),
        (r"Totals of the journal", "Totaux du livre-journal"),
        (r"General ledger", "Grand livre"),
        (r"Totals of the general ledger", "Totaux du grand livre"),
        (r"Refused lines", "Lignes refusées"),
        (r"Refused lines of submission (.+)", "Lignes refusées du dépôt {0}"),
        (r"Refused lines, one by one", "Lignes refusées, une par une"),
        (r"No line was refused", "Aucune ligne n'a été refusée"),
        (r"No line of submission (.+) was refused", "Aucune ligne du dépôt {0} n'a été refusée"),
        (r"Payment delays by (\w+), paid in (\d+)", "Délai global de paiement par {0}, paiements de {1}"),
        (r"Payment delays by (\w+)", "Délai global de paiement par {0}"),
        (
            r"Register of assets (\d+), after batch (.+)",
            "Inventaire des immobilisations {0}, après le lot {1}",
        ),
        (r"Register of assets , after batch (.+)", "Inventaire des immobilisations, après le lot {0}"),
        (
            r"Open on suspense accounts, after batch (.+)",
            "État de développement des comptes d'attente, après le lot {0}",
        ),
        (
            r"Visas of the budget controller (\d+), after batch (.+)",
            "Visas du contrôleur budgétaire {0}, après le lot {1}",
        ),
        (
            r"Visas of the budget controller, after batch (.+)",
            "Visas du contrôleur budgétaire, après le lot {0}",
        ),
        (
            r"Late interest overdue on (.+), after batch (.+)",
            "Intérêts moratoires en retard au {0}, après le lot {1}",
        ),
        (r"Follow-up of commitments", "Suivi des engagements juridiques"),
        (r"Totals of the follow-up of commitments", "Totaux du suivi des engagements juridiques"),
        (r"Open items by age, after batch (.+)", "Postes ouverts par ancienneté, après le lot {0}"),
        (
            r"Closing balances by programme (\d+), after batch (.+)",
            "Balances de sortie par programme {0}, après le lot {1}",
        ),
        (
            r"Closing balances by programme, after batch (.+)",
            "Balances de sortie par programme, après le lot {0}",
        ),
        (
            r"Receivables and receipts, after batch (.+)",
            "Titres de perception et recettes, après le lot {0}",
        ),
        (r"Closing file of (\d+), after batch (.+)", "Dossier de clôture {0}, après le lot {1}"),
        (r"Closing file, after batch (.+)", "Dossier de clôture, après le lot {0}"),
        (r"Invoices", "Factures"),
        (r"Third parties to look at, after batch (.+)", "Tiers à examiner, après le lot {0}"),
        (r"Submissions", "Dépôts"),
        (r"Proof of batch (.+)", "Preuve du lot {0}"),
        (r"Proof of submission (.+)", "Preuve du dépôt {0}"),
    )
)


LIMIT = "; only "
"""Before each part of a title that says what the report leaves out."""
_FRENCH_LIMIT = " ; seulement "
_LIMITS = tuple(
    (re.compile(pattern), french)
    for pattern, french in (
        (r"up to batch (.+)", "jusqu'au lot {0}"),
        (r"up to month (\d+)", "jusqu'à la période {0}"),
        (r"month (\d+)", "la période {0}"),
        (r"up to (.+)", "jusqu'au {0}"),
        (r"from (.+)", "à partir du {0}"),
        (r"accounts (.+)", "les comptes {0}"),
        (r"accountant (.+)", "le comptable {0}"),
        (r"programme (.+)", "le programme {0}"),
        (r"what the years before (\d+) left", "ce qu'ont laissé les années avant {0}"),
        (r"year (\d+)", "l'année {0}"),
    )
)


def translate_title(title: str) -> str:
    """Return the French title; one without a French form stays as it is."""
    name, *limits = title.split(LIMIT)
    parts = [_translate(name, _TITLES), *(_translate(limit, _LIMITS) for limit in limits)]
    return _FRENCH_LIMIT.join(parts)


def _translate(title: str, forms: Sequence[tuple[re.Pattern[str], str]]) -> str:
    for pattern, french in forms:
        if match := pattern.fullmatch(title):
            return french.format(*(_LEVELS.get(text, text) for text in match.groups()))
    return title
