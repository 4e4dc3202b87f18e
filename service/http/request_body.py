"""A body on its way to the spool: read by another thread as a file, a piece at a time, never held whole."""

import asyncio
import concurrent.futures
import io
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from http import HTTPStatus
from typing import BinaryIO, TypeVar, cast

from core.errors import CrescendoError
from ingest.spool.envelope import Envelope
from ingest.spool.partial_uploads import Upload, Uploads
from ingest.spool.spool import Spool, Spooled
from service.http.http_messages import Message, Receive
from service.http.problems import Problem, malformed
from service.http.quotas import FILES, Room, Share

Result = TypeVar("Result")
SILENCE_SECONDS = 60
"""A body that brings nothing for so long is given up."""
SMALL_BODY_SECONDS = 120
"""A small body is there by then: one that trickles would hold its room for ever."""


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


async def small_body(receive: Receive, bytes_max: int, share: Share | None = None) -> bytes:
    """A whole body of at most ``bytes_max``, which ``share`` takes as they come.

    Raises
    ------
    Problem
        It is longer, has no end, or does not come, or there is no room for it.
    """
    body, began = bytearray(), time.monotonic()
    while True:
        message = await next_message(receive)
        if message["type"] == "http.disconnect":
            raise malformed("The body has no end")
        piece = message.get("body", b"")
        if share:
            share.take(len(piece))
        body += piece
        if len(body) > bytes_max:
            told = f"The body may have {bytes_max:,} bytes"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", told)
        if not message.get("more_body", False):
            return bytes(body)
        if time.monotonic() - began > SMALL_BODY_SECONDS:
            told = f"The body had not come after {SMALL_BODY_SECONDS} seconds"
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "body-stalled", told)


class Body(io.RawIOBase):
    """The body of a request as a file; ``read`` is called from another thread than the loop's."""

    def __init__(self, receive: Receive) -> None:
        super().__init__()
        self._receive, self._loop = receive, asyncio.get_running_loop()
        self._kept, self._is_over, self._is_given_up = bytearray(), False, False
        self._broken: Cut | Problem | None = None
        self._asked: concurrent.futures.Future[bytes] | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, fewer only at the end; what came before a break is given out before it is told.

        Raises
        ------
        Cut
            The sender went away.
        Problem
            Nothing came for a minute.
        """
        if self._is_given_up:
            return self._rest()
        self._asked = asyncio.run_coroutine_threadsafe(self._gathered(size), self._loop)
        try:
            return self._asked.result()
        except concurrent.futures.CancelledError:
            return self._rest()

    def give_up(self) -> None:
        """Let the thread go that reads."""
        self._is_given_up = True
        if self._asked:
            self._asked.cancel()

    def _rest(self) -> bytes:
        """What came before it was given up; nothing is added to it any more."""
        if not self._kept:
            raise Cut("given up")
        piece = bytes(self._kept)
        self._kept.clear()
        return piece

    async def _gathered(self, size: int) -> bytes:
        while not self._is_over and len(self._kept) < size:
            await self._more()
        if self._broken and not self._kept:
            raise self._broken
        piece = bytes(self._kept[:size])
        del self._kept[:size]
        return piece

    async def _more(self) -> None:
        try:
            message = await next_message(self._receive)
        except Problem as silence:
            self._broken, self._is_over = silence, True
            return
        if message["type"] == "http.disconnect":
            self._broken = Cut("the sender went away")
        self._kept += message.get("body", b"")
        self._is_over = not message.get("more_body", False)


class Receiver:
    """Bodies on their way, each with a thread of its own; whoever brings one has a seat until it is proved."""

    def __init__(self, spool: Spool, uploads: Uploads, at_once: int) -> None:
        self.spool, self.uploads = spool, uploads
        self._seats = Room(at_once, FILES)
        self._appending: set[Body] = set()
        self._threads = ThreadPoolExecutor(at_once, "upload")

    def passing(self, bytes_max: int) -> AbstractContextManager[Spool]:
        """A spool for a file that is not kept."""
        return self.spool.passing(bytes_max)

    @contextmanager
    def seat(self, sender: str) -> Iterator[None]:
        """One of so many seats, and of those of one sender: held from the first byte until the file is proved.

        Raises
        ------
        Problem
            As many files as can be are on their way, of all or of this sender.
        """
        with self._seats.share(sender) as seat:
            seat.take(1)
            yield

    async def receive(
        self, receive: Receive, name: str, declared: Envelope, spool: Spool | None = None
    ) -> Spooled:
        """Bring a body to the spool, or to another one, durably; its sender has a seat.

        Raises
        ------
        Problem
            Nothing came for a minute.
        InputError
            What the spool does not take.
        Cut
            The sender went away; nothing is left of it.
        """
        into = spool or self.spool
        return await self._read(Body(receive), lambda body: into.receive(body, name, declared))

    async def append(self, receive: Receive, upload: Upload) -> None:
        """Add a body to an upload, durably; its sender has a seat.

        Raises
        ------
        Problem
            Nothing came for a minute.
        Overlong
            More came than was declared.
        Cut
            The sender went away; what came before stays.
        """
        body = Body(receive)
        self._appending.add(body)
        try:
            await self._read(body, upload.append)
        finally:
            self._appending.discard(body)

    def stop_appending(self) -> None:
        """Let go all who add to an upload: what came before stays, and they come back to another process."""
        for body in self._appending:
            body.give_up()

    async def adopt(self, upload: Upload) -> Spooled:
        """Bring a whole upload to the spool, at no cost of a copy; its sender has a seat, and the thread of it.

        Raises
        ------
        InputError
            What the spool does not take.
        """
        said = upload.declared
        work = self._threads.submit(self.spool.adopt, upload.original, said.name, said.envelope)
        return await asyncio.wrap_future(work)

    async def _read(self, body: Body, taken: Callable[[BinaryIO], Result]) -> Result:
        """Let a thread of its own take a body in."""
        work = self._threads.submit(taken, cast(BinaryIO, body))
        try:
            return await asyncio.wrap_future(work)
        finally:
            body.give_up()

    @property
    def under_way(self) -> int:
        """Files on their way: until they are proved and have their number."""
        return self._seats.taken

    def close(self) -> None:
        """No more bodies."""
        self._threads.shutdown(wait=False, cancel_futures=True)
