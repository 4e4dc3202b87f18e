"""Settings of the interpreter and the C library for a process that moves large columns through several threads."""

import ctypes
import gc
import os
import sys

SWITCH_SECONDS = 0.0005
"""A thread that waits for the interpreter asks for it after this long.

The usual 5 ms let a thread busy with columns keep the one that feeds PostgreSQL waiting: a third of the rate.
"""

SERVING_SWITCH_SECONDS = 0.0002
"""A service's loop is hardly ever idle, and every column that the engine takes up lets go of the interpreter once."""

_COLLECTION_THRESHOLDS = (50_000, 20, 20)
"""Objects made, less those gone again, before the youngest are looked through, and how seldom older ones are.

Hundreds of forms wait at once, of some thirty objects each, and go without a circle: a search finds nothing there.
"""

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8


def tune_process() -> None:
    """Switch threads sooner, and keep freed memory for the next batch instead of giving it back and asking again.

    Batches are freed by another thread than the one that made them, so one arena serves all threads, Arrow's included.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    if sys.platform == "linux":
        library = ctypes.CDLL(None)
        if hasattr(library, "mallopt"):
            library.mallopt(_M_ARENA_MAX, 1)
            library.mallopt(_M_MMAP_THRESHOLD, 1 << 30)
            library.mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)
            library.mallopt(_M_TOP_PAD, 1 << 26)


def tune_service() -> None:
    """Leave what is loaded out of every search for garbage from now on, search seldom, and let threads change sooner.

    Hardly anything here goes round in circles, and a search through all of it stops the service for a quarter of a
    second: with 13,000 connections that came several times a minute.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTION_THRESHOLDS)
    sys.setswitchinterval(SERVING_SWITCH_SECONDS)
