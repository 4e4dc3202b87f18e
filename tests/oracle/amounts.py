"""Parsing of decimal texts into whole cents."""

import re

from core.money import AMOUNT_MAX, CENTS_PER_EURO
from core.outcome_codes import Outcome

DIGITS_MAX = 16
"""Digits before the point up to which the totals of a file include an amount, even a refused one."""

_AMOUNT = re.compile(r"(-?)([0-9]+)(?:[.,]([0-9]{1,2}))?", re.ASCII)


def parse(text: str) -> tuple[int, Outcome]:
    """Return (cents, ACCEPTED), or (0, fault).

    An amount is digits, optionally followed by a point or a comma and one or two digits.  A minus gives
    AMOUNT_NOT_POSITIVE; a plus, an exponent, a space, a grouping mark or a third decimal is AMOUNT_INVALID.
    """
    cents = _read_cents(text)
    return (0, Outcome.AMOUNT_INVALID) if cents is None else check_cents(cents)


def check_cents(cents: int) -> tuple[int, Outcome]:
    """Return (cents, ACCEPTED), or (0, fault), for an amount that is already whole cents."""
    if cents <= 0:
        return 0, Outcome.AMOUNT_NOT_POSITIVE
    if cents > AMOUNT_MAX:
        return 0, Outcome.AMOUNT_OVER_LIMIT
    return cents, Outcome.ACCEPTED


def read_any_amount(text: str) -> int:
    """Return the cents of ``text``, even outside the limits of a line.

    0 if it is not an amount, or has more digits before the point than the totals of a file include.
    """
    cents = _read_cents(text)
    return cents if cents is not None and abs(cents) < 10**DIGITS_MAX * CENTS_PER_EURO else 0


def is_zero(text: str) -> bool:
    """Return whether ``text`` is an amount of zero."""
    return _read_cents(text) == 0


def _read_cents(text: str) -> int | None:
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    minus, whole, decimals = match.groups(default="")
    cents = int(whole) * CENTS_PER_EURO + int(decimals.ljust(2, "0"))
    return -cents if minus else cents
