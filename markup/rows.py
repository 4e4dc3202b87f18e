"""The results of reading a message: rows of records as Arrow columns, or a fault."""

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from core.errors import CrescendoError
from core.tables.xml import XmlFault, XmlMessage
from markup.compiler import CompiledRecord

OUTER_ROW_COLUMN = "within"
"""The column with the row of the outer record, counted from the start of the document."""


class RecordRows(NamedTuple):
    """Rows of one record, in document order; rows of an early outer record come before the rows inside it."""

    record: str
    first: int
    """The number of rows of this record before these."""
    batch: pa.RecordBatch
    """A text column for each declared column, empty where there is none, and ``within`` last."""


class Document(NamedTuple):
    """A document whose message is known."""

    message: XmlMessage
    rows: Iterator[RecordRows]
    """Rows of each record in document order; a fault is raised as ``DocumentFaulty`` where it is met."""


class DocumentFaulty(CrescendoError):
    """The document is faulty, or this reader declines it."""

    def __init__(self, fault: XmlFault, offset: int, namespace: str = "") -> None:
        super().__init__(f"{fault.name} at byte {offset:,}")
        self.fault, self.offset, self.namespace = fault, offset, namespace
        """The namespace is that of the root, if the message is unknown."""


def build_schema(record: CompiledRecord) -> pa.Schema:
    """Return the schema of a record's rows."""
    return pa.schema([*((column, pa.string()) for column in record.columns), (OUTER_ROW_COLUMN, pa.int32())])
