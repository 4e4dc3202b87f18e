"""The envelope inside a file."""

from pathlib import Path

from ingest.formats.detection import PAYMENT_FORMATS, FileFormat
from ingest.pain001 import reader
from ingest.spool.envelope import Envelope, parse_envelope
from ingest.spool.flat_envelope import read_flat_envelope


def read_embedded_envelope(path: Path, file_format: FileFormat, name: str) -> Envelope:
    """Return the envelope that the file itself contains; an empty one if there is none."""
    if file_format in PAYMENT_FORMATS:
        return parse_envelope({"batch_id": reader.read_message_id(path, name)}, f"{name}, MsgId")
    return read_flat_envelope(path, file_format, name)
