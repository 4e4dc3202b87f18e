"""The envelope inside a file of columns, and whether a file states its sender.

A command checks its files with this module before it starts the database: the reader of payment files, which loads the
kernels, is not imported.
"""

from pathlib import Path

from core.errors import InputError
from core.reader_failures import refuse_on_failure
from ingest.formats import arrow, jsonl, parquet
from ingest.formats.detection import FileFormat, detect
from ingest.spool.envelope import Envelope, parse_line_envelope, parse_metadata_envelope, read_manifest


def read_flat_envelope(path: Path, file_format: FileFormat, name: str) -> Envelope:
    """Return the envelope that a file of columns contains; an empty one if there is none."""
    if file_format is FileFormat.PARQUET:
        return parse_metadata_envelope(parquet.read_metadata(path, name), name)
    if file_format in (FileFormat.ARROW_FILE, FileFormat.ARROW_STREAM):
        return parse_metadata_envelope(arrow.read_metadata(path, file_format, name), name)
    if file_format is FileFormat.JSON_LINES:
        return parse_line_envelope(jsonl.read_envelope(path, name), name)
    return Envelope()


def lacks_sender(path: Path) -> bool:
    """Return whether neither a file nor the manifest beside it states a sender.

    A file that cannot be read lacks nothing: it is refused for its own reason.  A pipe can be read only once.  A payment file
    states a batch, and no sender.
    """
    if not path.is_file():
        return False
    try:
        with refuse_on_failure(path.name):
            if read_manifest(path).sender:
                return False
            return not read_flat_envelope(path, detect(path, path.name), path.name).sender
    except InputError:
        return False
