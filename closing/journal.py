"""The journal as columns: what each entry follows, in one array per column, indexed by entry."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Journal(NamedTuple):
    """All entries up to one, by number; row 0 is no entry."""

    predecessor: NDArray[np.uint32]
    amount: NDArray[np.int64]
    """Cents."""
    cell: NDArray[np.int32]
    kind: NDArray[np.uint8]


def allocate_journal(last_entry: int) -> Journal:
    """Return a journal of empty rows up to ``last_entry``."""
    size = last_entry + 1
    return Journal(
        np.zeros(size, np.uint32),
        np.zeros(size, np.int64),
        np.zeros(size, np.int32),
        np.zeros(size, np.uint8),
    )
