"""Slots that are widened beside the decisions: a pass over all of them takes seconds where tens of millions of keys stand."""

from threading import Thread

import numpy as np
from numpy.typing import NDArray

from kernels import keys as key_kernel
from posting.memory import reserve


class Widening:
    """Twice the slots, filled in a thread of its own with the keys that stand now; keys that come meanwhile follow."""

    def __init__(self, narrow: NDArray[np.uint64], rows: int) -> None:
        """``narrow``, sealed, points at the first ``rows`` keys, which stay; others may come and go there."""
        self._rows, self._wider = rows, reserve(np.uint64, 2 * len(narrow))
        self._thread = Thread(
            target=key_kernel.widen, args=(narrow, rows, self._wider), name="widening", daemon=True
        )
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether nobody would wait for it."""
        return not self._thread.is_alive()

    def taken(self, keys: np.ndarray, count: int) -> NDArray[np.uint64]:
        """The wider slots, pointing at the first ``count`` keys."""
        self._thread.join()
        key_kernel.index(self._wider, keys, self._rows, count)
        return self._wider
