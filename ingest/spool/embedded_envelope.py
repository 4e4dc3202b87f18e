"""The envelope inside a file."""

from pathlib import Path

from ingest.formats import arrow, jsonl, parquet
from ingest.formats.detection import PAYMENT_FORMATS, FileFormat
from ingest.pain001 import reader
from ingest.spool.envelope import Envelope, parse_envelope, parse_line_envelope, parse_metadata_envelope


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
