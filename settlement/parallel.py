"""Independent pieces of long columns, worked on at once: kernels, Arrow and LZ4 let go of the interpreter meanwhile."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")

_THREADS_MAX = 8


def side_by_side(work: Callable[[Piece], Made], pieces: Sequence[Piece]) -> list[Made]:
    """What ``work`` makes of each piece, in their order; what it raises for the first of them is raised."""
    if len(pieces) < 2:
        return [work(piece) for piece in pieces]
    with ThreadPoolExecutor(min(max(os.cpu_count() or 1, 2), _THREADS_MAX), "piece") as threads:
        return list(threads.map(work, pieces))
