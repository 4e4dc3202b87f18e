"""Map a function over chunks in threads; kernels, Arrow and LZ4 release the GIL."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")

_THREADS_MAX = 8


def map_parallel(function: Callable[[Chunk], Result], chunks: Sequence[Chunk]) -> list[Result]:
    """Return ``function`` of each chunk, in order; raise the exception of the first chunk that fails."""
    if len(chunks) < 2:
        return [function(chunk) for chunk in chunks]
    with ThreadPoolExecutor(min(max(os.cpu_count() or 1, 2), _THREADS_MAX), "chunk") as threads:
        return list(threads.map(function, chunks))
