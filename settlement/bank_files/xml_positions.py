"""Positions in an XML bank file: looked up only for an error message, as the tables keep no offsets."""

import mmap
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import FileUnreadable
from settlement.bank_files.currency import CURRENCY_REMEDY, describe_currency
from settlement.bank_files.message_schemas import ELEMENT_NAMES, STATEMENT
from settlement.bank_files.xml_columns import MessageTables
from settlement.bank_formats import BankFormat


class XmlBankFile(NamedTuple):
    """An XML file: its content as tables, and where to find it again for an error message."""

    tables: MessageTables
    path: Path
    name: str

    @property
    def is_notice(self) -> bool:
        """Whether it is a camt.054, which has no balances."""
        return BankFormat.CAMT054.row.namespace in self.tables.schema.namespace

    def error_at(self, record: str, row: int, finding: str, *, remedy: str) -> FileUnreadable:
        """Return the error that refuses the file because of one row of a record."""
        element = "Ntfctn" if record == STATEMENT and self.is_notice else ELEMENT_NAMES.get(record, record)
        place = f"{self.name}, byte {find_element_offset(self.path, element, row + 1)}, {element} {row + 1}"
        return FileUnreadable(place, finding, remedy)

    def reject_first(self, record: str, is_invalid: NDArray[np.bool_], finding: str, *, remedy: str) -> None:
        """Raise ``FileUnreadable`` at the first invalid row, if there is one."""
        rows = np.flatnonzero(is_invalid)
        if rows.size:
            raise self.error_at(record, int(rows[0]), finding, remedy=remedy)

    def reject_foreign(self, record: str, is_foreign: NDArray[np.bool_], subject: str) -> None:
        """Raise ``FileUnreadable`` at the first row in another currency than the euro, if there is one."""
        rows = np.flatnonzero(is_foreign)
        if rows.size:
            currency = self.tables.read_text(record, "currency", int(rows[0]))
            raise self.error_at(
                record, int(rows[0]), describe_currency(subject, currency), remedy=CURRENCY_REMEDY
            )


def find_element_offset(path: Path, element: str, ordinal: int) -> int:
    """Return the byte at which the ``ordinal``-th (from 1) element of that name begins; 0 if it is not found."""
    tag = re.compile(rb"<(?:[^\s<>/:!?]+:)?" + re.escape(element.encode()) + rb"(?=[\s/>])")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for number, match in enumerate(tag.finditer(content), 1):
            if number == ordinal:
                return match.start()
    return 0
