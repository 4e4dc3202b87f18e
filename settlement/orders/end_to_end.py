"""End-to-end identifiers: the ledger and the entry that issued a transfer, with check digits (``core.tables.transfers``)."""

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import seal_array
from core.tables.transfers import END_TO_END_BYTES, ENTRIES_A_LEDGER
from kernels import end_to_end as kernel
from posting.pgcopy import TextCells


def number_transfers(entries: NDArray[np.int64], ledger: int) -> NDArray[np.int64]:
    """Return the number in the identifier of each transfer that an entry of a ledger issued."""
    return entries + ledger * ENTRIES_A_LEDGER


def format_identifiers(entries: NDArray[np.int64], ledger: int) -> NDArray[np.uint8]:
    """Return the identifiers of ``entries`` of a ledger, one row of ``END_TO_END_BYTES`` each."""
    identifiers = np.empty(len(entries) * END_TO_END_BYTES, np.uint8)
    numbers = np.ascontiguousarray(number_transfers(entries, ledger))
    kernel.write_identifiers(seal_array(numbers), identifiers)
    return identifiers.reshape(len(entries), END_TO_END_BYTES)


def parse_identifiers(texts: TextCells, ledger: int) -> NDArray[np.int64]:
    """Return the entry in each identifier; 0 where it is of another ledger or another form, or its check digits are wrong."""
    numbers = np.empty(len(texts.spans.start), np.int64)
    kernel.parse_identifiers(texts.spans, texts.text, numbers)
    ledgers, entries = np.divmod(numbers, ENTRIES_A_LEDGER)
    return np.where(ledgers == ledger, entries, 0)


def format_identifier(entry: int, ledger: int) -> str:
    """Return the identifier of one entry of a ledger."""
    return format_identifiers(np.array([entry], np.int64), ledger).tobytes().decode("ascii")
