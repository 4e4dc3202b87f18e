"""The search for one file in the folder of a spool, which is only read: it needs no reader of any format."""

from pathlib import Path

import msgspec

from core.errors import FileUnreadable
from ingest.formats.detection import translate_decoder_errors
from ingest.spool.spooled_file import (
    CONTENT_FILE,
    FileMissing,
    SpooledFile,
    SpoolRecord,
    build_spooled_file,
    format_record_name,
)


def find_file(spool: Path, sha256: bytes, sender: str | None = None) -> SpooledFile:
    """Return the file with that hash in the folder of a spool as ``Spool.find`` does; the folder is only read.

    Raises
    ------
    FileMissing
        The file is missing.
    FileUnreadable
        The system does not read it, or several senders sent it and none is named.
    """
    folder, position = find_folder(spool, sha256), f"spool, {sha256.hex()}"
    records = sorted(folder.glob("envelope-*.json"))
    if sender is not None:
        records = [path for path in records if path.name == format_record_name(sender)]
    if len(records) > 1:
        raise FileUnreadable(position, f"{len(records)} senders sent this file", "Name the sender")
    with translate_decoder_errors(position):
        if not (records and folder.joinpath(CONTENT_FILE).exists()):
            raise FileMissing(position, "There is no such file", "Send the file again")
        record = msgspec.json.decode(records[0].read_bytes(), type=SpoolRecord)
    return build_spooled_file(folder, sha256, record)


def find_folder(spool: Path, sha256: bytes) -> Path:
    """Return the folder that has, or would have, a file with that hash."""
    return spool / sha256.hex()[:2] / sha256.hex()
