"""Read a bank file of any format: complete and consistent, or refused with the place of the fault."""

from pathlib import Path

import numpy as np

from core.errors import FileUnreadable, LimitExceeded
from core.reader_failures import refuse_on_failure
from core.tables.bank_messages import BankMessage
from settlement.bank_files import statement_checks, xml_columns
from settlement.bank_files.message_schemas import MESSAGES
from settlement.bank_files.xml_positions import XmlBankFile
from settlement.bank_formats import BankFormat

FILE_BYTES_MAX = 1 << 30
_XML_STARTS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"<")
"""The first bytes of an XML file: a byte order mark or a tag."""
_START_BYTES = 256


def read_bank_file(path: Path) -> BankMessage:
    """Read a bank file.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        The file cannot be read, has none of the formats, or is too large, or its reader fails.
    EnvelopeMismatch
        Its balances do not add up.
    """
    start = _read_start(path)
    with refuse_on_failure(path.name):
        message = _read_xml(path) if start.lstrip().startswith(_XML_STARTS) else _read_text(path, start)
        statement_checks.check_statements(message, path.name)
    return message


def _read_start(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not size:
            raise FileUnreadable(path.name, "The file is empty", "Send the whole file")
        if size > FILE_BYTES_MAX:
            raise LimitExceeded(
                path.name,
                f"The file has {size:,} bytes",
                f"Send at most {FILE_BYTES_MAX:,} bytes: split the file",
            )
        with path.open("rb") as file:
            return file.read(_START_BYTES)
    except OSError as error:
        raise FileUnreadable(path.name, str(error.strerror), "Name a file that can be read") from error


def _read_xml(path: Path) -> BankMessage:
    tables = xml_columns.read_message_tables(path, MESSAGES, path.name)
    read = BankFormat.find_xml(tables.schema.namespace).load_reader()
    return read(XmlBankFile(tables, path, path.name))


def _read_text(path: Path, start: bytes) -> BankMessage:
    read = BankFormat.find_text(start).load_reader()
    return read(np.memmap(path, np.uint8, "r"), path.name)
