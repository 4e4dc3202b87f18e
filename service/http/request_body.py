"""Receiving request bodies: small ones into memory, files into the spool, read piece by piece in another thread."""

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
from service.http.problems import Problem, bad_request
from service.http.quotas import UPLOADS, Quota, QuotaShare

Result = TypeVar("Result")
STALL_SECONDS = 60
"""A body that brings nothing for this long is given up."""
SMALL_BODY_SECONDS = 120
"""A small body must arrive in this time: one that trickles would occupy its share of memory without end."""


class BodyInterrupted(CrescendoError):
    """The client disconnected before the end of the body."""


async def receive_message(receive: Receive) -> Message:
    """Receive the next message of a body.

    Raises
    ------
    Problem
        Nothing arrived for ``STALL_SECONDS``.
    """
    # Does what asyncio.timeout does at a tenth of its cost, because every form passes here.
    task, timeouts = asyncio.current_task(), list[bool]()

    def give_up() -> None:
        timeouts.append(True)
        if task:
            task.cancel()

    timer = asyncio.get_running_loop().call_later(STALL_SECONDS, give_up)
    try:
        return await receive()
    except asyncio.CancelledError:
        if not timeouts or (task and task.uncancel()):
            raise
        detail = f"Nothing arrived for {STALL_SECONDS} seconds"
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "body-stalled", detail) from None
    finally:
        timer.cancel()


def check_decision_texts(reason: str, by: str | None) -> None:
    """Check why a person decides, and the name of that person unless it is left out.

    Raises
    ------
    Problem
        One of them is not such a text.
    """
    for name, text in (("reason", reason), ("by", by)):
        if text is not None and not (text.strip() and text.isprintable()):
            raise bad_request(f"{name} must be printable text and not blank")


async def read_small_body(receive: Receive, bytes_max: int, share: QuotaShare | None = None) -> bytes:
    """Read a whole body of at most ``bytes_max``; ``share`` takes its bytes as they arrive.

    Raises
    ------
    Problem
        The body is too long, incomplete or too slow, or exceeds the quota.
    """
    body, start = bytearray(), time.monotonic()
    while True:
        message = await receive_message(receive)
        if message["type"] == "http.disconnect":
            raise bad_request("The body is incomplete")
        piece = message.get("body", b"")
        if share:
            share.take(len(piece))
        body += piece
        if len(body) > bytes_max:
            detail = f"The body may have at most {bytes_max:,} bytes"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", detail)
        if not message.get("more_body", False):
            return bytes(body)
        if time.monotonic() - start > SMALL_BODY_SECONDS:
            detail = f"The body did not arrive within {SMALL_BODY_SECONDS} seconds"
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "body-stalled", detail)


class BodyStream(io.RawIOBase):
    """The body of a request as a file; another thread than the loop's calls ``read``."""

    def __init__(self, receive: Receive) -> None:
        super().__init__()
        self._receive, self._loop = receive, asyncio.get_running_loop()
        self._buffer, self._is_complete, self._is_abandoned = bytearray(), False, False
        self._failure: BodyInterrupted | Problem | None = None
        self._pending_read: concurrent.futures.Future[bytes] | None = None

    def read(self, size: int = -1, /) -> bytes:
        """Return up to ``size`` bytes, fewer only at the end; bytes that came before a failure are returned first.

        Raises
        ------
        BodyInterrupted
            The client disconnected.
        Problem
            Nothing arrived for ``STALL_SECONDS``.
        """
        if self._is_abandoned:
            return self._take_rest()
        self._pending_read = asyncio.run_coroutine_threadsafe(self._collect(size), self._loop)
        try:
            return self._pending_read.result()  # no time limit: each message has its own
        except concurrent.futures.CancelledError:
            return self._take_rest()

    def abandon(self) -> None:
        """Release the thread that reads."""
        self._is_abandoned = True
        if self._pending_read:
            self._pending_read.cancel()

    def _take_rest(self) -> bytes:
        """Return what arrived before the body was abandoned; nothing is added any more."""
        if not self._buffer:
            raise BodyInterrupted("the service stopped reading")
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
        except Problem as stall:
            self._failure, self._is_complete = stall, True
            return
        if message["type"] == "http.disconnect":
            self._failure = BodyInterrupted("the client disconnected")
        self._buffer += message.get("body", b"")
        self._is_complete = not message.get("more_body", False)


class UploadReceiver:
    """Receives files, each in a thread of its own; a request occupies a slot until its file is validated."""

    def __init__(self, spool: Spool, uploads: PartialUploads, uploads_max: int) -> None:
        self.spool, self.uploads = spool, uploads
        self._quota = Quota(uploads_max, UPLOADS)
        self._appending_bodies: set[BodyStream] = set()
        self._threads = ThreadPoolExecutor(uploads_max, "upload")

    def open_temporary_spool(self, bytes_max: int) -> AbstractContextManager[Spool]:
        """Open a spool for a file that is deleted afterwards."""
        return self.spool.open_temporary(bytes_max)

    @contextmanager
    def open_slot(self, sender: str) -> Iterator[None]:
        """Occupy a slot from the first byte until the file is validated.

        Raises
        ------
        Problem
            All slots are occupied, or all of this sender's.
        """
        with self._quota.open_share(sender) as share:
            share.take(1)
            yield

    async def receive(
        self, receive: Receive, name: str, declared: Envelope, *, spool: Spool | None = None
    ) -> SpooledFile:
        """Write a body durably to ``spool``, by default the service's; the caller has a slot.

        Raises
        ------
        Problem
            Nothing arrived for ``STALL_SECONDS``.
        InputError
            The spool refuses the file.
        BodyInterrupted
            The client disconnected; nothing remains of the file.
        """
        target = spool or self.spool
        return await self._run_in_thread(
            BodyStream(receive), lambda body: target.receive(body, name, declared)
        )

    async def consume(self, receive: Receive, write: Callable[[BinaryIO], None]) -> None:
        """Let ``write`` consume a body in a thread; the caller has a slot.

        Raises
        ------
        Problem
            Nothing arrived for ``STALL_SECONDS``.
        BodyInterrupted
            The client disconnected.
        """
        await self._run_in_thread(BodyStream(receive), write)

    async def append(self, receive: Receive, upload: PartialUpload) -> None:
        """Append a body durably to an upload; the caller has a slot.

        Raises
        ------
        Problem
            Nothing arrived for ``STALL_SECONDS``.
        UploadTooLong
            More bytes arrived than were declared.
        BodyInterrupted
            The client disconnected; what arrived before remains.
        """
        body = BodyStream(receive)
        self._appending_bodies.add(body)
        try:
            await self._run_in_thread(body, upload.append)
        finally:
            self._appending_bodies.discard(body)

    def stop_appending(self) -> None:
        """End all appends: what has arrived remains, and the clients continue with another process."""
        for body in self._appending_bodies:
            body.abandon()

    async def adopt(self, upload: PartialUpload) -> SpooledFile:
        """Move a complete upload to the spool without copying it; the caller has a slot, and thus a free thread.

        Raises
        ------
        InputError
            The spool refuses the file.
        """
        declaration = upload.declaration
        work = self._threads.submit(self.spool.adopt, upload.original, declaration.name, declaration.envelope)
        return await asyncio.wrap_future(work)

    async def _run_in_thread(self, body: BodyStream, consume: Callable[[BinaryIO], Result]) -> Result:
        """Let a thread consume a body."""
        work = self._threads.submit(consume, cast(BinaryIO, body))
        try:
            return await asyncio.wrap_future(work)
        finally:
            body.abandon()

    @property
    def active_uploads(self) -> int:
        """Files in transfer, until they are validated and have their number."""
        return self._quota.used

    def close(self) -> None:
        """Receive no more bodies."""
        self._threads.shutdown(wait=False, cancel_futures=True)
