"""The envelope inside a file."""

from pathlib import Path

from core.errors import InputError
from core.reader_failures import refuse_on_failure
from ingest.formats import arrow, jsonl, parquet
from ingest.formats.detection import PAYMENT_FORMATS, FileFormat, detect
from ingest.pain001 import reader
from ingest.spool.envelope import (
    Envelope,
    parse_envelope,
    parse_line_envelope,
    parse_metadata_envelope,
    read_manifest,
)


def read_embedded_envelope(path: Path, file_format: FileFormat, name: str) -> Envelope:
    """Return the envelope that the file itself contains; an empty one if there is none."""
    if file_format is FileFormat.PARQUET:
        return parse_metadata_envelope(parquet.read_metadata(path, name), name)
    if file_format in (FileFormat.ARROW_FILE, FileFormat.ARROW_STREAM):
        return parse_metadata_envelope(arrow.read_metadata(path, file_format, name), name)
    if file_format is FileFormat.JSON_LINES:
        return parse_line_envelope(jsonl.read_envelope(path, name), name)
    if file_format in PAYMENT_FORMATS:
        return parse_envelope({"batch_id": reader.read_message_id(path, name)}, f"{name}, MsgId")
    return Envelope()


def lacks_sender(path: Path) -> bool:
    """Return whether neither a file nor the manifest beside it states a sender.

    A file that cannot be read lacks nothing: it is refused for its own reason.  A pipe can be read only once.
    """
    if not path.is_file():
        return False
    try:
        with refuse_on_failure(path.name):
            return not (read_manifest(path).sender or _read_own_envelope(path).sender)
    except InputError:
        return False


def _read_own_envelope(path: Path) -> Envelope:
    file_format = detect(path, path.name)
    is_payment = file_format in PAYMENT_FORMATS  # a payment file states a batch, and no sender
    return Envelope() if is_payment else read_embedded_envelope(path, file_format, path.name)
