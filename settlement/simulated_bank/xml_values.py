"""Values in the notation of bank messages."""

import numpy as np

from core.money import CENTS_PER_EURO


def format_cents(cents: int) -> str:
    """Format ``123456`` as ``1234.56``, without its sign."""
    euros, remainder = divmod(abs(cents), CENTS_PER_EURO)
    return f"{euros}.{remainder:02}"


def format_sign(cents: int) -> str:
    """Return the credit or debit indicator of an amount."""
    return "DBIT" if cents < 0 else "CRDT"


def format_date(day: int) -> str:
    """Format days since 1970 as ``YYYY-MM-DD``."""
    return str(np.datetime64(day, "D"))


def format_compact_date(day: int) -> str:
    """Format days since 1970 as ``YYYYMMDD``."""
    return format_date(day).replace("-", "")
