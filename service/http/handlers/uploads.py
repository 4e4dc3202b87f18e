"""Files that come in pieces: begun, added to over as many connections as it takes, and then a submission."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec

from core.errors import InputError
from ingest.queue.admission import AdmissionResult
from ingest.spool.file_claims import FileIdentity
from ingest.spool.partial_uploads import (
    DiskFull,
    PartialUpload,
    UploadBusy,
    UploadDeclaration,
    UploadDiffers,
    UploadQuotaExceeded,
    UploadTooLong,
)
from ingest.spool.partial_uploads import PartialUploads as Kept
from ingest.spool.spooled_file import check_name
from service.auth.api_keys import Caller
from service.http import upload_headers
from service.http.handlers.submissions import WAIT_SECONDS_MAX, SubmissionsHandler, require_sending_role
from service.http.http_messages import Request, Response, respond
from service.http.problems import Problem, malformed_request, not_found, try_again
from service.http.request_body import BodyInterrupted
from service.http.service_context import ServiceContext
from service.http.submission_queries import can_see_submission

BUSY_RETRY_SECONDS = 5
"""Until who finds another connection at work should look again."""
NO_SPACE_RETRY_SECONDS = 300
SIZE_DIGITS_MAX = 15
_CONFLICT_CODES: Mapping[type[Exception], str] = {
    UploadQuotaExceeded: "uploads-full",
    UploadDiffers: "upload-differs",
}


class UploadState(msgspec.Struct, frozen=True, kw_only=True):
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


class UploadPage(msgspec.Struct, frozen=True):
    """The caller's unfinished uploads."""

    uploads: list[UploadState]


class UploadsHandler:
    """Handlers of ``/v1/uploads``."""

    def __init__(self, desk: ServiceContext, submissions: SubmissionsHandler) -> None:
        self._desk, self._submissions = desk, submissions

    @property
    def _uploads(self) -> Kept:
        return self._desk.receiver.uploads

    async def begin(self, request: Request) -> Response:
        """Begin an upload, 201, or find it again, 200; 303 where the bytes are a submission already."""
        who = require_sending_role(request)
        request.allow_only("again", "atomic")
        self._desk.check_accepting_work()
        self._desk.check_sender(who.sender, is_file=True)
        declared = self._read_declaration(request, who)
        known = await self._desk.inbox.admission.find_known(declared.identity, reprocess=declared.again)
        if known is not None and await can_see_submission(self._desk.pool, known, who):
            await self._remove_leftover(declared.identity)
            return Response(HTTPStatus.SEE_OTHER, headers={"location": f"/v1/submissions/{known}"})
        try:
            upload, is_new = await asyncio.to_thread(self._uploads.begin, declared)
        except (UploadQuotaExceeded, UploadDiffers) as error:
            told = f"{error}: finish an upload, or give one up with DELETE"
            raise Problem(HTTPStatus.CONFLICT, _CONFLICT_CODES[type(error)], told) from error
        except DiskFull as error:
            raise try_again(str(error), NO_SPACE_RETRY_SECONDS) from error
        except UploadBusy as error:
            raise _upload_busy(error) from error
        return _respond_state(upload, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    async def get_state(self, request: Request) -> Response:
        """How far an upload is; HEAD says it in headers alone."""
        request.allow_only()
        return _respond_state(self._require_own(request))

    async def list_uploads(self, request: Request) -> Response:
        """The caller's unfinished uploads."""
        request.allow_only()
        return respond(UploadPage(list(_build_states(self._uploads.list_uploads(request.caller.sender)))))

    async def append(self, request: Request) -> Response:
        """Add the body behind what is there, 204; the last byte makes it a submission, which is answered."""
        who = require_sending_role(request)
        request.allow_only("wait")
        self._desk.check_accepting_work()
        self._desk.check_sender(who.sender, is_file=True)
        wait = request.get_number("wait", 0, (0, WAIT_SECONDS_MAX))
        upload = self._require_own(request)
        with self._lock(upload):
            self._check_body(request, upload)
            with self._desk.receiver.open_slot(who.sender):
                await self._append_body(request, upload)
                if not upload.is_whole:
                    return Response(HTTPStatus.NO_CONTENT, headers=_build_headers(upload))
                admitted = await self._admit(upload, who)
        return await self._submissions.respond_admitted(admitted, wait)

    async def remove(self, request: Request) -> Response:
        """Remove an upload and what has arrived of it."""
        request.allow_only()
        upload = self._require_own(request)
        with self._lock(upload):
            await asyncio.to_thread(self._uploads.remove, upload)
        return Response(HTTPStatus.NO_CONTENT)

    def _read_declaration(self, request: Request, who: Caller) -> UploadDeclaration:
        envelope = upload_headers.read_envelope(request, who.sender)
        if envelope.sha256 is None:
            raise malformed_request("The SHA-256 of the file must stand in Crescendo-Sha256 or Repr-Digest")
        name, most = upload_headers.read_file_name(request), self._desk.file_bytes_max
        check_name(name)
        size = _read_byte_count(request, "upload-length")
        if size > most:
            told = f"The file has {size:,} bytes, over the {most:,} that one may have"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", told)
        media, again = upload_headers.read_media_type(request), request.get_flag("again")
        return UploadDeclaration(size_bytes=size, name=name, media=media, envelope=envelope, again=again)

    def _require_own(self, request: Request) -> PartialUpload:
        """The upload in the path, when it is the caller's sender's; another's is not there."""
        identity = FileIdentity(request.caller.sender, bytes.fromhex(request.path_values["upload"]))
        found = self._uploads.find(identity)
        if found is None:
            problem = not_found(f"You have no upload {request.path_values['upload']}")
            problem.is_audited = self._uploads.is_uploaded_by_another(identity)
            raise problem
        return found

    @contextmanager
    def _lock(self, upload: PartialUpload) -> Iterator[None]:
        try:
            with self._uploads.lock_upload(upload):
                yield
        except UploadBusy as error:
            raise _upload_busy(error) from error

    def _check_body(self, request: Request, upload: PartialUpload) -> None:
        """Whether what comes belongs behind what is there."""
        if request.get_header("content-encoding") not in {"", "identity"}:
            told = "Pieces come as they are, not packed"
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type-unknown", told)
        offset, there = _read_byte_count(request, "upload-offset"), upload.offset
        if offset != there:
            told = f"{there:,} bytes are there, and the piece begins at {offset:,}"
            problem = Problem(HTTPStatus.CONFLICT, "offset-differs", told, offset=there)
            problem.headers |= _build_headers(upload)
            raise problem
        length = request.get_header("content-length")
        if length.isdigit() and int(length) > upload.declaration.size_bytes - there:
            raise _file_too_long(upload)

    async def _append_body(self, request: Request, upload: PartialUpload) -> None:
        try:
            await self._desk.receiver.append(request.receive, upload)
        except UploadTooLong as error:
            raise _file_too_long(upload) from error
        except BodyInterrupted as cut:
            if self._desk.is_draining:
                raise try_again("The service is stopping; what has arrived stays") from cut
            raise Problem(HTTPStatus.BAD_REQUEST, "body-cut", f"The body has no end: {cut}") from cut

    async def _admit(self, upload: PartialUpload, who: Caller) -> AdmissionResult:
        """A whole upload as a submission; refused it is gone, and a database that does not answer keeps it."""
        declared = upload.declaration
        try:
            spooled = await self._desk.receiver.adopt(upload)
            admitted = await self._desk.admit(spooled, declared.media, who, again=declared.again)
        except (InputError, Problem):
            await asyncio.to_thread(self._uploads.remove, upload)
            raise
        await asyncio.to_thread(self._uploads.remove, upload)
        return admitted

    async def _remove_leftover(self, identity: FileIdentity) -> None:
        """Remove what is left of an upload whose bytes are a submission already."""
        found = self._uploads.find(identity)
        if found:
            with suppress(UploadBusy), self._uploads.lock_upload(found):
                await asyncio.to_thread(self._uploads.remove, found)


def _read_byte_count(request: Request, header: str) -> int:
    text = request.get_header(header)
    if not (text.isascii() and text.isdigit() and len(text) <= SIZE_DIGITS_MAX):
        raise malformed_request(f"The header {header.title()} must be a whole number of bytes")
    return int(text)


def _respond_state(upload: PartialUpload, status: HTTPStatus = HTTPStatus.OK) -> Response:
    try:
        found = respond(_build_state(upload), status)
        return Response(status, found.body, headers=_build_headers(upload))
    except FileNotFoundError:
        raise _upload_busy(UploadBusy("Another connection has just ended it")) from None


def _build_states(uploads: list[PartialUpload]) -> Iterator[UploadState]:
    for each in uploads:
        with suppress(FileNotFoundError):  # another connection has just ended it
            yield _build_state(each)


def _build_state(upload: PartialUpload) -> UploadState:
    digest = upload.declaration.identity[1].hex()
    return UploadState(
        upload=digest,
        file=upload.declaration.name,
        size_bytes=upload.declaration.size_bytes,
        offset=upload.offset,
        expires_at=datetime.fromtimestamp(int(upload.expires_at), UTC),
        links={"self": f"/v1/uploads/{digest}"},
    )


def _build_headers(upload: PartialUpload) -> dict[str, str]:
    return {
        "location": f"/v1/uploads/{upload.declaration.identity[1].hex()}",
        "upload-offset": str(upload.offset),
        "upload-length": str(upload.declaration.size_bytes),
    }


def _upload_busy(error: UploadBusy) -> Problem:
    problem = Problem(HTTPStatus.CONFLICT, "upload-busy", f"{error}; one at a time")
    problem.headers["retry-after"] = str(BUSY_RETRY_SECONDS)
    return problem


def _file_too_long(upload: PartialUpload) -> Problem:
    told = f"The file was to have {upload.declaration.size_bytes:,} bytes, and more come"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", told)
