"""Split transfers into payment files within the limits of the bank."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.money import sum_exactly
from settlement.orders.pain001_writer import OVERHEAD_BYTES_MAX

CONTROL_SUM_CENTS_MAX = 10**18 - 1
"""A control sum has at most 18 digits."""


class FileLimits(NamedTuple):
    """The largest payment file that the bank accepts."""

    transactions_max: int
    bytes_max: int


def split_rows(sizes: NDArray[np.int64], amounts: NDArray[np.int64], limits: FileLimits) -> Iterator[slice]:
    """Yield the rows of each file, in order: as many as fit, at least one.

    ``sizes`` are the bytes of each transfer, ``amounts`` its cents.
    """
    ends, first, count = np.cumsum(sizes), 0, len(sizes)
    while first < count:
        bytes_before = int(ends[first - 1]) if first else 0
        bytes_end = bytes_before + limits.bytes_max - OVERHEAD_BYTES_MAX
        fitting = int(np.searchsorted(ends, bytes_end, "right"))
        last = max(min(fitting, first + limits.transactions_max), first + 1)
        while sum_exactly(amounts[first:last]) > CONTROL_SUM_CENTS_MAX:
            last = first + (last - first) // 2
        yield slice(first, last)
        first = last
