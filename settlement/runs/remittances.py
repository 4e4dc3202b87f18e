"""The remittance texts of a run: the text of the request, or invoice, request and commitment by their numbers."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from posting.pgcopy import TextCells
from posting.raw_texts import to_text_cells
from posting.text_spans import EMPTY, as_arrow, concat, take_rows
from settlement.orders.transfer_texts import CHUNK_ROWS, transliterate_texts
from settlement.parallel import map_parallel
from settlement.runs.open_payables import OpenPayables
from settlement.runs.payable_details import PayableDetails


def build_remittances(payables: OpenPayables, details: PayableDetails, rows: NDArray[np.int64]) -> TextCells:
    """Build the texts of the given rows, transliterated to the SEPA character set."""
    chunks = [rows[first : first + CHUNK_ROWS] for first in range(0, len(rows), CHUNK_ROWS)]
    parts = map_parallel(lambda chunk: transliterate_texts(_build_chunk(payables, details, chunk)), chunks)
    return concat(parts) if parts else EMPTY


def _build_chunk(payables: OpenPayables, details: PayableDetails, rows: NDArray[np.int64]) -> TextCells:
    own_text = _take_or_null(details.remittance, rows)
    numbers = (
        _take_or_null(details.invoice, rows),
        _prefix("DP ", _take_or_null(payables.reference, rows)),
        _prefix("EJ ", _take_or_null(payables.commitment, rows)),
    )
    listed = pc.binary_join_element_wise(*numbers, " ", null_handling="skip")  # type: ignore[call-overload]
    return to_text_cells(pc.call_function("coalesce", [own_text, listed]))


def _take_or_null(cells: TextCells, rows: NDArray[np.int64]) -> pa.Array:
    """Return the texts of the rows, null where they are empty."""
    texts = as_arrow(take_rows(cells, rows))
    is_empty = pc.call_function("equal", [texts, pa.scalar("")])
    return pc.call_function("if_else", [is_empty, pa.scalar(None, pa.string()), texts])


def _prefix(label: str, texts: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(label, texts, "")  # type: ignore[call-overload]
