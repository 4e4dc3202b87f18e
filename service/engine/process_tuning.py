"""Settings of the interpreter and the C library for a process with several threads and large columns."""

import ctypes
import gc
import os
import sys

SWITCH_SECONDS = 0.0005
"""After this long, a waiting thread requests the interpreter lock.

With the default of 5 ms, a thread that works on columns delays the one that feeds PostgreSQL: a third of the rate.
"""

SERVING_SWITCH_SECONDS = 0.0002
"""The event loop of the service is rarely idle, and every column of the engine releases the interpreter lock once."""

_COLLECTION_THRESHOLDS = (50_000, 20, 20)
"""Thresholds of the garbage collector: new objects per collection, and collections per older generation.

Hundreds of forms wait at once, of some thirty objects each, and none is part of a reference cycle: a collection
finds nothing there.
"""

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8


def tune_process() -> None:
    """Switch threads sooner, and keep freed memory for the next batch instead of returning it to the system.

    Batches are freed by another thread than the one that created them, so one arena serves all threads, also Arrow's.
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
    """Exclude loaded objects from garbage collection, collect rarely, and switch threads sooner.

    There are hardly any reference cycles, and a collection of all objects stops the service for a quarter of a
    second: with 13,000 connections that happened several times a minute.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTION_THRESHOLDS)
    sys.setswitchinterval(SERVING_SWITCH_SECONDS)
