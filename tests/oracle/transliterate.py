"""Transliteration of texts, one code point after the other."""

import re
from collections.abc import Sequence

_SHAPES = (
    r"0(.{7})",
    r"110(.{5})10(.{6})",
    r"1110(.{4})" + r"10(.{6})" * 2,
    r"11110(.{3})" + r"10(.{6})" * 3,
)
"""UTF-8, bit by bit, for one byte to four."""


def transliterate_texts(texts: Sequence[bytes], letters: Sequence[str], capacity: int) -> list[str]:
    """Return each text in the letters of the table, a dot beyond it, without spaces at its ends, up to ``capacity``."""
    transliterated = [
        "".join(letters[code] if code < len(letters) else "." for code in _split_code_points(text))
        for text in texts
    ]
    return [text.lstrip(" ")[:capacity].rstrip(" ") for text in transliterated]


def _split_code_points(text: bytes) -> list[int]:
    codes = []
    while text:
        width, code = _read_code_point(text)
        codes.append(code)
        text = text[width:]
    return codes


def _read_code_point(text: bytes) -> tuple[int, int]:
    """Return bytes and number of the first code point; one byte and 0 if there is no valid one."""
    for width, shape in enumerate(_SHAPES, 1):
        bits = "".join(f"{byte:08b}" for byte in text[:width])
        if match := re.fullmatch(shape, bits):
            return width, int("".join(match.groups()), 2)
    return 1, 0
