"""Parsing of whole numbers."""

import re

from core.act_fields import FORMATS, Field

DIGITS_MAX = FORMATS[Field.LINE].bytes_max


def parse(text: str) -> int | None:
    """Return the number of one to ten ASCII digits, or None: no sign, no space, no decimals."""
    return int(text) if re.fullmatch(rf"[0-9]{{1,{DIGITS_MAX}}}", text, re.ASCII) else None
