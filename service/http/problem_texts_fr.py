"""The French titles and details of problems, by their codes; the codes themselves are the same in every language."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple


class FrenchText(NamedTuple):
    """What a problem of one code means, and what to do."""

    title: str
    sentence: str


TITLES: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: "Requête incorrecte",
    HTTPStatus.UNAUTHORIZED: "Non authentifié",
    HTTPStatus.FORBIDDEN: "Interdit",
    HTTPStatus.NOT_FOUND: "Introuvable",
    HTTPStatus.METHOD_NOT_ALLOWED: "Méthode non autorisée",
    HTTPStatus.NOT_ACCEPTABLE: "Aucun format acceptable",
    HTTPStatus.REQUEST_TIMEOUT: "Délai de la requête dépassé",
    HTTPStatus.CONFLICT: "Conflit",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Requête trop volumineuse",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Type de contenu non pris en charge",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Contenu refusé",
    HTTPStatus.TOO_MANY_REQUESTS: "Trop de requêtes",
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: "En-têtes trop longs",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Erreur interne",
    HTTPStatus.SERVICE_UNAVAILABLE: "Service indisponible",
}
"""In the place of the English phrase of each status."""

SENTENCES: Mapping[str, str] = {
    "body-cut": "Le corps de la requête est incomplet : envoyez-le de nouveau, en entier",
    "body-stalled": "Aucun octet n'est arrivé pendant une minute : envoyez la requête de nouveau",
    "clock-set-back": (
        "L'horloge du service a été reculée : renvoyez la requête plus tard, la répéter est sans danger"
    ),
    "day-order": "Le dernier jour de la période précède le premier : corrigez first_day ou last_day",
    "directory-state": (
        "L'annuaire des personnes ne permet pas ce changement : mettez d'abord fin à ce qui l'exclut, ou corrigez-le"
    ),
    "disk-full": "Le disque du service est plein : renvoyez la requête plus tard, la répéter est sans danger",
    "envelope-mismatch": "Le fichier est refusé en entier : il diffère de ce que son enveloppe annonce",
    "exercise-missing": "Le mois est indiqué sans son exercice : indiquez exercise",
    "file-unreadable": "Le fichier est refusé en entier : il ne peut pas être lu",
    "format-unknown": "Le fichier est refusé en entier : son format, sa version ou une colonne est inconnu",
    "head-too-long": "La ligne de requête et les en-têtes sont trop longs : raccourcissez-les",
    "internal-error": "Le service a rencontré une erreur, décrite dans son journal technique",
    "key-unknown": "Clé d'API ou jeton absent, inconnu ou expiré : demandez-en un nouveau à l'exploitant",
    "limit-exceeded": "La requête dépasse une limite : réduisez-la ou divisez le fichier",
    "malformed-request": "La requête ne peut pas être comprise : corrigez-la",
    "media-type-unknown": "Le type de contenu n'est pas pris en charge : indiquez-en un autre dans Content-Type",
    "method-not-allowed": "Cette adresse n'accepte pas cette méthode : voyez l'en-tête Allow",
    "not-acceptable": "Le service ne peut répondre dans aucun des formats demandés : voyez accepted",
    "not-found": "Cet objet n'existe pas, ou vous n'y avez pas accès : vérifiez son numéro ou son nom",
    "not-waiting": "Il est trop tard pour annuler : la décision a commencé ou est terminée",
    "offset-differs": "Le morceau ne commence pas où l'envoi s'est arrêté : reprenez à offset",
    "person-not-proved": (
        "Votre clé ne prouve pas l'identité de la personne qui décide, ou son rôle ne le permet pas : utilisez la clé de "
        "cette personne"
    ),
    "perimeter-not-held": "Votre habilitation ne couvre pas ces programmes : demandez son extension à l'exploitant",
    "period-state": "L'état du mois ne permet pas cette décision : voyez l'état de la période",
    "rate-limited": "Trop de requêtes par seconde : réessayez après le délai de Retry-After",
    "reference-data-missing": "Il manque des données de référence, par exemple le taux d'un semestre",
    "role-not-held": "Votre rôle ne permet pas cette opération : demandez le rôle nécessaire à l'exploitant",
    "sender-paused": "L'exploitant a suspendu cet émetteur : attendez qu'il soit rétabli ; reason en donne le motif",
    "signature-missing": "Le fichier n'est pas signé : déposez sa signature à côté de lui",
    "signature-wrong": "La signature n'est pas celle du fichier : signez-le de nouveau",
    "signer-unknown": "Aucune clé de signature n'est enregistrée pour cet émetteur : demandez-le à l'exploitant",
    "try-again": "Le service démarre, s'arrête, ou est occupé : réessayez après le délai de Retry-After",
    "upload-busy": "Une autre connexion envoie un morceau de ce fichier : réessayez dans un instant",
    "upload-differs": "Cet envoi a été commencé avec une autre taille : supprimez-le, puis recommencez",
    "uploads-full": "Il y a trop d'envois inachevés : terminez-en ou supprimez-en un",
    "wrong-sender": "L'émetteur du fichier n'est pas celui de la clé, ou son nom est réservé : corrigez l'émetteur",
}
"""What a problem of each code means, and what to do."""

_DETAILS: tuple[tuple[str, str], ...] = (
    (r"There is nothing at (.+)", "Il n'y a rien à l'adresse {0}"),
    (r"(\S+) does not support (\S+)", "{0} n'accepte pas la méthode {1}"),
    (r"There is no batch (\d+)", "Il n'y a pas de lot {0}"),
    (
        r"There is no batch (\d+) yet: the last one is (\d+)",
        "Il n'y a pas encore de lot {0} : le dernier est {1}",
    ),
    (r"There is no run (\d+)", "Il n'y a pas de campagne de paiement {0}"),
    (r"There is no sender (.+)", "Il n'y a pas d'émetteur {0}"),
    (r"There is no fund (.+)", "Il n'y a pas de fonds {0}"),
    (r"(?:You have|There is) no submission (\d+)", "Vous n'avez pas de dépôt {0}"),
    (r"You may see no submission of (.+)", "Vous ne pouvez voir aucun dépôt de {0}"),
    (r"You have no task (\d+)", "Vous n'avez pas de tâche {0}"),
    (r"You have no upload (\S+)", "Vous n'avez pas d'envoi {0}"),
    (r"You have no entry (\d+)", "Vous n'avez pas d'écriture {0}"),
    (r"You have no fund centre (.+)", "Vous n'avez pas de centre financier {0}"),
    (r"You have no act (.+) that matches", "Vous n'avez pas d'acte {0} qui corresponde"),
    (r"You may not see the acts of that sender", "Vous ne pouvez pas voir les actes de cet émetteur"),
    (r"The parameter (\S+) is required", "Le paramètre {0} est obligatoire"),
    (r"The parameter (\S+) must be one of (.+)", "Le paramètre {0} doit valoir l'un de : {1}"),
    (r"The parameter (\S+) must be true or false", "Le paramètre {0} doit valoir true ou false"),
    (
        r"The parameter (\S+) must be a whole number from (\S+) to (\S+)",
        "Le paramètre {0} doit être un nombre entier de {1} à {2}",
    ),
    (
        r"The parameter (\S+) may have at most (\d+) characters and no NUL",
        "Le paramètre {0} peut avoir au plus {1} caractères, sans NUL",
    ),
    (
        r"The parameter ('.*') is unknown\. This route has the parameters (.+)",
        "Le paramètre {0} est inconnu. Cette adresse a les paramètres {1}",
    ),
    (
        r"The parameter ('.*') is unknown\. This route has no parameters",
        "Le paramètre {0} est inconnu. Cette adresse n'a pas de paramètre",
    ),
    (
        r"The parameter ('.*') has no value: give a value, or leave the parameter out",
        "Le paramètre {0} n'a pas de valeur : donnez-en une, ou omettez le paramètre",
    ),
    (
        r"The (parameter|header) (\S+) is given (\d+) times",
        "{1} est donné {2} fois : donnez-le une seule fois",
    ),
    (r"The header (\S+) must be true or false", "L'en-tête {0} doit valoir true ou false"),
    (
        r"The header (\S+) must be a whole number of bytes",
        "L'en-tête {0} doit être un nombre entier d'octets",
    ),
    (r"An operator has paused (\S+): (.+)", "L'exploitant a suspendu {0} : {1}"),
    (
        r"(.+?), line (\S+): no role of key (\S+) may send a (\S+?)(?:, which needs the role (.+))?",
        "{0}, ligne {1} : aucun rôle de la clé {2} ne permet d'envoyer {3}",
    ),
    (
        r"The header Authorization: Bearer must contain a valid key or token.*",
        "La clé ou le jeton n'est pas valable",
    ),
    (r"The service does not accept a body of type (.+)", "Le service n'accepte pas le type {0}"),
    (
        r"The service does not accept a body in the Content-Encoding (.+): send it uncompressed",
        "Le service n'accepte pas le Content-Encoding {0} : envoyez le corps sans compression",
    ),
    (r"A form must be JSON", "Un formulaire doit être du JSON : indiquez Content-Type: application/json"),
    (
        r"The (?:body|file) has (\S+) bytes; a file may have at most (\S+)",
        "Le fichier a {0} octets, au plus {1} sont permis",
    ),
    (r"The body may have at most (\S+) bytes", "Le corps peut avoir au plus {0} octets"),
    (
        r"The (\S+) names the sender (\S+), but the caller is (\S+)",
        "L'émetteur indiqué est {1}, et la clé est celle de {2}",
    ),
    (r"(\S+) sends more requests than its rate limit allows", "{0} dépasse sa limite de requêtes"),
    (r"The service is (?:starting|loading the book).*", "Le service démarre"),
    (r"The service is stopping.*", "Le service s'arrête"),
    (r"The disk of the service is full: .+", "Le disque est plein"),
    (r"No role of key (\S+) may send acts", "Aucun rôle de la clé {0} ne permet d'envoyer des actes"),
    (r"Key (\S+) is limited to ([^:]+): .+", "La clé {0} est limitée à {1}"),
    (
        r"(\S+) bytes have arrived, but this piece begins at (\S+)",
        "{0} octets sont arrivés, mais ce morceau commence à {1}",
    ),
)
"""Patterns of whole English details whose figures and names are taken over, and their French form."""
_PATTERNS = tuple((re.compile(pattern), french) for pattern, french in _DETAILS)


_FORM_SENTENCES: Mapping[str, str] = {
    "file-unreadable": "Le formulaire est refusé en entier : il ne peut pas être lu",
    "format-unknown": "Le formulaire est refusé en entier : une colonne est inconnue, ou il est incomplet",
}
"""In the place of the sentences of files."""
_FORM_PLACE = re.compile(r"form(?:, .*)?")


def describe_refusal(code: str, place: str, finding: str) -> str:
    """Return the French detail of a file or form that is refused whole."""
    sentence = (_FORM_SENTENCES if _FORM_PLACE.fullmatch(place) else SENTENCES).get(code, SENTENCES[code])
    french_place = re.sub(r", column (?=\S)", ", colonne ", re.sub(r", line (?=\d)", ", ligne ", place))
    return f"{sentence} ({french_place} : {finding})"


def translate(code: str, status: HTTPStatus, detail: str) -> FrenchText:
    """Return the French title and detail of a problem.

    A detail that no pattern matches, such as what a reader found in a file, follows the French sentence of its code as it is.
    """
    title, sentence = TITLES.get(status, status.phrase), SENTENCES[code]
    for pattern, french in _PATTERNS:
        if match := pattern.fullmatch(detail):
            return FrenchText(title, f"{french.format(*match.groups())}. {sentence}")
    return FrenchText(title, f"{sentence} ({detail})")
