"""Where in a message something stands: told in bytes, and found only when somebody must be told."""

import mmap
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import FileUnreadable
from settlement.bank_files.message_schemas import CAMT054, ELEMENT_NAMES, STATEMENT
from settlement.bank_files.xml_columns import MessageTables


class MessageLocator(NamedTuple):
    """A message taken apart, and the file it came in."""

    tables: MessageTables
    path: Path
    name: str

    @property
    def is_notice(self) -> bool:
        """Whether it is a camt.054."""
        return CAMT054 in self.tables.schema.namespace

    def error_at(self, record: str, row: int, found: str, remedy: str) -> FileUnreadable:
        """The refusal of the message because of one row of a record."""
        element = "Ntfctn" if record == STATEMENT and self.is_notice else ELEMENT_NAMES.get(record, record)
        place = f"{self.name}, byte {find_element_offset(self.path, element, row + 1)}, {element} {row + 1}"
        return FileUnreadable(place, found, remedy)

    def reject_first(self, record: str, wrong: NDArray[np.bool_], found: str, remedy: str) -> None:
        """Raise ``FileUnreadable`` at the first row that is ``wrong``, if there is one."""
        rows = np.flatnonzero(wrong)
        if rows.size:
            raise self.error_at(record, int(rows[0]), found, remedy)


def find_element_offset(path: Path, element: str, ordinal: int) -> int:
    """Where the ``ordinal``-th (from 1) element of that name begins; 0 where it cannot be told."""
    tag = re.compile(rb"<(?:[^\s<>/:!?]+:)?" + re.escape(element.encode()) + rb"(?=[\s/>])")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as raw:
        for number, found in enumerate(tag.finditer(raw), 1):
            if number == ordinal:
                return found.start()
    return 0
