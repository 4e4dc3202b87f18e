"""What a file says of itself: the envelope inside it."""

from pathlib import Path

from ingest.formats import arrow, jsonl, parquet
from ingest.formats.detection import PAYMENT_FILES, FileFormat
from ingest.pain001 import reader
from ingest.spool.envelope import Envelope, inside_line, inside_metadata, stated


def inside(path: Path, found: FileFormat, name: str) -> Envelope:
    """What the file itself says of itself."""
    if found is FileFormat.PARQUET:
        return inside_metadata(parquet.metadata(path, name), name)
    if found in (FileFormat.ARROW_FILE, FileFormat.ARROW_STREAM):
        return inside_metadata(arrow.metadata(path, found, name), name)
    if found is FileFormat.JSON_LINES:
        return inside_line(jsonl.envelope(path, name), name)
    if found in PAYMENT_FILES:
        return stated({"batch_id": reader.message_id(path, name)}, f"{name}, MsgId")
    return Envelope()
