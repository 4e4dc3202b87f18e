"""Independent pieces of long columns, worked on at once: kernels, Arrow and LZ4 let go of the interpreter meanwhile."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

_THREADS_MAX = 8


def map_parallel(function: Callable[[Chunk], Result], chunks: Sequence[Chunk]) -> list[Result]:
    """What ``work`` makes of each piece, in their order; what it raises for the first of them is raised."""
    if len(chunks) < 2:
        return [function(piece) for piece in chunks]
    with ThreadPoolExecutor(min(max(os.cpu_count() or 1, 2), _THREADS_MAX), "piece") as threads:
        return list(threads.map(function, chunks))
