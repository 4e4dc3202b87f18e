"""The request headers of a file: its media type, its name, and its envelope."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from core.errors import EnvelopeMismatch, FileUnreadable, FormatUnknown
from ingest.formats.charsets import parse_charset
from ingest.formats.detection import NAME_DIFFERS, FileFormat
from ingest.spool.embedded_envelope import read_embedded_envelope
from ingest.spool.envelope import Envelope, parse_envelope
from ingest.spool.spooled_file import SpooledFile
from service.http.http_messages import Request
from service.http.problems import Problem, bad_request

OCTET_STREAM = "application/octet-stream"
CSV = "text/csv"
MEDIA_TYPES: Mapping[str, frozenset[FileFormat]] = {
    "application/vnd.apache.parquet": frozenset({FileFormat.PARQUET}),
    "application/vnd.apache.arrow.file": frozenset({FileFormat.ARROW_FILE}),
    "application/vnd.apache.arrow.stream": frozenset({FileFormat.ARROW_STREAM}),
    CSV: frozenset({FileFormat.CSV}),
    "application/x-ndjson": frozenset({FileFormat.JSON_LINES}),
    "application/jsonl": frozenset({FileFormat.JSON_LINES}),
    "application/xml": frozenset({FileFormat.PAIN001}),
    "text/xml": frozenset({FileFormat.PAIN001}),
    "application/x-tar": frozenset({FileFormat.PAIN001_TAR}),
    OCTET_STREAM: frozenset(FileFormat),
}
PAYMENT_MEDIA_TYPES = frozenset({"application/xml", "text/xml", "application/x-tar"})
"""A request with one of these that accepts XML is answered with pain.002."""
_SUFFIXES: Mapping[str, str] = {
    "application/vnd.apache.parquet": ".parquet",
    "application/vnd.apache.arrow.file": ".arrow",
    "application/vnd.apache.arrow.stream": ".arrows",
    CSV: ".csv",
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
    "charset": "Crescendo-Charset",
}
"""Header by field of the envelope; ``atomic`` is a query parameter.  The sender is always the caller: ``SENDER_HEADER`` may
repeat it, and must not name another."""
FLAG_HEADERS: Mapping[str, str] = {
    "sepa_only": "Crescendo-Sepa-Only",
    "extra_columns": "Crescendo-Extra-Columns",
}
"""Headers that are true or false."""
SENDER_HEADER = "Crescendo-Sender"
FILE_HEADERS = (
    SENDER_HEADER,
    *ENVELOPE_HEADERS.values(),
    *FLAG_HEADERS.values(),
    "Content-Digest",
    "Content-Disposition",
)
"""Headers that describe a file."""
UPLOAD_LENGTH, UPLOAD_OFFSET = "Upload-Length", "Upload-Offset"
SIZE_DIGITS_MAX = 15
_DIGEST_BYTES = 32
_DIGEST_PATTERN = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/=]+):")
_FILE_NAME_PATTERN = re.compile(r"""\bfilename\s*=\s*(?:"([^"]*)"|"?([^";]+))""", re.IGNORECASE)
_EXTENDED_NAME_PATTERN = re.compile(
    r"""(?:^|;)\s*filename\*\s*=\s*"?(utf-8|iso-8859-1)'[^']*'([^";\s]*)""", re.IGNORECASE
)
_QUOTED_TEXT = re.compile('"[^"]*"')


def read_media_type(request: Request) -> str:
    """Return the media type of the body.

    Raises
    ------
    Problem
        The service does not read this media type, or the body is compressed.
    """
    media_type = request.get_header("content-type").partition(";")[0].strip().lower() or OCTET_STREAM
    if media_type not in MEDIA_TYPES:
        raise _refuse_media_type(f"The service does not accept a body of type {media_type}")
    encoding = request.get_header("content-encoding")
    if encoding not in {"", "identity"}:
        detail = (
            f"The service does not accept a body in the Content-Encoding {encoding}: send it uncompressed"
        )
        raise _refuse_media_type(detail)
    return media_type


def _refuse_media_type(detail: str) -> Problem:
    return Problem(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type-unknown", detail, accepted=sorted(MEDIA_TYPES)
    )


def wants_pain002(request: Request) -> bool:
    """Return whether the sender of a payment file accepts pain.002 as the response."""
    accepted = {name.partition(";")[0].strip().lower() for name in request.get_header("accept").split(",")}
    return bool(accepted & PAYMENT_MEDIA_TYPES) and read_media_type(request) in PAYMENT_MEDIA_TYPES


def read_file_name(request: Request) -> str:
    """Return the file name that the sender gives (RFC 6266), without its path; else a default name."""
    name = re.split(r"[\\/]", _read_given_name(request.get_header("content-disposition")))[-1].strip()
    return name or _build_default_name(read_media_type(request))


def _build_default_name(media_type: str) -> str:
    return f"submission{_SUFFIXES[media_type]}"


def _read_given_name(header: str) -> str:
    """Return the name in ``filename*``, which RFC 8187 encodes, or else in ``filename``, in UTF-8 or Latin-1; else empty."""
    if match := _EXTENDED_NAME_PATTERN.search(_QUOTED_TEXT.sub('""', header)):
        with suppress(UnicodeDecodeError):  # RFC 6266: then filename counts
            return unquote_to_bytes(match[2]).decode(match[1])
    if match := _FILE_NAME_PATTERN.search(header):
        name = match[1] or match[2] or ""
        with suppress(UnicodeDecodeError):
            return name.encode("latin-1").decode()
        return name
    return ""


@contextmanager
def explain_media_type(name: str, media_type: str) -> Iterator[None]:
    """Refuse bytes of another format by the header that is wrong, where the sender gives the file no name.

    Raises
    ------
    FileUnreadable
        The bytes have another format than the media type says.
    """
    try:
        yield
    except FileUnreadable as error:
        start, mark, _ = error.finding.partition(NAME_DIFFERS)
        if not mark or name != _build_default_name(media_type):
            raise
        file_format = start.removeprefix("The file is ")
        finding = f"The file is {file_format}, and its Content-Type is {media_type}"
        raise FileUnreadable(error.place, finding, _name_media_types(file_format)) from error


def _name_media_types(file_format: str) -> str:
    """Return the advice to send the media type of a format."""
    types = [media_type for media_type, formats in MEDIA_TYPES.items() if file_format in formats]
    return f"Send the Content-Type of the file: {' or '.join(types)}"


def read_byte_count(request: Request, header: str) -> int:
    """Return a header that counts bytes.

    Raises
    ------
    Problem
        The header is missing or not a whole number.
    """
    text = request.get_header(header)
    if not (text.isascii() and text.isdigit() and len(text) <= SIZE_DIGITS_MAX):
        raise bad_request(f"The header {header} must be a whole number of bytes")
    return int(text)


def read_envelope(request: Request, sender: str) -> Envelope:
    """Read the envelope, which the file must match, from the headers.

    Raises
    ------
    FormatUnknown
        A header has a value that cannot be read.
    Problem
        The headers name another sender.
    """
    check_sender(request.get_header(SENDER_HEADER), sender, "envelope")
    fields: dict[str, Any] = {key: request.get_header(name) for key, name in ENVELOPE_HEADERS.items()}
    fields = {key: value for key, value in fields.items() if value}
    if digest := _read_digest(request):
        if fields.get("sha256", digest).casefold() != digest:
            finding = "Crescendo-Sha256 and the digest of RFC 9530 differ"
            raise FormatUnknown("headers", finding, "Give the SHA-256 of the file in one header only")
        fields["sha256"] = digest
    if charset := _read_charset(request):
        fields["charset"] = charset
    for key, name in FLAG_HEADERS.items():
        if flag := request.get_header(name):
            if flag not in {"true", "false"}:
                raise bad_request(f"The header {name} must be true or false")
            fields[key] = flag == "true"
    return parse_envelope({**fields, "sender": sender, "atomic": request.get_flag("atomic")}, "headers")


def _read_charset(request: Request) -> str:
    """Return the charset of a CSV file, which ``Content-Type`` or a header of its own states; empty without either."""
    media_type, *parameters = request.get_header("content-type").split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    values = {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}
    charset = values.get("charset", "") if media_type.strip().lower() == CSV else ""
    own_charset = request.get_header(ENVELOPE_HEADERS["charset"])
    if charset and own_charset and parse_charset(charset, "headers") != parse_charset(own_charset, "headers"):
        finding = f"{ENVELOPE_HEADERS['charset']} and the charset of Content-Type differ"
        raise FormatUnknown("headers", finding, "State the charset of the file in one header only")
    return own_charset or charset


def check_sender(claimed_sender: str, sender: str, source: str) -> None:
    """Check that the sender named in ``source``, if any, is the caller.

    Raises
    ------
    Problem
        It is another sender.
    """
    if claimed_sender not in {"", sender}:
        detail = f"The {source} names the sender {claimed_sender[:35]}, but the caller is {sender}"
        raise Problem(HTTPStatus.FORBIDDEN, "wrong-sender", detail)


def _read_digest(request: Request) -> str:
    """Return the SHA-256 of ``Content-Digest`` or ``Repr-Digest`` (RFC 9530) in hexadecimal; empty without either.

    A digest header without a readable SHA-256 is refused: a sender that sends a digest relies on its check.
    """
    for name in ("content-digest", "repr-digest"):
        if text := request.get_header(name):
            match = _DIGEST_PATTERN.search(text)
            with suppress(binascii.Error):
                if match and len(digest := base64.b64decode(match[1], validate=True)) == _DIGEST_BYTES:
                    return digest.hex()
            raise FormatUnknown(
                name.title(),
                "The header contains no valid SHA-256",
                "Send sha-256=:BASE64: as RFC 9530 defines it",
            )
    return ""


def check_content(spooled: SpooledFile, media_type: str) -> None:
    """Check a received file against the headers of its request.

    Raises
    ------
    EnvelopeMismatch
        The bytes have another format than the media type says.
    Problem
        The file names another sender.
    """
    if spooled.format not in MEDIA_TYPES[media_type]:
        finding = f"The format of the file is {spooled.format}, but the media type is {media_type}"
        raise EnvelopeMismatch(spooled.name, finding, _name_media_types(spooled.format))
    embedded = read_embedded_envelope(Path(spooled.path), spooled.format, spooled.name)
    check_sender(embedded.sender, spooled.envelope.sender, "file")
