"""Decimal text to whole cents."""

import re

from core.codes import Outcome
from core.money import AMOUNT_MAX, CENTS_PER_EURO

_AMOUNT = re.compile(r"(-?)([0-9]+)(?:[.,]([0-9]{1,2}))?", re.ASCII)


def parse(text: str) -> tuple[int, Outcome]:
    """(cents, ACCEPTED), or (0, what is wrong).

    Digits, then perhaps a point or a comma and one or two digits.  A minus is understood, to say
    AMOUNT_NOT_POSITIVE; a plus, an exponent, a space, a grouping mark or a third decimal is AMOUNT_INVALID.
    """
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return 0, Outcome.AMOUNT_INVALID
    minus, whole, decimals = match.groups(default="")
    cents = int(whole) * CENTS_PER_EURO + int(decimals.ljust(2, "0"))
    return judge(-cents if minus else cents)


def judge(cents: int) -> tuple[int, Outcome]:
    """(cents, ACCEPTED), or (0, what is wrong) of an amount that is already whole cents."""
    if cents <= 0:
        return 0, Outcome.AMOUNT_NOT_POSITIVE
    if cents > AMOUNT_MAX:
        return 0, Outcome.AMOUNT_OVER_LIMIT
    return cents, Outcome.ACCEPTED
