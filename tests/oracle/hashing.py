"""Hashes of texts, flawed texts, and the predecessor that a text names."""

from collections.abc import Sequence

from tests.oracle import whole_numbers
from tests.oracle.key_index import compute_siphash128


def fingerprint_texts(
    texts: Sequence[bytes], prefixes: Sequence[int], key_low: int, key_high: int
) -> list[tuple[int, int]]:
    """Return 96 bits of each text after its prefix, as (high 64, low 32); an empty text gives (0, 0)."""
    key = _to_bytes(key_low) + _to_bytes(key_high)
    hashes = [
        compute_siphash128(key, _to_bytes(prefix) + text)
        for text, prefix in zip(texts, prefixes, strict=True)
    ]
    return [
        (first, second % 2**32) if text else (0, 0)
        for text, (first, second) in zip(texts, hashes, strict=True)
    ]


def digest_texts(texts: Sequence[bytes], salt: int) -> list[int]:
    """Return 64 bits of each text, salted; an empty text gives 0."""
    return [
        compute_siphash128(_to_bytes(salt) * 2, _to_bytes(salt) + text)[0] if text else 0 for text in texts
    ]


def is_flawed(text: bytes, bytes_max: int) -> bool:
    """Return whether a text is too long or contains a control character."""
    return len(text) > bytes_max or any(byte < ord(" ") or byte == 0x7F for byte in text)


def split_predecessor(text: str) -> tuple[str, int] | None:
    """Return the reference and line number of ``REFERENCE`` or ``REFERENCE#LINE``; None if the number is invalid.

    ``#LINE`` gives a line without a reference, ``@ENTRY`` an entry, which is returned as a negative number.
    """
    reference, mark, number = text.rpartition("#")
    if not mark and text.startswith("@"):
        entry = whole_numbers.parse(text[1:])
        return ("", -entry) if entry else None
    if not mark:
        return text, 1
    line = whole_numbers.parse(number)
    return (reference, line) if line else None


def _to_bytes(value: int) -> bytes:
    return value.to_bytes(8, "little")
