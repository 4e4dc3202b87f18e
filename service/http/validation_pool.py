"""Threads that validate files: a limited number at once, half of them at most for one sender."""

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
"""Validations at once; a small compressed file may contain millions of lines and occupy a thread for long."""


class ValidationPool:
    """Threads for validations only; a sender that uses its half waits until one of its own validations ends."""

    def __init__(self, threads_max: int = VALIDATIONS_MAX) -> None:
        self._threads = ThreadPoolExecutor(threads_max, "validate")
        self._sender_limit = compute_sender_limit(threads_max)
        self._sender_turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        """By sender, as long as one of its validations waits or runs."""

    async def run(
        self, sender: str, work: Callable[[Unpack[Arguments]], Result], *arguments: *Arguments
    ) -> Result:
        """Run ``work`` in a thread once it is the sender's turn, and return its result.

        The caller limits how many may wait.

        Raises
        ------
        Exception
            Whatever ``work`` raises.
        """
        turn = self._sender_turns.setdefault(sender, asyncio.Semaphore(self._sender_limit))
        async with turn:
            return await asyncio.wrap_future(self._threads.submit(work, *arguments))

    def close(self) -> None:
        """Start no more validations; those that run end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)
