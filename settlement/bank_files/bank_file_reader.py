"""A file from the bank, read: whichever of the formats it is in, whole and adding up, or refused with the place."""

from pathlib import Path

import numpy as np

from core.errors import FileUnreadable, LimitExceeded
from core.tables.bank_messages import BankMessage
from settlement.bank_files import camt_reader, cfonb120_reader, pain002_reader, statement_checks, xml_columns
from settlement.bank_files.message_schemas import MESSAGES, PAIN002
from settlement.bank_files.xml_positions import MessageLocator

FILE_BYTES_MAX = 1 << 30
_XML_STARTS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"<")
"""How XML begins."""


def read_bank_file(path: Path) -> BankMessage:
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
    is_xml = start.lstrip().startswith(_XML_STARTS)
    message = (
        _read_xml(path) if is_xml else cfonb120_reader.read_message(np.memmap(path, np.uint8, "r"), path.name)
    )
    statement_checks.check_statements(message, path.name)
    return message


def _read_xml(path: Path) -> BankMessage:
    found = xml_columns.read_message_tables(path, MESSAGES, path.name)
    places = MessageLocator(found, path, path.name)
    assembled = (
        pain002_reader.build_message if PAIN002 in found.schema.namespace else camt_reader.build_message
    )
    return assembled(found, places)
