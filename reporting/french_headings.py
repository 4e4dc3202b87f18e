"""The French titles and headings of the reports, in the official terms of ``docs/glossary.md``.

CSV and JSON keep their English names in every language, because programs read them by these names.
"""

import re
from collections.abc import Mapping, Sequence

from reporting.report_tables import Cell, Column, ReportTable

HEADINGS: Mapping[str, str] = {
    "year": "exercice",
    "centre": "centre financier",
    "label": "libellé",
    "envelope": "enveloppe",
    "AE opened": "AE ouvertes",
    "AE reserved": "AE réservées",
    "AE frozen": "AE gelées",
    "AE consumed": "AE consommées",
    "AE reported": "AE consommées, retraits antérieurs déduits",
    "AE available": "AE disponibles",
    "CP opened": "CP ouverts",
    "CP reserved": "CP réservés",
    "CP frozen": "CP gelés",
    "CP consumed": "CP consommés",
    "CP available": "CP disponibles",
    "accountant": "comptable",
    "account": "compte",
    "debit": "débit",
    "credit": "crédit",
    "opening": "balance d'entrée",
    "balance": "solde",
    "normal side": "sens normal",
    "finding": "constat",
    "commitments": "engagements juridiques",
    "engaged": "engagé",
    "withdrawn": "retiré",
    "paid": "payé",
    "remaining to be paid": "reste à payer",
    "engaged, not drawn": "engagé, sans service fait",
    "certified, not requested": "service fait, sans demande de paiement",
    "requested, not paid": "demandé, non payé",
    "reason": "motif",
    "lines": "lignes",
    "euros": "euros",
    "what it means": "signification",
    "what to do": "que faire",
    "line": "ligne",
    "to line": "à la ligne",
    "reference": "référence",
    "kind": "type",
    "field": "champ",
    "found": "valeur trouvée",
    "node": "nœud budgétaire",
    "missing": "manquant",
    "ministry": "ministère",
    "programme": "programme",
    "payments": "paiements",
    "set off": "compensé",
    "mean days": "délai moyen, jours",
    "in time": "dans le délai",
    "suspended": "délai suspendu",
    "days of it": "jours de suspension",
    "interest due": "intérêts moratoires dus",
    "interest proposed": "intérêts moratoires proposés",
    "interest paid": "intérêts moratoires payés",
    "supplier": "fournisseur",
    "invoice": "facture",
    "dated": "date de la facture",
    "part": "part",
    "entry": "n° de pièce",
    "day": "jour",
    "requested": "demandé",
    "rejected": "rejeté",
    "paid by": "payé par",
    "no.": "n°",
    "sender": "émetteur",
    "file": "fichier",
    "accepted": "acceptées",
    "duplicate": "en double",
    "refused": "refusées",
    "held": "en attente",
    "state": "état",
    "received, UTC": "réception, UTC",
    "sent by": "envoyées par",
    "what": "donnée",
    "stated, number": "annoncé, nombre",
    "counted, number": "recompté, nombre",
    "stated, euros": "annoncé, euros",
    "counted, euros": "recompté, euros",
    "holds": "concorde",
    "value": "valeur",
    "code": "code",
    "name": "nom ou raison sociale",
    "exercise": "exercice",
    "age, days": "ancienneté, jours",
    "open": "reste à apurer",
    "asset": "immobilisation",
    "in service": "mise en service",
    "months": "durée, mois",
    "cost": "valeur brute",
    "depreciated": "amortissements",
    "net value": "valeur nette",
    "to charge": "dotation à passer",
    "title": "titre",
    "requested on": "demandé le",
    "decision": "décision",
    "decided on": "décidé le",
    "days waited": "attente, jours",
    "used": "utilisé",
    "left": "reste",
    "reversed": "extourné",
    "used after a reversal": "utilisé après une extourne",
    "paid late on": "payé en retard le",
    "payable by": "à payer au plus tard le",
    "days overdue": "retard, jours",
    "claimed": "liquidés",
    "overdue": "restant dus",
    "justification": "justification",
    "justified on": "justifié le",
    "IBAN": "IBAN",
    "period": "période",
    "payee": "tiers",
    "debit account": "compte débité",
    "credit account": "compte crédité",
    "amount": "montant",
    "entries": "écritures",
    "row": "nature de la ligne",
    "counterpart": "contrepartie",
    "accounts": "comptes",
    "movements": "mouvements",
    "year of origin": "année d'origine",
    "certified in": "exercice du service fait",
    "mandatory": "dépense obligatoire",
    "section": "partie",
    "statement line": "poste",
    "gross": "brut",
    "lowered": "amortissements, dépréciations",
    "month": "mois",
    "line of the situation": "ligne de la situation",
    "in the month": "dans le mois",
    "since January": "cumul depuis janvier",
    "year before": "cumul de l'année précédente",
}
"""By their English names."""

_WORDS: Mapping[str, str] = {
    "debit": "débiteur",
    "credit": "créditeur",
    "either": "débiteur ou créditeur",
    "nil": "nul",
    "wrong side": "sens anormal",
    "same IBAN": "même IBAN",
    "same SIREN": "même SIREN",
    "same name": "même nom",
    "wrong SIRET": "SIRET erroné",
    "balanced": "équilibré",
    "NOT balanced": "NON équilibré",
    "some accounts only": "certains comptes seulement",
    "some lines only": "certaines lignes seulement",
    "opening": "balance d'entrée",
    "movement": "mouvement",
    "closing": "balance de sortie",
    "not justified": "non justifié",
    "equals the balance": "égal au solde",
    "differs from the balance": "différent du solde",
    "asset": "actif",
    "liability": "passif",
    "net_position": "situation nette",
    "charge": "charges",
    "product": "produits",
    "sovereign": "produits régaliens",
    "result": "résultat",
    "without a line": "sans poste",
}
_WORD_COLUMNS = frozenset({"normal side", "finding", "row", "section"})
"""The columns whose cells are words of the reports themselves."""

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
        (r"Mandatory expenses, after batch (.+)", "Dépenses obligatoires, après le lot {0}"),
        (
            r"Balance sheet and result of (\w+), after batch (.+)",
            "Bilan et compte de résultat du comptable {0}, après le lot {1}",
        ),
        (r"Balance sheet and result, after batch (.+)", "Bilan et compte de résultat, après le lot {0}"),
        (r"Monthly situation (\d+), after batch (.+)", "Situation mensuelle {0}, après le lot {1}"),
        (r"Monthly situation, after batch (.+)", "Situation mensuelle, après le lot {0}"),
        (r"Journal", "Livre-journal"),
        (r"Totals of the journal", "Totaux du livre-journal"),
        (r"General ledger", "Grand livre"),
        (r"Totals of the general ledger", "Totaux du grand livre"),
        (r"Refused lines", "Lignes refusées"),
        (r"Refused lines of submission (.+)", "Lignes refusées du dépôt {0}"),
        (r"Refused lines, one by one", "Lignes refusées, une par une"),
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
        (r"Invoices", "Factures"),
        (r"Third parties to look at, after batch (.+)", "Tiers à examiner, après le lot {0}"),
        (r"Submissions", "Dépôts"),
        (r"Proof of batch (.+)", "Preuve du lot {0}"),
        (r"Proof of submission (.+)", "Preuve du dépôt {0}"),
    )
)
_FOOTERS: Mapping[str, str] = {
    "all": "total",
    "difference": "différence",
    "balanced": "équilibrée",
    "NOT balanced": "NON équilibrée",
    "equal to the balances": "égal aux soldes",
    "NOT equal to the balances": "NON égal aux soldes",
    "a part of the journal: not compared": "une partie du journal : non comparé",
}


def translate_headings(table: ReportTable) -> ReportTable:
    """Return a table with French title and headings; what has no French name stays as it is."""
    columns = [Column(_translate_name(column.name), column.cell_type) for column in table.columns]
    order = None if table.drop_order is None else [_translate_name(name) for name in table.drop_order]
    return table._replace(
        title=_translate_title(table.title),
        columns=columns,
        rows=[_translate_cells(table.columns, row) for row in table.rows],
        below=table.below and table.below._replace(column=_translate_name(table.below.column)),
        footer=[_FOOTERS.get(cell, cell) if isinstance(cell, str) else cell for cell in table.footer],
        drop_order=order,
    )


def _translate_name(name: str) -> str:
    return HEADINGS.get(name, name)


def _translate_cells(columns: Sequence[Column], row: Sequence[Cell]) -> list[Cell]:
    return [
        _WORDS.get(str(cell), cell) if column.name in _WORD_COLUMNS else cell
        for column, cell in zip(columns, row, strict=True)
    ]


def _translate_title(title: str) -> str:
    for pattern, french in _TITLES:
        if match := pattern.fullmatch(title):
            return french.format(*(_LEVELS.get(text, text) for text in match.groups()))
    return title
