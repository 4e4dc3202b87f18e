"""A file from the bank, read: whichever of the formats it is in, whole and adding up, or refused with the place."""

from pathlib import Path

import numpy as np

from core.errors import FileUnreadable, LimitExceeded
from core.tables.bank_messages import Message
from settlement.bank_files import camt_reader, cfonb120_reader, pain002_reader, statement_checks, xml_columns
from settlement.bank_files.message_schemas import MESSAGES, PAIN002
from settlement.bank_files.xml_positions import Places

FILE_BYTES_MAX = 1 << 30
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"<")
"""How XML begins."""


def read(path: Path) -> Message:
    """Read a file of answers.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        It cannot be read, or is none of the formats.
    EnvelopeMismatch
        It does not add up.
    """
    try:
        size = path.stat().st_size
        if not size:
            raise FileUnreadable(path.name, "The file is empty", "Send the whole file")
        if size > FILE_BYTES_MAX:
            raise LimitExceeded(path.name, f"{size:,} bytes", f"At most {FILE_BYTES_MAX:,}: split the file")
        with path.open("rb") as file:
            start = file.read(256)
    except OSError as error:
        raise FileUnreadable(path.name, str(error.strerror), "Name a file that can be read") from error
    is_xml = start.lstrip().startswith(_MARKS)
    message = _xml(path) if is_xml else cfonb120_reader.read(np.memmap(path, np.uint8, "r"), path.name)
    statement_checks.check(message, path.name)
    return message


def _xml(path: Path) -> Message:
    found = xml_columns.read(path, MESSAGES, path.name)
    places = Places(found, path, path.name)
    assembled = pain002_reader.assembled if PAIN002 in found.message.namespace else camt_reader.assembled
    return assembled(found, places)
