"""Where a long list of transfers is cut into files, so that none is over what the bank takes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from settlement.orders.pain001_writer import OVERHEAD_BYTES_MAX, sum_exactly

CONTROL_SUM_CENTS_MAX = 10**18 - 1
"""A control sum has at most 18 digits."""


def split_rows(
    sizes: NDArray[np.int64], amounts: NDArray[np.int64], limits: tuple[int, int]
) -> Iterator[slice]:
    """The rows of each file, in order: as many as fit, at least one.

    ``sizes`` are the bytes of each transfer, ``amounts`` its cents; ``limits`` the most transfers and bytes of a file.
    """
    transactions_max, bytes_max = limits
    ends, first, count = np.cumsum(sizes), 0, len(sizes)
    while first < count:
        before = int(ends[first - 1]) if first else 0
        fitting = int(np.searchsorted(ends, before + bytes_max - OVERHEAD_BYTES_MAX, "right"))
        last = max(min(fitting, first + transactions_max), first + 1)
        while sum_exactly(amounts[first:last]) > CONTROL_SUM_CENTS_MAX:
            last = first + (last - first) // 2
        yield slice(first, last)
        first = last
