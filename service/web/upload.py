"""A body on its way to the spool: read by another thread as a file, a piece at a time, never held whole."""

import asyncio
import concurrent.futures
import io
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import BinaryIO, cast

from core.errors import CrescendoError
from ingest.envelope import Envelope
from ingest.spool import Spool, Spooled
from service.web.exchange import Message, Receive
from service.web.problems import Problem, busy

SILENCE_SECONDS = 60
"""A body that brings nothing for so long is given up."""


class Cut(CrescendoError):
    """The sender went away in the middle of a body."""


async def next_message(receive: Receive) -> Message:
    """What comes next of a body.

    Raises
    ------
    Problem
        Nothing came for a minute.
    """
    # what asyncio.timeout does, for a tenth of its price: every form comes by here
    task, silences = asyncio.current_task(), list[bool]()

    def give_up() -> None:
        silences.append(True)
        if task:
            task.cancel()

    timer = asyncio.get_running_loop().call_later(SILENCE_SECONDS, give_up)
    try:
        return await receive()
    except asyncio.CancelledError:
        if not silences or (task and task.uncancel()):
            raise
        told = f"Nothing came for {SILENCE_SECONDS} seconds"
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "body-stalled", told) from None
    finally:
        timer.cancel()


class Body(io.RawIOBase):
    """The body of a request as a file; ``read`` is called from another thread than the loop's."""

    def __init__(self, receive: Receive) -> None:
        super().__init__()
        self._receive, self._loop = receive, asyncio.get_running_loop()
        self._kept, self._is_over, self._is_given_up = bytearray(), False, False
        self._asked: concurrent.futures.Future[bytes] | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, fewer only at the end.

        Raises
        ------
        Cut
            The sender went away.
        Problem
            Nothing came for a minute.
        """
        if self._is_given_up:
            raise Cut("given up")
        self._asked = asyncio.run_coroutine_threadsafe(self._gathered(size), self._loop)
        try:
            return self._asked.result()
        except concurrent.futures.CancelledError:
            raise Cut("given up") from None

    def give_up(self) -> None:
        """Let the thread go that reads."""
        self._is_given_up = True
        if self._asked:
            self._asked.cancel()

    async def _gathered(self, size: int) -> bytes:
        while not self._is_over and len(self._kept) < size:
            await self._more()
        piece = bytes(self._kept[:size])
        del self._kept[:size]
        return piece

    async def _more(self) -> None:
        message = await next_message(self._receive)
        if message["type"] == "http.disconnect":
            raise Cut("the sender went away")
        self._kept += message.get("body", b"")
        self._is_over = not message.get("more_body", False)


class Receiver:
    """A bounded number of bodies on their way at once, each with a thread of its own."""

    def __init__(self, spool: Spool, at_once: int) -> None:
        self._spool, self._at_once, self._free = spool, at_once, at_once
        self._threads = ThreadPoolExecutor(at_once, "upload")

    async def receive(self, receive: Receive, name: str, declared: Envelope) -> Spooled:
        """Bring a body to the spool, durably.

        Raises
        ------
        Problem
            As many bodies as can be are on their way.
        InputError
            What the spool does not take.
        Cut
            The sender went away; nothing is left of it.
        """
        if not self._free:
            raise busy("As many files as can be taken at once are on their way")
        body, self._free = Body(receive), self._free - 1
        work = self._threads.submit(self._spool.receive, cast(BinaryIO, body), name, declared)
        try:
            return await asyncio.wrap_future(work)
        finally:
            body.give_up()
            self._free += 1

    @property
    def under_way(self) -> int:
        """Bodies on their way."""
        return self._at_once - self._free

    def close(self) -> None:
        """No more bodies."""
        self._threads.shutdown(wait=False, cancel_futures=True)
