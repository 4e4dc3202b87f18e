"""Slots that are widened beside the decisions: to enter tens of millions of keys anew takes seconds."""

from threading import Thread

import numpy as np
from numpy.typing import NDArray

from kernels import key_index as key_kernel
from posting.book.reserved_memory import reserve


class Rehash:
    """More slots, filled in a thread of its own with the keys that stand now; keys that come meanwhile follow."""

    def __init__(self, keys: np.ndarray, count: int, slots: int) -> None:
        """``keys``, sealed; the first ``count`` of them stay as they are."""
        self._count, self._slots = count, reserve(np.uint64, slots)
        entering = (self._slots, keys, 0, count)
        self._thread = Thread(target=key_kernel.index_keys, args=entering, name="widening", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether nobody would wait for it."""
        return not self._thread.is_alive()

    def take_result(self, keys: np.ndarray, count: int) -> NDArray[np.uint64]:
        """The slots, pointing at the first ``count`` of ``keys``."""
        self._thread.join()
        key_kernel.index_keys(self._slots, keys, self._count, count)
        return self._slots
