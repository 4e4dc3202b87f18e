"""Memory for large tables: address space is reserved once, and the system provides memory only where it is written."""

import ctypes
import mmap
from collections.abc import Iterable
from typing import Any

import numpy as np
import psutil

_HUGE_PAGE = 1 << 21


def reserve(
    dtype: np.dtype[Any] | type, rows: int, rows_max: int = 0, *, is_sparse: bool = False
) -> np.ndarray:
    """Return ``rows`` zeros, on huge pages if the system has them: random look-ups then cause fewer TLB misses.

    Address space for ``rows_max`` rows is reserved if the system allows it; ``extend`` grows into it without a copy.  The
    rows that are used of a table that ``is_sparse`` are far apart: it is on small pages, which contain fewer unused rows.
    """
    kind, capacity = np.dtype(dtype), max(rows, rows_max)
    try:
        area = _map_area(capacity * kind.itemsize, is_sparse)
    except OSError:  # a system without overcommit
        area, capacity = _map_area(rows * kind.itemsize, is_sparse), rows
    return np.frombuffer(area, kind, capacity)[:rows]


def read_memory_bytes() -> int:
    """Return the memory of the machine, in bytes."""
    return psutil.virtual_memory().total


def _map_area(size: int, is_sparse: bool) -> mmap.mmap:
    whole_pages = max(-(-size // _HUGE_PAGE), 1) * _HUGE_PAGE
    area = mmap.mmap(-1, whole_pages, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        area.madvise(mmap.MADV_NOHUGEPAGE if is_sparse else mmap.MADV_HUGEPAGE)
    if hasattr(mmap, "MADV_DONTFORK"):
        # A child process executes another program.  Two books side by side reserve more than the machine has, and a system
        # that would have to copy that refuses the fork: no task and no server could be started.
        area.madvise(mmap.MADV_DONTFORK)
    return area


def extend(array: np.ndarray, rows: int, used: int) -> np.ndarray:
    """Return ``array`` extended to ``rows``: its first ``used`` rows are kept, the added rows are zeros."""
    reserved = array.base
    if isinstance(reserved, np.ndarray) and len(reserved) >= rows:
        return reserved[:rows]
    larger = reserve(array.dtype, rows, 2 * rows)
    larger[:used] = array[:used]
    return larger


def copy_to_own_memory(blocks: Iterable[bytes], bytes_max: int) -> list[memoryview]:
    """Copy ``blocks`` (at most ``bytes_max`` bytes) to memory of their own, which returns to the system when they are dropped.

    The C library keeps freed memory for the next batch; it would keep this much, which is needed rarely, in vain.
    """
    area, copies, end = memoryview(mmap.mmap(-1, max(bytes_max, 1))), [], 0
    for block in blocks:
        at, end = end, end + len(block)
        area[at:end] = block
        copies.append(area[at:end])
    return copies


def release_memory() -> None:
    """Return freed memory to the system, if the C library can; otherwise it keeps the memory for the next batch."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
