"""Validation of BICs by the pattern of the schema of pain.001.001.03."""

import re


def is_bic(text: bytes) -> bool:
    """Return whether ``text`` is a BIC."""
    return re.fullmatch(rb"[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3})?", text) is not None
