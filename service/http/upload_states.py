"""The state of an upload, as its routes send it."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec

from ingest.spool.partial_uploads import PartialUpload, UploadBusy
from service.http.http_messages import Response, respond
from service.http.problems import Problem

BUSY_RETRY_SECONDS = 5
"""When to retry while another connection works on the same upload."""


class UploadState(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an upload has arrived."""

    upload: str
    """The SHA-256 of the whole file."""
    file: str
    size_bytes: int
    offset: int
    """How many bytes have arrived: the position of the next one to send."""
    expires_at: datetime
    """When the upload is removed, unless more arrives before."""
    links: dict[str, str]


class UploadPage(msgspec.Struct, frozen=True):
    """The caller's unfinished uploads."""

    uploads: list[UploadState]


def respond_state(upload: PartialUpload, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """Respond with the state of an upload, in the body and in headers."""
    try:
        body = respond(_build_state(upload), status).body
        return Response(status, body, headers=build_headers(upload))
    except FileNotFoundError:
        raise upload_busy(UploadBusy("Another connection has just ended the upload")) from None


def build_states(uploads: list[PartialUpload]) -> Iterator[UploadState]:
    """Yield the states of uploads, except those that another connection has just ended."""
    for upload in uploads:
        with suppress(FileNotFoundError):
            yield _build_state(upload)


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


def build_headers(upload: PartialUpload) -> dict[str, str]:
    """Return the headers that say how much of an upload has arrived."""
    return {
        "location": f"/v1/uploads/{upload.declaration.identity[1].hex()}",
        "upload-offset": str(upload.offset),
        "upload-length": str(upload.declaration.size_bytes),
    }


def upload_busy(error: UploadBusy) -> Problem:
    """Return the problem for an upload on which another connection works."""
    problem = Problem(HTTPStatus.CONFLICT, "upload-busy", f"{error}; one at a time")
    problem.headers["retry-after"] = str(BUSY_RETRY_SECONDS)
    return problem
