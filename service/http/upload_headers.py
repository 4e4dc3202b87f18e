"""How a file is presented over HTTP: its media type, its name, and the envelope in the headers."""

import base64
import binascii
import re
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any

from core.errors import EnvelopeMismatch, FormatUnknown
from ingest.formats.detection import FileFormat
from ingest.spool.embedded_envelope import read_embedded_envelope
from ingest.spool.envelope import Envelope, parse_envelope
from ingest.spool.spooled_file import SpooledFile
from service.http.http_messages import Request
from service.http.problems import Problem, malformed_request

OCTET_STREAM = "application/octet-stream"
MEDIA_TYPES: Mapping[str, frozenset[FileFormat]] = {
    "application/vnd.apache.parquet": frozenset({FileFormat.PARQUET}),
    "application/vnd.apache.arrow.file": frozenset({FileFormat.ARROW_FILE}),
    "application/vnd.apache.arrow.stream": frozenset({FileFormat.ARROW_STREAM}),
    "text/csv": frozenset({FileFormat.CSV}),
    "application/x-ndjson": frozenset({FileFormat.JSON_LINES}),
    "application/jsonl": frozenset({FileFormat.JSON_LINES}),
    "application/xml": frozenset({FileFormat.PAIN001}),
    "text/xml": frozenset({FileFormat.PAIN001}),
    "application/x-tar": frozenset({FileFormat.PAIN001_TAR}),
    OCTET_STREAM: frozenset(FileFormat),
}
PAYMENT_MEDIA_TYPES = frozenset({"application/xml", "text/xml", "application/x-tar"})
"""Who sends one of these and takes XML is answered as ISO 20022 does."""
_SUFFIXES: Mapping[str, str] = {
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.apache.arrow.file": ".arrow",
    "application/vnd.apache.arrow.stream": ".arrows",
    "text/csv": ".csv",
    "application/x-ndjson": ".jsonl",
    "application/jsonl": ".jsonl",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/x-tar": ".tar",
    OCTET_STREAM: "",
}
ENVELOPE_HEADERS: Mapping[str, str] = {
    "batch_id": "Crescendo-Batch-Id",
    "version": "Crescendo-Version",
    "count": "Crescendo-Count",
    "control_sum": "Crescendo-Control-Sum",
    "sha256": "Crescendo-Sha256",
}
"""Header by key of the envelope; ``Crescendo-Sepa-Only`` is a yes or no, ``atomic`` stands in the query, and the sender is
the caller: ``SENDER`` may say so, and says nothing else."""
SENDER_HEADER = "Crescendo-Sender"
_DIGEST_BYTES = 32
_DIGEST_PATTERN = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")
_FILE_NAME_PATTERN = re.compile(r"""\bfilename="?([^";]+)"?""")


def read_media_type(request: Request) -> str:
    """The body's media type.

    Raises
    ------
    Problem
        None that is read here, or a body that is packed on its way.
    """
    found = request.get_header("content-type").partition(";")[0].strip().lower() or OCTET_STREAM
    if found not in MEDIA_TYPES or request.get_header("content-encoding") not in {"", "identity"}:
        told = (
            f"A body of {found}, {request.get_header('content-encoding') or 'not packed'}, is not read here"
        )
        accepted = sorted(MEDIA_TYPES)
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type-unknown", told, accepted=accepted)
    return found


def wants_pain002(request: Request) -> bool:
    """Whether the sender of a payment file would have pain.002 for an answer."""
    accepted = {each.partition(";")[0].strip().lower() for each in request.get_header("accept").split(",")}
    return bool(accepted & PAYMENT_MEDIA_TYPES) and read_media_type(request) in PAYMENT_MEDIA_TYPES


def read_file_name(request: Request) -> str:
    """What the sender calls the file: the last part of the name alone, whatever path it comes with."""
    found = _FILE_NAME_PATTERN.search(request.get_header("content-disposition"))
    name = re.split(r"[\\/]", found[1])[-1].strip() if found else ""
    return name or f"submission{_SUFFIXES[read_media_type(request)]}"


def read_envelope(request: Request, sender: str) -> Envelope:
    """What the headers say that the file must add up to.

    Raises
    ------
    FormatUnknown
        A value that does not read.
    Problem
        They name another sender.
    """
    check_sender(request.get_header(SENDER_HEADER), sender, "envelope")
    said: dict[str, Any] = {key: request.get_header(name) for key, name in ENVELOPE_HEADERS.items()}
    said = {key: value for key, value in said.items() if value}
    if digest := _read_digest(request):
        if said.get("sha256", digest).casefold() != digest:
            told = "Crescendo-Sha256 and the digest of RFC 9530 name two files"
            raise FormatUnknown("headers", told, "Say the SHA-256 of the bytes once")
        said["sha256"] = digest
    if sepa_only := request.get_header("crescendo-sepa-only"):
        if sepa_only not in {"true", "false"}:
            raise malformed_request("Crescendo-Sepa-Only must be true or false")
        said["sepa_only"] = sepa_only == "true"
    return parse_envelope({**said, "sender": sender, "atomic": request.get_flag("atomic")}, "headers")


def check_sender(claimed_sender: str, sender: str, where: str) -> None:
    """Whether who is named as the sender, if anybody is, is the caller.

    Raises
    ------
    Problem
        It is somebody else.
    """
    if claimed_sender not in {"", sender}:
        told = f"The {where} names {claimed_sender[:35]} as its sender, and the caller is {sender}"
        raise Problem(HTTPStatus.FORBIDDEN, "wrong-sender", told)


def _read_digest(request: Request) -> str:
    """The SHA-256 of ``Content-Digest`` or ``Repr-Digest`` (RFC 9530), in hexadecimal.

    One that holds none is refused: a sender that says a digest believes it checked.
    """
    for name in ("content-digest", "repr-digest"):
        if text := request.get_header(name):
            found = _DIGEST_PATTERN.search(text)
            with suppress(binascii.Error):
                if found and len(digest := base64.b64decode(found[1], validate=True)) == _DIGEST_BYTES:
                    return digest.hex()
            raise FormatUnknown(name.title(), "It holds no SHA-256 that reads", "Say sha-256=:BASE64:")
    return ""


def check_content(spooled: SpooledFile, media_type: str) -> None:
    """Hold a file against what its request said of it.

    Raises
    ------
    EnvelopeMismatch
        Other bytes than the media type says.
    Problem
        The file says that another sender sends it.
    """
    if spooled.format not in MEDIA_TYPES[media_type]:
        told = f"The bytes are {spooled.format}, the media type is {media_type}"
        raise EnvelopeMismatch(spooled.name, told, "Send the media type that belongs to the file")
    named = read_embedded_envelope(Path(spooled.path), spooled.format, spooled.name).sender
    check_sender(named, spooled.envelope.sender, "file")
