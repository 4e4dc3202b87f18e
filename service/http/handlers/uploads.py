"""Uploads: files that arrive in pieces, over any number of connections, and then become submissions."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus

from core.errors import InputError
from ingest.queue.admission import AdmissionResult
from ingest.spool.file_claims import FileIdentity
from ingest.spool.partial_uploads import (
    PartialUpload,
    PartialUploads,
    UploadBusy,
    UploadDeclaration,
    UploadDiffers,
    UploadQuotaExceeded,
    UploadTooLong,
)
from ingest.spool.spooled_file import check_name
from service.auth.credentials import Caller
from service.http import upload_headers
from service.http.file_admission import FileAdmission
from service.http.handlers.submissions import require_sending_role
from service.http.http_messages import Request, Response, respond
from service.http.openapi.operation import Operation
from service.http.openapi.parameters import AGAIN, ATOMIC, WAIT
from service.http.openapi.problem_types import FILE_REFUSALS, SENDING, list_problems
from service.http.problems import Problem, bad_request, not_found, try_again
from service.http.queue_limits import QueueLimits
from service.http.request_body import BodyInterrupted, UploadReceiver
from service.http.route import Route
from service.http.service_state import ServiceState
from service.http.tickets import SubmissionTickets, Ticket, read_wait_seconds
from service.http.upload_headers import FILE_HEADERS, OCTET_STREAM, UPLOAD_LENGTH, UPLOAD_OFFSET
from service.http.upload_states import (
    UploadPage,
    UploadState,
    build_headers,
    build_states,
    respond_state,
    upload_busy,
)

_CONFLICT_CODES: Mapping[type[Exception], str] = {
    UploadQuotaExceeded: "uploads-full",
    UploadDiffers: "upload-differs",
}


class UploadsHandler:
    """Handles ``/v1/uploads``."""

    def __init__(
        self,
        limits: QueueLimits,
        receiver: UploadReceiver,
        admission: FileAdmission,
        *,
        tickets: SubmissionTickets,
        state: ServiceState,
        file_bytes_max: int,
    ) -> None:
        self._limits, self._receiver, self._admission = limits, receiver, admission
        self._tickets, self._state, self._file_bytes_max = tickets, state, file_bytes_max

    @property
    def _uploads(self) -> PartialUploads:
        return self._receiver.uploads

    async def begin(self, request: Request) -> Response:
        """Begin an upload (201) or find it again (200); 303 if the same bytes are a submission already."""
        caller = require_sending_role(request)
        request.allow_only("again", "atomic")
        self._limits.check_file(caller.sender)
        declaration = self._read_declaration(request, caller)
        earlier_submission = await self._admission.find_earlier_submission(
            declaration.identity, again=declaration.again
        )
        if earlier_submission is not None and await self._tickets.can_see(earlier_submission, caller):
            await self._remove_leftover(declaration.identity)
            return Response(
                HTTPStatus.SEE_OTHER, headers={"location": f"/v1/submissions/{earlier_submission}"}
            )
        try:
            upload, is_new = await asyncio.to_thread(self._uploads.begin, declaration)
        except (UploadQuotaExceeded, UploadDiffers) as error:
            detail = f"{error}: finish an upload, or remove one with DELETE"
            raise Problem(HTTPStatus.CONFLICT, _CONFLICT_CODES[type(error)], detail) from error
        except UploadBusy as error:
            raise upload_busy(error) from error
        return respond_state(upload, HTTPStatus.CREATED if is_new else HTTPStatus.OK)

    async def get_state(self, request: Request) -> Response:
        """Respond with how much of an upload has arrived; HEAD returns this in headers alone."""
        request.allow_only()
        return respond_state(self._require_own(request))

    async def list_uploads(self, request: Request) -> Response:
        """Respond with the caller's unfinished uploads."""
        request.allow_only()
        return respond(UploadPage(list(build_states(self._uploads.list_uploads(request.caller.sender)))))

    async def append(self, request: Request) -> Response:
        """Append the body to an upload (204); with the last byte, admit the file and respond with its ticket."""
        caller = require_sending_role(request)
        request.allow_only("wait")
        self._limits.check_file(caller.sender)
        read_wait_seconds(request)  # an unreadable one is an error before the body is read
        upload = self._require_own(request)
        with self._lock(upload):
            self._check_body(request, upload)
            with self._receiver.open_slot(caller.sender):
                await self._append_body(request, upload)
                if not upload.is_whole:
                    return Response(HTTPStatus.NO_CONTENT, headers=build_headers(upload))
                admitted = await self._admit(upload, caller)
        return await self._tickets.respond_with_ticket(admitted, request)

    async def remove(self, request: Request) -> Response:
        """Remove an upload and what has arrived of it."""
        request.allow_only()
        upload = self._require_own(request)
        with self._lock(upload):
            await asyncio.to_thread(self._uploads.remove, upload)
        return Response(HTTPStatus.NO_CONTENT)

    def _read_declaration(self, request: Request, caller: Caller) -> UploadDeclaration:
        envelope = upload_headers.read_envelope(request, caller.sender)
        if envelope.sha256 is None:
            raise bad_request("The SHA-256 of the file must be given in Crescendo-Sha256 or Repr-Digest")
        name, bytes_max = upload_headers.read_file_name(request), self._file_bytes_max
        check_name(name)
        size = upload_headers.read_byte_count(request, UPLOAD_LENGTH)
        if size > bytes_max:
            detail = f"The file has {size:,} bytes; a file may have at most {bytes_max:,}"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", detail)
        media_type, again = upload_headers.read_media_type(request), request.get_flag("again")
        return UploadDeclaration(size_bytes=size, name=name, media=media_type, envelope=envelope, again=again)

    def _require_own(self, request: Request) -> PartialUpload:
        """Return the upload in the path, if it is the caller's sender's; another sender's does not exist for it."""
        identity = FileIdentity(request.caller.sender, bytes.fromhex(request.path_values["upload"]))
        upload = self._uploads.find(identity)
        if upload is None:
            problem = not_found(f"You have no upload {request.path_values['upload']}")
            problem.is_audited = self._uploads.is_uploaded_by_another(identity)
            raise problem
        return upload

    @contextmanager
    def _lock(self, upload: PartialUpload) -> Iterator[None]:
        try:
            with self._uploads.lock_upload(upload):
                yield
        except UploadBusy as error:
            raise upload_busy(error) from error

    def _check_body(self, request: Request, upload: PartialUpload) -> None:
        """Check that the body continues the upload where it ended."""
        if request.get_header("content-encoding") not in {"", "identity"}:
            detail = "Pieces must be sent uncompressed"
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type-unknown", detail)
        offset, arrived = upload_headers.read_byte_count(request, UPLOAD_OFFSET), upload.offset
        if offset != arrived:
            detail = f"{arrived:,} bytes have arrived, but this piece begins at {offset:,}"
            problem = Problem(HTTPStatus.CONFLICT, "offset-differs", detail, offset=arrived)
            problem.headers |= build_headers(upload)
            raise problem
        length = request.get_header("content-length")
        if length.isdigit() and int(length) > upload.declaration.size_bytes - arrived:
            raise _file_too_long(upload)

    async def _append_body(self, request: Request, upload: PartialUpload) -> None:
        try:
            await self._receiver.append(request.receive, upload)
        except UploadTooLong as error:
            raise _file_too_long(upload) from error
        except BodyInterrupted as error:
            if self._state.is_draining:
                raise try_again("The service is stopping; it keeps what has arrived") from error
            raise Problem(HTTPStatus.BAD_REQUEST, "body-cut", f"The body is incomplete: {error}") from error

    async def _admit(self, upload: PartialUpload, caller: Caller) -> AdmissionResult:
        """Admit a complete upload; remove it unless the database fails, so that the client can retry."""
        declaration = upload.declaration
        try:
            with upload_headers.explain_media_type(declaration.name, declaration.media):
                spooled = await self._receiver.adopt(upload)
            admitted = await self._admission.admit(
                spooled, declaration.media, caller, again=declaration.again
            )
        except (InputError, Problem):
            await asyncio.to_thread(self._uploads.remove, upload)
            raise
        await asyncio.to_thread(self._uploads.remove, upload)
        return admitted

    async def _remove_leftover(self, identity: FileIdentity) -> None:
        """Remove what is left of an upload whose bytes are a submission already."""
        upload = self._uploads.find(identity)
        if upload:
            with suppress(UploadBusy), self._uploads.lock_upload(upload):
                await asyncio.to_thread(self._uploads.remove, upload)


def _file_too_long(upload: PartialUpload) -> Problem:
    detail = f"More bytes arrived than the {upload.declaration.size_bytes:,} that were declared"
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", detail)


_BEGIN_PROBLEMS = ("wrong-sender", "upload-busy", "upload-differs", "uploads-full", *FILE_REFUSALS)
_APPEND_PROBLEMS = ("body-cut", "body-stalled", "not-found", "offset-differs", "upload-busy")

ROUTES = (
    Route(
        "POST",
        "/v1/uploads",
        UploadsHandler.begin,
        Operation(
            "Begin an upload in pieces (201), or find it again after an interruption (200); both responses give the position"
            " of the next byte. The response is 303 if the same bytes are already a submission",
            {
                "200": UploadState,
                "201": UploadState,
                "303": "The same bytes are already a submission; Location contains its address",
                **list_problems(*SENDING, *_BEGIN_PROBLEMS),
            },
            (AGAIN, ATOMIC),
            headers=(UPLOAD_LENGTH, *FILE_HEADERS),
        ),
    ),
    Route(
        "GET",
        "/v1/uploads",
        UploadsHandler.list_uploads,
        Operation("The caller's unfinished uploads", {"200": UploadPage}),
    ),
    Route(
        "GET",
        "/v1/uploads/{upload}",
        UploadsHandler.get_state,
        Operation(
            "How much of an upload has arrived; HEAD returns this in headers alone",
            {"200": UploadState, **list_problems("not-found", "upload-busy")},
        ),
    ),
    Route(
        "PATCH",
        "/v1/uploads/{upload}",
        UploadsHandler.append,
        Operation(
            "Append a piece; with the last byte the file becomes a submission, and the response is its ticket",
            {
                "200": Ticket,
                "202": Ticket,
                "204": "The piece has arrived, and the file is not complete; Upload-Offset contains the next position",
                **list_problems(*SENDING, *FILE_REFUSALS, *_APPEND_PROBLEMS),
            },
            (WAIT,),
            {OCTET_STREAM: {"schema": {"type": "string", "format": "binary"}}},
            (UPLOAD_OFFSET,),
        ),
    ),
    Route(
        "DELETE",
        "/v1/uploads/{upload}",
        UploadsHandler.remove,
        Operation(
            "Give up an upload and delete what has arrived of it",
            {"204": "The upload is deleted", **list_problems("not-found", "upload-busy")},
        ),
    ),
)
