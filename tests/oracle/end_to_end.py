"""Entry numbers as end-to-end identifiers."""

import re
from collections.abc import Sequence


def write_identifiers(entries: Sequence[int]) -> list[str]:
    """Return the identifier of each entry: its number with check digits is 1 modulo 97."""
    return [
        next(text for text in (f"CRSC{entry:012}{check:02}" for check in range(2, 99)) if _is_valid(text))
        for entry in entries
    ]


def parse_identifiers(texts: Sequence[bytes]) -> list[int]:
    """Return the entry that each identifier names; 0 for none."""
    shaped = [re.fullmatch(rb"CRSC[0-9]{14}", text) for text in texts]
    return [
        int(text[4:16]) if shape and _is_valid(text) else 0 for text, shape in zip(texts, shaped, strict=True)
    ]


def _is_valid(text: str | bytes) -> bool:
    return int(text[4:]) % 97 == 1 and 2 <= int(text[16:]) <= 98
