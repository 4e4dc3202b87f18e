"""The character sets of payment messages: what XML cannot hold is replaced, what banks cannot read is transliterated."""

import re
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from core.tables.columns import seal
from core.tables.transfers import Transliteration

NOT_PROVIDED = "NOTPROVIDED"
"""Replaces an empty identifier or name."""
IDENTIFIER_CHARACTERS_MAX = 35
REMARK_CHARACTERS_MAX = 105
_REPLACEMENT = "."
_LATIN_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ _")
"""What every bank in SEPA accepts (EPC217-08), and the underscore of our own codes."""
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
"""Above are ideographs and invisible marks: each becomes the replacement character."""


def clean_identifier(text: str) -> str:
    """Return ``text`` unchanged as far as XML and the maximal length allow."""
    printable = "".join(
        character if character.isprintable() else _REPLACEMENT
        for character in text[:IDENTIFIER_CHARACTERS_MAX]
    )
    return printable if printable.strip() else NOT_PROVIDED


def to_latin(text: str) -> str:
    """Transliterate ``text`` to Latin letters: accents are dropped, any other character becomes a dot."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_TRANSLITERATIONS))
    characters = (character for character in decomposed if not unicodedata.combining(character))
    return "".join(character if character in _LATIN_CHARACTERS else _REPLACEMENT for character in characters)


def to_transfer_charset(text: str) -> str:
    """Transliterate ``text`` to the SEPA character set: as ``to_latin``, with ``-`` for ``_`` and ``+`` for ``&``."""
    return to_latin(text.replace("&", "+")).replace("_", "-")


@cache
def build_transliteration_table() -> Transliteration:
    """Tabulate ``to_transfer_charset`` for every code point that does not always become a dot."""
    replacements = [_tabulate(chr(code)) for code in range(_TABLE_CODE_POINTS)]
    start = np.cumsum([0, *map(len, replacements)]).astype(np.int32)
    return seal(Transliteration(start, np.frombuffer(b"".join(replacements), np.uint8)))


def _tabulate(character: str) -> bytes:
    is_unchanged = unicodedata.is_normalized("NFKD", character) and ord(character) not in _TRANSLITERATIONS
    if is_unchanged and not character.isascii():  # most are: the general way would take half a second for all
        return b"" if unicodedata.combining(character) else _REPLACEMENT.encode("ascii")
    return to_transfer_charset(character).encode("ascii")


def wrap_remarks(texts: Sequence[str]) -> list[str]:
    """Break ``texts`` at spaces into remarks of the maximal length; a semicolon, which they may not have, becomes a comma."""
    readable = (to_latin(re.sub(r"\s*;", ",", text)) for text in texts)
    return [line for text in readable for line in textwrap.wrap(text, REMARK_CHARACTERS_MAX)]
