"""What readers of messages give: rows of records as Arrow columns, and what stops them."""

from typing import NamedTuple

import pyarrow as pa

from core.errors import CrescendoError
from core.tables.xml import XmlFault
from markup.compiler import CompiledRecord

OUTER_ROW_COLUMN = "within"
"""The column that says which row of the outer record a row stands in, counted from the start of the document."""


class RecordRows(NamedTuple):
    """Some rows of one record, in document order; those of outer records come before what stands in them, if early."""

    record: str
    first: int
    """How many such rows came before."""
    batch: pa.RecordBatch
    """A text a column, empty where there is none, and ``within`` last."""


class DocumentFaulty(CrescendoError):
    """The document cannot be taken, or not by this reader."""

    def __init__(self, fault: XmlFault, offset: int) -> None:
        super().__init__(f"{fault.name} at byte {offset:,}")
        self.fault, self.offset = fault, offset


def build_schema(record: CompiledRecord) -> pa.Schema:
    """The columns of a record's rows."""
    return pa.schema([*((column, pa.string()) for column in record.columns), (OUTER_ROW_COLUMN, pa.int32())])
