"""The French remedies and findings of problems, where the English text is fixed; other texts stay as they are."""

import re
from collections.abc import Sequence

_REMEDIES: tuple[tuple[str, str], ...] = (
    (
        r"Did you mean (.+)\? docs/format\.md describes all columns",
        "Vouliez-vous dire {0} ? docs/format.md décrit toutes les colonnes",
    ),
    (
        r"The columns are ([^;]+); the option --extra-columns, or the header Crescendo-Extra-Columns: true, .+",
        (
            "Les colonnes sont {0} ; l'option --extra-columns ou l'en-tête Crescendo-Extra-Columns: true en permet d'autres,"
            " qui ne sont pas lues"
        ),
    ),
    (r"The columns are ([^;]+)", "Les colonnes sont {0}"),
    (
        r"Name it (\S+) if it is that column, else .+",
        "Nommez-la {0} si c'est cette colonne, sinon donnez-lui un nom moins proche",
    ),
    (r"Send the column once", "Envoyez la colonne une seule fois"),
    (r"Send only one of them", "N'envoyez que l'une des deux"),
    (r"Send euros in the column amount, as in (\S+)", "Envoyez des euros dans la colonne amount, comme {0}"),
    (r"Send the Content-Type of the file: (.+)", "Indiquez le Content-Type du fichier : {0}"),
    (r"Give the file the extension of its format", "Donnez au fichier l'extension de son format"),
    (
        r"Send Parquet, Arrow IPC, CSV or JSON Lines in the flat act format, or a pain\.001",
        "Envoyez Parquet, Arrow IPC, CSV ou JSON Lines au format plat des actes, ou un pain.001",
    ),
    (
        r"Write the file in UTF-8, or, if it is CSV, state its charset: (.+)",
        "Écrivez le fichier en UTF-8 ou, si c'est un CSV, indiquez son jeu de caractères : {0}",
    ),
    (
        r"Write the file in the charset that is stated, or state its charset: (.+)",
        "Écrivez le fichier dans le jeu de caractères indiqué, ou indiquez le sien : {0}",
    ),
    (
        r"State a charset only for CSV: .+",
        "N'indiquez un jeu de caractères que pour un CSV : JSON Lines est en UTF-8, et XML indique le sien",
    ),
    (r"The charsets are (.+)", "Les jeux de caractères sont {0}"),
    (r"State the charset that the file has", "Indiquez le jeu de caractères du fichier"),
    (r"Write JSON Lines in UTF-8", "Écrivez JSON Lines en UTF-8"),
    (
        r"Write one flat JSON object per line, each name once, each value text or a number",
        "Écrivez un objet JSON plat par ligne, chaque nom une fois, chaque valeur un texte ou un nombre",
    ),
    (
        r"Write it as a string, as in (.+); only these columns may be JSON numbers: (.+)",
        "Écrivez la valeur en texte, comme {0} ; seules ces colonnes peuvent être des nombres JSON : {1}",
    ),
    (r"Send all lines of an act in one form", "Envoyez toutes les lignes d'un acte dans un seul formulaire"),
    (r"Send 1 to (\S+) lines at once", "Envoyez de 1 à {0} lignes à la fois"),
    (r"Remove the character NUL from the texts", "Retirez le caractère NUL des textes"),
    (
        r"A dry run accepts up to (\S+) lines: split the file",
        "Un essai accepte au plus {0} lignes : divisez le fichier",
    ),
    (r"Split the file", "Divisez le fichier"),
    (r"Send at most (\S+) lines in one file", "Envoyez au plus {0} lignes par fichier"),
    (r"End each act line with a line end", "Terminez chaque ligne d'acte par une fin de ligne"),
    (
        r"Send the whole file, or the envelope that belongs to it",
        "Envoyez le fichier entier, ou l'enveloppe qui lui correspond",
    ),
    (r"The file changed on its way: send the file again", "Le fichier a changé en route : renvoyez-le"),
    (r"The file is damaged: send it again", "Le fichier est endommagé : renvoyez-le"),
    (r"Send the file again, with its lines", "Renvoyez le fichier, avec ses lignes"),
    (r"Send the file again", "Renvoyez le fichier"),
    (r"Send the whole file", "Envoyez le fichier entier"),
    (r"Write the file again", "Écrivez le fichier de nouveau"),
    (
        r"State version (\S+) of the flat act format",
        "Indiquez la version {0} du format plat des actes",
    ),
    (
        r"Use up to (\d+) printable characters",
        "Employez au plus {0} caractères imprimables",
    ),
    (r"Name the columns in the first line", "Nommez les colonnes dans la première ligne"),
    (
        r"Write CSV that has one field for each column",
        "Écrivez un CSV qui a un champ par colonne",
    ),
    (
        (
            r"Send the acts of this kind with a key that has the role (.+?); an operator creates it: (.+?)"
            r"\. Name another sender than (\S+): no sender has that role beside (.+)"
        ),
        (
            "Envoyez les actes de ce type avec une clé qui a le rôle {0} ; un exploitant la crée : {1}. Nommez un autre"
            " émetteur que {2} : aucun émetteur n'a ce rôle avec {3}"
        ),
    ),
    (
        r"Send the acts of this kind with a key that has the role (.+?); an operator creates it: (.+)",
        "Envoyez les actes de ce type avec une clé qui a le rôle {0} ; un exploitant la crée : {1}",
    ),
    (
        r"Leave the line out: only Crescendo itself sends this kind, as (\S+)",
        "Retirez la ligne : seul Crescendo envoie ce type d'acte, sous le nom {0}",
    ),
    (
        r"Use a key that has a role which sends acts: (.+)",
        "Employez une clé qui a un rôle permettant d'envoyer des actes : {0}",
    ),
)
"""Patterns of whole English remedies whose figures and names are taken over, and their French form."""

_FINDINGS: tuple[tuple[str, str], ...] = (
    (r"The column is unknown", "La colonne est inconnue"),
    (
        r"The column is unknown, and its name is like that of the column (\S+)",
        "La colonne est inconnue, et son nom ressemble à celui de la colonne {0}",
    ),
    (r"The column occurs twice", "La colonne figure deux fois"),
    (
        r"The file is (\S+), and its Content-Type is (\S+)",
        "Le fichier est {0}, et son Content-Type est {1}",
    ),
    (
        r"The format of the file is (\S+), but the media type is (\S+)",
        "Le fichier est {0}, et son Content-Type est {1}",
    ),
    (r"The file is (\S+), not what its name claims", "Le fichier est {0}, ce que son nom ne dit pas"),
    (r"The file is empty", "Le fichier est vide"),
    (r"These bytes are not UTF-8: (.+)", "Ces octets ne sont pas de l'UTF-8 : {0}"),
    (
        r"The value (.+) is a JSON number, and the column contains text",
        "La valeur {0} est un nombre JSON, et la colonne contient du texte",
    ),
    (r"The form begins in the middle of an act", "Le formulaire commence au milieu d'un acte"),
    (r"The form has (\S+) lines", "Le formulaire a {0} lignes"),
    (r"The form contains the character NUL", "Le formulaire contient le caractère NUL"),
    (r"The file has more than (\S+) lines", "Le fichier a plus de {0} lignes"),
    (r"The file has more than (\S+) bytes", "Le fichier a plus de {0} octets"),
    (r"The file has (\S+) lines", "Le fichier a {0} lignes"),
    (r"The charset (.+) is not read", "Le jeu de caractères {0} n'est pas lu"),
    (
        r"The envelope states (\S+) lines, the file has (\S+)",
        "L'enveloppe annonce {0} lignes, le fichier en a {1}",
    ),
    (
        r"The envelope states a control sum of (\S+), the file has (\S+)",
        "L'enveloppe annonce un total de {0}, le fichier a {1}",
    ),
    (
        r"The envelope states SHA-256 (\S+), the file has (\S+)",
        "L'enveloppe annonce le SHA-256 {0}, le fichier a {1}",
    ),
    (r"This is not a valid file name", "Ce nom de fichier n'est pas valable"),
)
"""Patterns of whole English findings, and their French form."""

Patterns = Sequence[tuple[re.Pattern[str], str]]
_REMEDY_PATTERNS: Patterns = tuple((re.compile(pattern), french) for pattern, french in _REMEDIES)
_FINDING_PATTERNS: Patterns = tuple((re.compile(pattern), french) for pattern, french in _FINDINGS)


def translate_remedy(remedy: str) -> str:
    """Return a remedy in French; in English if its text is not fixed."""
    return translate_text(_REMEDY_PATTERNS, remedy) or remedy


def translate_fault(finding: str) -> str:
    """Return what was found in French; in English if its text is not fixed."""
    return translate_text(_FINDING_PATTERNS, finding) or finding


def translate_text(patterns: Patterns, text: str) -> str | None:
    """Return the French form of a text, by the first pattern that matches all of it; None without one."""
    for pattern, french in patterns:
        if match := pattern.fullmatch(text):
            return french.format(*match.groups())
    return None
