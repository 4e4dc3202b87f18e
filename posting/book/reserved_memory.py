"""Room for large tables: reserved once, taken from the system only where it is written."""

import ctypes
import mmap
from collections.abc import Iterable
from typing import Any

import numpy as np
import psutil

_HUGE_PAGE = 1 << 21


def reserve(dtype: np.dtype[Any] | type, rows: int, rows_max: int = 0) -> np.ndarray:
    """``rows`` zeros on huge pages where the system has them: look-ups here and there then miss fewer translations.

    Behind them stands ``rows_max`` for so many in all, where the system allows it, into which ``extended`` grows them without
    a copy.
    """
    kind, capacity = np.dtype(dtype), max(rows, rows_max)
    try:
        area = _map_area(capacity * kind.itemsize)
    except OSError:  # a system that counts every promise of memory against what it has
        area, capacity = _map_area(rows * kind.itemsize), rows
    return np.frombuffer(area, kind, capacity)[:rows]


def read_memory_bytes() -> int:
    """Of the machine."""
    return psutil.virtual_memory().total


def _map_area(size: int) -> mmap.mmap:
    whole_pages = max(-(-size // _HUGE_PAGE), 1) * _HUGE_PAGE
    area = mmap.mmap(-1, whole_pages, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        area.madvise(mmap.MADV_HUGEPAGE)
    return area


def extend(array: np.ndarray, rows: int, used: int) -> np.ndarray:
    """``array`` with room for ``rows``; its first ``used`` rows stay in front, zeros stand behind those it had."""
    reserved = array.base
    if isinstance(reserved, np.ndarray) and len(reserved) >= rows:
        return reserved[:rows]
    larger = reserve(array.dtype, rows, 2 * rows)
    larger[:used] = array[:used]
    return larger


def copy_to_own_memory(blocks: Iterable[bytes], bytes_max: int) -> list[memoryview]:
    """``blocks``, of at most ``bytes_max`` bytes in all, in memory of their own: the system has it back once they are dropped.

    What is freed elsewhere is kept for the next batch; so much at once, so seldom, would only be kept for nothing.
    """
    area, copies, end = memoryview(mmap.mmap(-1, max(bytes_max, 1))), [], 0
    for block in blocks:
        at, end = end, end + len(block)
        area[at:end] = block
        copies.append(area[at:end])
    return copies


def release_memory() -> None:
    """Let the system have what was freed, where the C library can; it is kept for the next batch otherwise."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
