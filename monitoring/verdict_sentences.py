"""The sentences of the verdict, in English and in French."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from core.money import format_euros

REASON_LETTERS_MAX = 60
LABELS_SHOWN = 3
_NARROW_SPACE = "\u202f"


class Sentence(NamedTuple):
    """A sentence or part of one, in both languages."""

    english: str
    french: str


class _SenderPause(Protocol):
    @property
    def sender(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def files(self) -> int: ...


class _Text(Protocol):
    @property
    def english(self) -> str: ...
    @property
    def french(self) -> str: ...


CAUSE_SENTENCES: Mapping[str, Sentence] = {
    "disk_full": Sentence(
        "a disk is full, and work waits for room", "un disque est plein, le travail attend de la place"
    ),
    "loading": Sentence(
        "the service loads its book and accepts no work yet",
        "le service charge ses données et n'accepte pas encore de travail"
    ),
    "stopping": Sentence(
        "the service stops and accepts no more work", "le service s'arrête et n'accepte plus de travail"
    ),
    "cut_off_past": Sentence(
        "the cut-off is past, and {count} lines wait", "la clôture est passée, et {count} lignes attendent"
    ),
    "cut_off_late": Sentence(
        "late for the cut-off: the queue is empty in {seconds}, the cut-off is in {left}",
        "en retard pour la clôture : file vide dans {seconds}, clôture dans {left}",
    ),
    "books_differ": Sentence(
        "books and bank differ by {euros} euros on {account}",
        "écart de {euros} euros entre livres et banque sur {account}"
    ),
    "files_lost": Sentence(
        "files lost from the spool, to be sent again: {count}", "fichiers perdus, à renvoyer : {count}"
    ),
}  # fmt: skip
"""By the code of the cause."""

ALERT_SENTENCES: Mapping[str, Sentence] = {
    "CrescendoDiskFull": CAUSE_SENTENCES["disk_full"],
    "CrescendoNotReady": Sentence(
        "the service has accepted no work for five minutes", "le service n'accepte aucun travail depuis cinq minutes"
    ),
    "CrescendoStuck": Sentence(
        "nothing is committed, and work has waited for {seconds}", "rien n'est validé, et du travail attend depuis {seconds}"
    ),
    "CrescendoMissesCutOff": Sentence(
        "late for the cut-off, which is in {seconds}", "en retard pour la clôture, qui est dans {seconds}"
    ),
    "CrescendoDiskFills": Sentence("the disk is filling up", "le disque se remplit"),
    "CrescendoCommitsFail": Sentence("commits fail and are repeated", "des validations échouent et sont reprises"),
    "CrescendoCommitsSlow": Sentence("commits take {seconds}", "les validations durent {seconds}"),
    "CrescendoOldestWaits": Sentence("work has waited for {seconds}", "du travail attend depuis {seconds}"),
    "CrescendoNearlyFull": Sentence("the queue is four fifths full", "la file est pleine aux quatre cinquièmes"),
    "CrescendoFormsSlow": Sentence("forms take {seconds}", "les formulaires durent {seconds}"),
    "CrescendoErrors": Sentence("the service fails to answer {labels}", "le service échoue à répondre à {labels}"),
    "CrescendoTurnedAway": Sentence("many requests are rejected: {labels}", "beaucoup de requêtes sont rejetées : {labels}"),
    "CrescendoRefusalsJump": Sentence(
        "far more lines than before are refused: {labels}", "bien plus de lignes refusées qu'avant : {labels}"
    ),
    "CrescendoCreditsRunOut": Sentence(
        "more programmes have hardly any credits left: {labels}", "plus de programmes sont presque sans crédits : {labels}"
    ),
    "CrescendoConnectionsRunOut": Sentence(
        "connections and open files near their limit", "connexions et fichiers ouverts près de la limite"
    ),
}  # fmt: skip
"""By the name of the alert rule."""

_LIMITS: Mapping[str, Sentence] = {
    "": Sentence("Nothing waits.", "Rien n'attend."),
    "paused": Sentence("Only work of paused senders waits.", "Seul le travail d'émetteurs en pause attend."),
    "reading": Sentence("Reading limits ({share} of a core).", "La lecture limite ({share} d'un cœur)."),
    "deciding": Sentence("Decision limits ({share} of a core).", "La décision limite ({share} d'un cœur)."),
    "writing": Sentence("Writing limits ({share} of a core).", "L'écriture limite ({share} d'un cœur)."),
    "database": Sentence("The database limits.", "La base de données limite."),
}
_PAUSE = Sentence(
    "{sender} is paused ({reason}; files that wait: {count})",
    "{sender} en pause ({reason} ; fichiers en attente : {count})",
)
_MORE_PAUSES = Sentence("{count} more senders are paused", "{count} autres émetteurs en pause")
_FIRST_KEY = Sentence(
    "The ledger is empty, and no key exists. First create the key that opens the year's credits, with --data or --database"
    " of the service:",
    "Le registre est vide, et aucune clé n'existe. Créez d'abord la clé qui ouvre les crédits de l'année, avec --data ou"
    " --database du service :",
)
_FIRST_FILE = Sentence(
    "The ledger is empty. First open the year's credits: send a file of openings with the key of the budget directorate:",
    "Le registre est vide. Ouvrez d'abord les crédits de l'année : envoyez un fichier d'ouvertures avec la clé de la"
    " direction du budget :",
)


_FIRST_KEY_COMMAND = "crescendo access create DIRECTORATE --role budget_directorate"
_FIRST_FILE_COMMAND = "CRESCENDO_KEY=crescendo_... crescendo submit openings.csv"


def build_sentence(sentence: Sentence, **values: Any) -> Sentence:
    """Fill in the values, as each language writes them."""
    english, french = ({name: _format(name, value) for name, value in values.items()} for _ in range(2))
    french = {name: _write_in_french(name, text) for name, text in french.items()}
    return Sentence(sentence.english.format(**english), _set_apostrophes(sentence.french).format(**french))


def _set_apostrophes(french: str) -> str:
    """Return the text with the apostrophe that print uses, as the other texts of the page."""
    return french.replace("'", "\u2019")


def _format(name: str, value: Any) -> str:
    if name in ("seconds", "left"):
        return format_duration(value)
    if name == "euros":
        return format_euros(abs(value))
    if name == "labels":
        return _join(value)
    if name == "share":
        return f"{value:.0%}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _write_in_french(name: str, text: str) -> str:
    if name in ("count", "euros"):
        return text.replace(",", _NARROW_SPACE).replace(".", ",")
    return text.replace("%", f"{_NARROW_SPACE}%") if name == "share" else text


def _join(labels: Sequence[str]) -> str:
    more = len(labels) - LABELS_SHOWN
    text = ", ".join(label.upper() if label in ("ae", "cp") else label for label in labels[:LABELS_SHOWN])
    return f"{text}, +{more}" if more > 0 else text


def format_duration(seconds: float) -> str:
    """Format a duration with the units that both languages share: 250 ms, 45 s, 12 min, 3 h 20 min."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02} min"


def describe_limit(stage: str, share: float) -> Sentence:
    """Describe which stage limits; ``stage`` is empty if nothing waits."""
    return build_sentence(_LIMITS[stage], share=share)


def describe_pause(senders: Sequence[_SenderPause], limit: int) -> Iterator[Sentence]:
    """Describe the first paused senders one by one, and count the others."""
    for pause in senders[:limit]:
        yield build_sentence(_PAUSE, sender=pause.sender, reason=_shorten(pause.reason), count=pause.files)
    if len(senders) > limit:
        yield build_sentence(_MORE_PAUSES, count=len(senders) - limit)


def _shorten(text: str) -> str:
    return text if len(text) <= REASON_LETTERS_MAX else f"{text[: REASON_LETTERS_MAX - 1]}…"


def describe_first_step(keys: int) -> tuple[str, str, str]:
    """Return what to do first on an empty ledger, in English and French, and the command."""
    english, french = build_sentence(_FIRST_FILE if keys else _FIRST_KEY)
    return english, french, _FIRST_FILE_COMMAND if keys else _FIRST_KEY_COMMAND


def build_line(causes: Sequence[_Text], limit: _Text) -> Sentence:
    """Build the one line that says whether all is well, why not, and which stage limits."""
    if not causes:
        return Sentence(f"All is well. {limit.english}", f"Tout va bien. {limit.french}")
    english, french = ([getattr(cause, name) for cause in causes] for name in Sentence._fields)
    return Sentence(
        f"Not well: {'; '.join(english)}. {limit.english}",
        f"À traiter : {' ; '.join(french)}. {limit.french}",
    )
