"""Background rehash of a large index: inserting tens of millions of keys again takes seconds."""

from threading import Thread

import numpy as np
from numpy.typing import NDArray

from kernels import key_index as key_kernel
from posting.book.reserved_memory import reserve

_LOAD_TENTHS = 6


def count_slots(keys: int) -> int:
    """Return the number of index slots for so many keys."""
    return 10 * keys // _LOAD_TENTHS + 1


class Rehash:
    """A larger index, filled in a background thread with the present keys; keys added meanwhile are inserted at the end."""

    def __init__(self, keys: np.ndarray, count: int, slots: int) -> None:
        """Start inserting the first ``count`` of ``keys``, a sealed view; they must not change."""
        self._count, self._slots = count, reserve(np.uint64, slots)
        arguments = (self._slots, keys, 0, count)
        self._thread = Thread(target=key_kernel.index_keys, args=arguments, name="rehash", daemon=True)
        self._thread.start()

    @property
    def is_done(self) -> bool:
        """Whether the background thread has finished."""
        return not self._thread.is_alive()

    def take_result(self, keys: np.ndarray, count: int) -> NDArray[np.uint64]:
        """Wait for the thread, insert the keys added meanwhile, and return the slots of the first ``count`` of ``keys``."""
        self._thread.join()  # no time limit: it computes
        key_kernel.index_keys(self._slots, keys, self._count, count)
        return self._slots
