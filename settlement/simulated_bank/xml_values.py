"""Values as messages write them."""

import numpy as np

from core.money import CENTS_PER_EURO


def format_cents(cents: int) -> str:
    """``123456`` as ``1234.56``, without a sign."""
    whole, rest = divmod(abs(cents), CENTS_PER_EURO)
    return f"{whole}.{rest:02}"


def format_sign(cents: int) -> str:
    """The direction of an amount."""
    return "DBIT" if cents < 0 else "CRDT"


def format_date(day: int) -> str:
    """``YYYY-MM-DD`` of days since 1970."""
    return str(np.datetime64(day, "D"))


def format_compact_date(day: int) -> str:
    """``YYYYMMDD`` of days since 1970."""
    return format_date(day).replace("-", "")
