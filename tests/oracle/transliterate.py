"""Texts in other letters, one code point after the other."""

import re
from collections.abc import Sequence

_SHAPES = (
    r"0(.{7})",
    r"110(.{5})10(.{6})",
    r"1110(.{4})" + r"10(.{6})" * 2,
    r"11110(.{3})" + r"10(.{6})" * 3,
)
"""UTF-8, bit by bit, for one byte to four."""


def transliterate_texts(texts: Sequence[bytes], letters: Sequence[str], room: int) -> list[str]:
    """Each text in the letters of the table, a dot beyond it, no spaces at its ends, as long as there is room."""
    spelt = [
        "".join(letters[code] if code < len(letters) else "." for code in _split_code_points(text))
        for text in texts
    ]
    return [text.lstrip(" ")[:room].rstrip(" ") for text in spelt]


def _split_code_points(text: bytes) -> list[int]:
    found = []
    while text:
        width, code = _read_code_point(text)
        found.append(code)
        text = text[width:]
    return found


def _read_code_point(text: bytes) -> tuple[int, int]:
    """Bytes and number of the first code point; one byte, and 0, where there is none."""
    for width, shape in enumerate(_SHAPES, 1):
        bits = "".join(f"{byte:08b}" for byte in text[:width])
        if match := re.fullmatch(shape, bits):
            return width, int("".join(match.groups()), 2)
    return 1, 0
