"""The predecessors that lines name: a reference and a line, a line of their own act, or an entry by its number."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.tables.columns import allocate_undefined_columns, seal
from core.tables.journal import PREDECESSOR_BY_ENTRY, Bytes, ParsedNumbers, Spans
from ingest.resolution.line_batch import FOLLOWS, FOLLOWS_OWN_LINES, LineBatch
from kernels import parsing

_LINE_MAX = np.iinfo(np.int32).max
_UNKNOWN_SENDER = -1


class PredecessorColumn(NamedTuple):
    """The predecessors named: the spans of their references, their lines, and faults."""

    spans: Spans
    """Empty where no reference is named."""
    text: Bytes
    line: NDArray[np.int64]
    """The line; negative for an entry, by its number."""
    fault: NDArray[np.uint8]

    def clip_lines(self) -> NDArray[np.int64]:
        """Return the line of each predecessor, or ``PREDECESSOR_BY_ENTRY``."""
        return np.clip(self.line, PREDECESSOR_BY_ENTRY, _LINE_MAX)

    def select_entry_keys(self, high: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the number of each entry named, otherwise its key of ``high``."""
        if self.line.min(initial=0) >= 0:
            return high
        return np.where(self.line < 0, -self.line, high.view(np.int64)).view(np.uint64)

    def find_invalid(self, kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Return the lines that name nothing that their kind may follow."""
        is_invalid = self.fault != 0
        if (has_no_reference := self.lack_reference()).any():
            is_invalid |= has_no_reference & (self.line >= 0) & ~FOLLOWS_OWN_LINES[kind]
        return is_invalid & FOLLOWS[kind]

    def lack_reference(self) -> NDArray[np.bool_]:
        """Return the lines that name an entry, a line of their own act, or nothing."""
        return self.spans.end == self.spans.start


def number_senders(
    line_batch: LineBatch, own: int | NDArray[np.int64], numbers_by_sender: Mapping[str, int]
) -> int | NDArray[np.int64]:
    """Return the number of each predecessor's sender: that of the line, unless it states another; -1 if unknown."""
    return read_senders(line_batch, Field.PREDECESSOR_SENDER, own, numbers_by_sender=numbers_by_sender)


def read_senders(
    line_batch: LineBatch,
    field: Field,
    own: int | NDArray[np.int64],
    *,
    numbers_by_sender: Mapping[str, int],
) -> int | NDArray[np.int64]:
    """Return the number of the sender that each line names in ``field``: ``own`` where it names none; -1 if unknown."""
    column = line_batch.read_text(field)
    if column is None:
        return own
    other = column.map_to_numbers(numbers_by_sender, _UNKNOWN_SENDER)
    return np.where(other == 0, own, other)


def read_predecessors(line_batch: LineBatch) -> PredecessorColumn | None:
    """Return the predecessor that each line names; None if the file does not have the column."""
    column = line_batch.read_text(Field.PREDECESSOR)
    if column is None:
        return None
    spans = allocate_undefined_columns(Spans, line_batch.rows)
    parsed = allocate_undefined_columns(ParsedNumbers, line_batch.rows)
    parsing.split_predecessors(column.expand_spans(), column.values.text, spans, parsed)
    return PredecessorColumn(seal(spans), column.values.text, parsed.value, parsed.fault)
