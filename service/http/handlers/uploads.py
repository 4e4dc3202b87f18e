"""Files that come in pieces: begun, added to over as many connections as it takes, and then a submission."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec

from core.errors import InputError
from ingest.queue.admission import Admitted
from ingest.spool.file_claims import Identity
from ingest.spool.partial_uploads import Busy, Declared, Differs, Full, NoRoom, Overlong, Upload
from ingest.spool.partial_uploads import Uploads as Kept
from ingest.spool.spool import check_name
from service.auth.api_keys import Caller
from service.http import upload_headers
from service.http.handlers.submissions import WAIT_SECONDS_MAX, Submissions, sending
from service.http.http_messages import Answer, Request, answer
from service.http.problems import Problem, busy, malformed, unknown
from service.http.request_body import Cut
from service.http.service_context import Desk
from service.http.submission_queries import is_submission_seen

BUSY_SECONDS = 5
"""Until who finds another connection at work should look again."""
NO_ROOM_SECONDS = 300
SIZE_DIGITS_MAX = 15
_CONFLICTS: Mapping[type[Exception], str] = {Full: "uploads-full", Differs: "upload-differs"}


class Partial(msgspec.Struct, frozen=True, kw_only=True):
    """How far an upload is."""

    upload: str
    """The SHA-256 that its bytes will have."""
    file: str
    size_bytes: int
    offset: int
    """Bytes that are there: the next one to send."""
    expires_at: datetime
    """When it is gone, unless something comes before."""
    links: dict[str, str]


class PartialPage(msgspec.Struct, frozen=True):
    """The caller's unfinished uploads."""

    uploads: list[Partial]


class Uploads:
    """Handlers of ``/v1/uploads``."""

    def __init__(self, desk: Desk, submissions: Submissions) -> None:
        self._desk, self._submissions = desk, submissions

    @property
    def _uploads(self) -> Kept:
        return self._desk.receiver.uploads

    async def begin(self, request: Request) -> Answer:
        """Begin an upload, 201, or find it again, 200; 303 where the bytes are a submission already."""
        who = sending(request)
        request.knows_only("again", "atomic")
        self._desk.check_open()
        self._desk.check_sender(who.sender, is_file=True)
        declared = self._declared(request, who)
        known = await self._desk.inbox.admission.known(declared.identity, again=declared.again)
        if known is not None and await is_submission_seen(self._desk.pool, known, who):
            await self._forget(declared.identity)
            return Answer(HTTPStatus.SEE_OTHER, headers={"location": f"/v1/submissions/{known}"})
        try:
            upload, is_new = await asyncio.to_thread(self._uploads.begin, declared)
        except (Full, Differs) as error:
            told = f"{error}: finish an upload, or give one up with DELETE"
            raise Problem(HTTPStatus.CONFLICT, _CONFLICTS[type(error)], told) from error
        except NoRoom as error:
            raise busy(str(error), NO_ROOM_SECONDS) from error
        except Busy as error:
            raise _busy(error) from error
        return _told(upload, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    async def state(self, request: Request) -> Answer:
        """How far an upload is; HEAD says it in headers alone."""
        request.knows_only()
        return _told(self._own(request))

    async def listing(self, request: Request) -> Answer:
        """The caller's unfinished uploads."""
        request.knows_only()
        return answer(PartialPage(list(_partials(self._uploads.of(request.who.sender)))))

    async def append(self, request: Request) -> Answer:
        """Add the body behind what is there, 204; the last byte makes it a submission, which is answered."""
        who = sending(request)
        request.knows_only("wait")
        self._desk.check_open()
        self._desk.check_sender(who.sender, is_file=True)
        wait = request.number("wait", 0, (0, WAIT_SECONDS_MAX))
        upload = self._own(request)
        with self._held(upload):
            self._check_body(request, upload)
            with self._desk.receiver.seat(who.sender):
                await self._append(request, upload)
                if not upload.is_whole:
                    return Answer(HTTPStatus.NO_CONTENT, headers=_headers(upload))
                admitted = await self._admitted(upload, who)
        return await self._submissions.taken(admitted, wait)

    async def give_up(self, request: Request) -> Answer:
        """Remove an upload and what has arrived of it."""
        request.knows_only()
        upload = self._own(request)
        with self._held(upload):
            await asyncio.to_thread(self._uploads.remove, upload)
        return Answer(HTTPStatus.NO_CONTENT)

    def _declared(self, request: Request, who: Caller) -> Declared:
        envelope = upload_headers.envelope(request, who.sender)
        if envelope.sha256 is None:
            raise malformed("The SHA-256 of the file must stand in Crescendo-Sha256 or Repr-Digest")
        name, most = upload_headers.file_name(request), self._desk.file_bytes_max
        check_name(name)
        size = _whole(request, "upload-length")
        if size > most:
            told = f"The file has {size:,} bytes, over the {most:,} that one may have"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", told)
        media, again = upload_headers.media_type(request), request.flag("again")
        return Declared(size_bytes=size, name=name, media=media, envelope=envelope, again=again)

    def _own(self, request: Request) -> Upload:
        """The upload in the path, when it is the caller's sender's; another's is not there."""
        identity = request.who.sender, bytes.fromhex(request.path["upload"])
        found = self._uploads.find(identity)
        if found is None:
            problem = unknown(f"You have no upload {request.path['upload']}")
            problem.is_audited = self._uploads.is_anothers(identity)
            raise problem
        return found

    @contextmanager
    def _held(self, upload: Upload) -> Iterator[None]:
        try:
            with self._uploads.held(upload):
                yield
        except Busy as error:
            raise _busy(error) from error

    def _check_body(self, request: Request, upload: Upload) -> None:
        """Whether what comes belongs behind what is there."""
        if request.header("content-encoding") not in {"", "identity"}:
            told = "Pieces come as they are, not packed"
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type-unknown", told)
        offset, there = _whole(request, "upload-offset"), upload.offset
        if offset != there:
            told = f"{there:,} bytes are there, and the piece begins at {offset:,}"
            problem = Problem(HTTPStatus.CONFLICT, "offset-differs", told, offset=there)
            problem.headers |= _headers(upload)
            raise problem
        length = request.header("content-length")
        if length.isdigit() and int(length) > upload.declared.size_bytes - there:
            raise _overlong(upload)

    async def _append(self, request: Request, upload: Upload) -> None:
        try:
            await self._desk.receiver.append(request.receive, upload)
        except Overlong as error:
            raise _overlong(upload) from error
        except Cut as cut:
            if self._desk.is_draining:
                raise busy("The service is stopping; what has arrived stays") from cut
            raise Problem(HTTPStatus.BAD_REQUEST, "body-cut", f"The body has no end: {cut}") from cut

    async def _admitted(self, upload: Upload, who: Caller) -> Admitted:
        """A whole upload as a submission; refused it is gone, and a database that does not answer keeps it."""
        declared = upload.declared
        try:
            spooled = await self._desk.receiver.adopt(upload)
            admitted = await self._desk.admit(spooled, declared.media, who, again=declared.again)
        except (InputError, Problem):
            await asyncio.to_thread(self._uploads.remove, upload)
            raise
        await asyncio.to_thread(self._uploads.remove, upload)
        return admitted

    async def _forget(self, identity: Identity) -> None:
        """Remove what is left of an upload whose bytes are a submission already."""
        found = self._uploads.find(identity)
        if found:
            with suppress(Busy), self._uploads.held(found):
                await asyncio.to_thread(self._uploads.remove, found)


def _whole(request: Request, header: str) -> int:
    text = request.header(header)
    if not (text.isascii() and text.isdigit() and len(text) <= SIZE_DIGITS_MAX):
        raise malformed(f"The header {header.title()} must be a whole number of bytes")
    return int(text)


def _told(upload: Upload, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    try:
        found = answer(_partial(upload), status)
        return Answer(status, found.body, headers=_headers(upload))
    except FileNotFoundError:
        raise _busy(Busy("Another connection has just ended it")) from None


def _partials(uploads: list[Upload]) -> Iterator[Partial]:
    for each in uploads:
        with suppress(FileNotFoundError):  # another connection has just ended it
            yield _partial(each)


def _partial(upload: Upload) -> Partial:
    digest = upload.declared.identity[1].hex()
    return Partial(
        upload=digest,
        file=upload.declared.name,
        size_bytes=upload.declared.size_bytes,
        offset=upload.offset,
        expires_at=datetime.fromtimestamp(int(upload.expires_at), UTC),
        links={"self": f"/v1/uploads/{digest}"},
    )


def _headers(upload: Upload) -> dict[str, str]:
    return {
        "location": f"/v1/uploads/{upload.declared.identity[1].hex()}",
        "upload-offset": str(upload.offset),
        "upload-length": str(upload.declared.size_bytes),
    }


def _busy(error: Busy) -> Problem:
    problem = Problem(HTTPStatus.CONFLICT, "upload-busy", f"{error}; one at a time")
    problem.headers["retry-after"] = str(BUSY_SECONDS)
    return problem


def _overlong(upload: Upload) -> Problem:
    told = f"The file was to have {upload.declared.size_bytes:,} bytes, and more come"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", told)
