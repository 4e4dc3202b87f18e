"""Money: whole cents in an int64.  No amount is ever a float."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CENTS_PER_EURO = 100

AMOUNT_MAX = 10**14
"""Largest amount of one line: a thousand billion euros, twice the State's yearly budget."""

BALANCE_MAX = 2**52
"""Largest magnitude of one budget figure: sums over all nodes and periods stay within int64."""


def format_euros(cents: int) -> str:
    """Format ``1234567`` as ``12,345.67``, exactly, for texts that people read."""
    whole, rest = divmod(abs(int(cents)), CENTS_PER_EURO)
    return f"{'-' if cents < 0 else ''}{whole:,}.{rest:02}"


def format_plain_euros(cents: int) -> str:
    """Format ``1234567`` as ``12345.67``, exactly, for cells of a table that a program may read too."""
    return format_euros(cents).replace(",", "")


def sum_exactly(amounts: "NDArray[np.int64]") -> int:
    """Return the sum of non-negative amounts, without overflow."""
    low_bits = 32
    high, low = amounts >> low_bits, amounts & (1 << low_bits) - 1
    return (int(high.sum()) << low_bits) + int(low.sum())
