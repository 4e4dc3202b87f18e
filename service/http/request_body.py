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
from ingest.spool.partial_uploads import PartialUpload, PartialUploads
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from service.http.http_messages import Message, Receive
from service.http.problems import Problem, malformed_request
from service.http.quotas import UPLOADS, Quota, QuotaShare

Result = TypeVar("Result")
STALL_SECONDS = 60
"""A body that brings nothing for so long is given up."""
SMALL_BODY_SECONDS = 120
"""A small body is there by then: one that trickles would hold its room for ever."""


class BodyInterrupted(CrescendoError):
    """The sender went away in the middle of a body."""


async def receive_message(receive: Receive) -> Message:
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

    timer = asyncio.get_running_loop().call_later(STALL_SECONDS, give_up)
    try:
        return await receive()
    except asyncio.CancelledError:
        if not silences or (task and task.uncancel()):
            raise
        told = f"Nothing came for {STALL_SECONDS} seconds"
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "body-stalled", told) from None
    finally:
        timer.cancel()


async def read_small_body(receive: Receive, bytes_max: int, share: QuotaShare | None = None) -> bytes:
    """A whole body of at most ``bytes_max``, which ``share`` takes as they come.

    Raises
    ------
    Problem
        It is longer, has no end, or does not come, or there is no room for it.
    """
    body, began = bytearray(), time.monotonic()
    while True:
        message = await receive_message(receive)
        if message["type"] == "http.disconnect":
            raise malformed_request("The body has no end")
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


class BodyStream(io.RawIOBase):
    """The body of a request as a file; ``read`` is called from another thread than the loop's."""

    def __init__(self, receive: Receive) -> None:
        super().__init__()
        self._receive, self._loop = receive, asyncio.get_running_loop()
        self._buffer, self._is_complete, self._is_abandoned = bytearray(), False, False
        self._failure: BodyInterrupted | Problem | None = None
        self._pending_read: concurrent.futures.Future[bytes] | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes, fewer only at the end; what came before a break is given out before it is told.

        Raises
        ------
        Cut
            The sender went away.
        Problem
            Nothing came for a minute.
        """
        if self._is_abandoned:
            return self._take_rest()
        self._pending_read = asyncio.run_coroutine_threadsafe(self._collect(size), self._loop)
        try:
            return self._pending_read.result()
        except concurrent.futures.CancelledError:
            return self._take_rest()

    def abandon(self) -> None:
        """Let the thread go that reads."""
        self._is_abandoned = True
        if self._pending_read:
            self._pending_read.cancel()

    def _take_rest(self) -> bytes:
        """What came before it was given up; nothing is added to it any more."""
        if not self._buffer:
            raise BodyInterrupted("given up")
        piece = bytes(self._buffer)
        self._buffer.clear()
        return piece

    async def _collect(self, size: int) -> bytes:
        while not self._is_complete and len(self._buffer) < size:
            await self._receive_more()
        if self._failure and not self._buffer:
            raise self._failure
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        return piece

    async def _receive_more(self) -> None:
        try:
            message = await receive_message(self._receive)
        except Problem as silence:
            self._failure, self._is_complete = silence, True
            return
        if message["type"] == "http.disconnect":
            self._failure = BodyInterrupted("the sender went away")
        self._buffer += message.get("body", b"")
        self._is_complete = not message.get("more_body", False)


class UploadReceiver:
    """Bodies on their way, each with a thread of its own; whoever brings one has a seat until it is proved."""

    def __init__(self, spool: Spool, uploads: PartialUploads, uploads_max: int) -> None:
        self.spool, self.uploads = spool, uploads
        self._quota = Quota(uploads_max, UPLOADS)
        self._appending_bodies: set[BodyStream] = set()
        self._threads = ThreadPoolExecutor(uploads_max, "upload")

    def open_temporary_spool(self, bytes_max: int) -> AbstractContextManager[Spool]:
        """A spool for a file that is not kept."""
        return self.spool.open_temporary(bytes_max)

    @contextmanager
    def open_slot(self, sender: str) -> Iterator[None]:
        """One of so many seats, and of those of one sender: held from the first byte until the file is proved.

        Raises
        ------
        Problem
            As many files as can be are on their way, of all or of this sender.
        """
        with self._quota.open_share(sender) as seat:
            seat.take(1)
            yield

    async def receive(
        self, receive: Receive, name: str, declared: Envelope, spool: Spool | None = None
    ) -> SpooledFile:
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
        return await self._run_in_thread(BodyStream(receive), lambda body: into.receive(body, name, declared))

    async def append(self, receive: Receive, upload: PartialUpload) -> None:
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
        body = BodyStream(receive)
        self._appending_bodies.add(body)
        try:
            await self._run_in_thread(body, upload.append)
        finally:
            self._appending_bodies.discard(body)

    def stop_appending(self) -> None:
        """Let go all who add to an upload: what came before stays, and they come back to another process."""
        for body in self._appending_bodies:
            body.abandon()

    async def adopt(self, upload: PartialUpload) -> SpooledFile:
        """Bring a whole upload to the spool, at no cost of a copy; its sender has a seat, and the thread of it.

        Raises
        ------
        InputError
            What the spool does not take.
        """
        said = upload.declaration
        work = self._threads.submit(self.spool.adopt, upload.original, said.name, said.envelope)
        return await asyncio.wrap_future(work)

    async def _run_in_thread(self, body: BodyStream, consume: Callable[[BinaryIO], Result]) -> Result:
        """Let a thread of its own take a body in."""
        work = self._threads.submit(consume, cast(BinaryIO, body))
        try:
            return await asyncio.wrap_future(work)
        finally:
            body.abandon()

    @property
    def active_uploads(self) -> int:
        """Files on their way: until they are proved and have their number."""
        return self._quota.used

    def close(self) -> None:
        """No more bodies."""
        self._threads.shutdown(wait=False, cancel_futures=True)
