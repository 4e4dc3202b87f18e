"""Proofs beside the loop: a few at once, and of one sender half of them, so that the others' go on."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple, Unpack
from weakref import WeakValueDictionary

from service.http.quotas import compute_sender_limit

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")
VALIDATIONS_MAX = min(32, (os.cpu_count() or 1) + 4)
"""Proofs at once: a small file may unpack to millions of lines, and then a thread is long at it."""


class ValidationPool:
    """Threads for proofs alone; who finds its half of them taken waits for one of its own to end."""

    def __init__(self, threads_max: int = VALIDATIONS_MAX) -> None:
        self._threads, self._sender_limit = (
            ThreadPoolExecutor(threads_max, "prove"),
            compute_sender_limit(threads_max),
        )
        self._sender_turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        """Each is there for as long as the sender has a proof."""

    async def run(
        self, sender: str, work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments
    ) -> Result:
        """What ``work`` finds, done by a thread once it is the sender's turn.

        How many may wait is for the caller to bound.

        Raises
        ------
        Exception
            What ``work`` raises.
        """
        turn = self._sender_turns.setdefault(sender, asyncio.Semaphore(self._sender_limit))
        async with turn:
            return await asyncio.wrap_future(self._threads.submit(work, *arguments))

    def close(self) -> None:
        """No more proofs; one under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
