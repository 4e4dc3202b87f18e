"""Texts as payment messages carry them: what XML cannot hold is replaced, what banks cannot read is spelled out."""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence

NOT_PROVIDED = "NOTPROVIDED"
"""In place of an identifier that was none."""
ID_LETTERS_MAX = 35
REMARK_LETTERS_MAX = 105
_NOWHERE = "."
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ _")
"""What every bank in SEPA takes (EPC217-08), and the underscore of our own codes."""
_SPELLED: Mapping[int, str] = str.maketrans(
    {
        "œ": "oe",
        "Œ": "OE",
        "æ": "ae",
        "Æ": "AE",
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "€": "EUR",
        "\u2019": "'",
    }
)


def identifier(text: str) -> str:
    """``text`` as its owner wrote it, as far as XML and the length allow."""
    plain = "".join(letter if letter.isprintable() else _NOWHERE for letter in text[:ID_LETTERS_MAX])
    return plain if plain.strip() else NOT_PROVIDED


def latin(text: str) -> str:
    """``text`` in the Latin letters of payments: accents fall, what has no place there becomes a dot."""
    bare = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    letters = (letter for letter in bare if not unicodedata.combining(letter))
    return "".join(letter if letter in _LATIN else _NOWHERE for letter in letters)


def remarks(texts: Sequence[str]) -> list[str]:
    """``texts`` cut at words into pieces that fit."""
    return [piece for text in texts for piece in textwrap.wrap(latin(text), REMARK_LETTERS_MAX)]
