"""Numbers of transfers, each of a ledger and an entry, as end-to-end identifiers."""

import re
from collections.abc import Sequence


def write_identifiers(numbers: Sequence[int]) -> list[str]:
    """Return the identifier with each number: the number with its check digits is 1 modulo 97."""
    return [
        next(text for text in (f"CRSC{number:014}{check:02}" for check in range(2, 99)) if _is_valid(text))
        for number in numbers
    ]


def parse_identifiers(texts: Sequence[bytes]) -> list[int]:
    """Return the number in each identifier; 0 for none."""
    shaped = [re.fullmatch(rb"CRSC[0-9]{16}", text) for text in texts]
    return [
        int(text[4:18]) if shape and _is_valid(text) else 0 for text, shape in zip(texts, shaped, strict=True)
    ]


def _is_valid(text: str | bytes) -> bool:
    return int(text[4:]) % 97 == 1 and 2 <= int(text[18:]) <= 98
