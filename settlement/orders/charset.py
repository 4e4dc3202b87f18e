"""Texts as payment messages carry them: what XML cannot hold is replaced, what banks cannot read is spelled out."""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from core.tables.columns import seal
from core.tables.transfers import Transliteration

NOT_PROVIDED = "NOTPROVIDED"
"""In place of an identifier, or a name, that was none."""
ID_LETTERS_MAX = 35
REMARK_LETTERS_MAX = 105
_REPLACEMENT = "."
_LATIN_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ _")
"""What every bank in SEPA takes (EPC217-08), and the underscore of our own codes."""
_TRANSLITERATIONS: Mapping[int, str] = str.maketrans(
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
_TABLE_CODE_POINTS = 0x20000
"""Beyond lie ideographs, and marks that nobody sees."""


def clean_identifier(text: str) -> str:
    """``text`` as its owner wrote it, as far as XML and the length allow."""
    plain = "".join(letter if letter.isprintable() else _REPLACEMENT for letter in text[:ID_LETTERS_MAX])
    return plain if plain.strip() else NOT_PROVIDED


def to_latin(text: str) -> str:
    """``text`` in the Latin letters of payments: accents fall, what has no place there becomes a dot."""
    bare = unicodedata.normalize("NFKD", text.translate(_TRANSLITERATIONS))
    letters = (letter for letter in bare if not unicodedata.combining(letter))
    return "".join(letter if letter in _LATIN_LETTERS else _REPLACEMENT for letter in letters)


def to_transfer_charset(text: str) -> str:
    """``text`` as any bank in SEPA takes it: ``latin`` without our own underscore, and a plus for an ampersand."""
    return to_latin(text.replace("&", "+")).replace("_", "-")


@cache
def build_transliteration_table() -> Transliteration:
    """``transferable`` as a table, for the code points that may be anything but a dot."""
    letters = [to_transfer_charset(chr(code)).encode("ascii") for code in range(_TABLE_CODE_POINTS)]
    start = np.cumsum([0, *map(len, letters)]).astype(np.int32)
    return seal(Transliteration(start, np.frombuffer(b"".join(letters), np.uint8)))


def wrap_remarks(texts: Sequence[str]) -> list[str]:
    """``texts`` cut at words into pieces that fit."""
    return [piece for text in texts for piece in textwrap.wrap(to_latin(text), REMARK_LETTERS_MAX)]
