"""Transfer orders prepared for a payment file: character set, lengths, and valid IBANs and BICs."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError
from core.tables.columns import allocate_zeros, seal, seal_array
from core.tables.journal import Bytes, Flags, Spans
from core.tables.transfers import NAME_CHARACTERS_MAX, REMITTANCE_CHARACTERS_MAX, Transfers, TransferTexts
from kernels import bic, iban, transliterate
from posting.pgcopy import TextCells
from posting.text_spans import compact, concat, take_rows
from settlement.orders import charset
from settlement.orders.end_to_end import number_transfers
from settlement.parallel import map_parallel

CHUNK_ROWS = 1 << 15
"""Transfers processed at a time: about ten megabytes."""

_NOT_PROVIDED = np.frombuffer(charset.NOT_PROVIDED.encode("ascii"), np.uint8)


class TransferOrders(NamedTuple):
    """Transfers, one per row, ready for a payment file.

    ``transliterate_names`` and ``transliterate_texts`` made the texts; ``validate_orders`` accepts the rest.
    """

    entry: NDArray[np.int64]
    """The entry that issues the transfer."""
    amount: NDArray[np.int64]
    """Cents."""
    name: TextCells
    iban: TextCells
    bic: TextCells
    """Empty where the IBAN alone is enough."""
    remittance: TextCells


def take_orders(orders: TransferOrders, rows: NDArray[np.integer] | slice) -> TransferOrders:
    """Return the given rows."""
    texts = (take_rows(cells, rows) for cells in orders[2:])
    return TransferOrders(orders.entry[rows], orders.amount[rows], *texts)


class TransferChunk(NamedTuple):
    """Some transfers as the kernels read them, and the texts of all."""

    transfers: Transfers
    texts: TransferTexts


def iterate_chunks(orders: TransferOrders, ledger: int) -> Iterator[TransferChunk]:
    """Yield the orders of a ledger as kernel tables, ``CHUNK_ROWS`` at a time, in order."""
    texts = seal(TransferTexts(*(cells.text.data for cells in orders[2:])))
    for first in range(0, len(orders.entry), CHUNK_ROWS):
        chunk = take_orders(orders, slice(first, first + CHUNK_ROWS))
        numbers = number_transfers(chunk.entry, ledger)
        columns = [numbers, chunk.amount, *(bound for cells in chunk[2:] for bound in cells.spans)]
        yield TransferChunk(seal(Transfers(*map(np.ascontiguousarray, columns))), texts)


def transliterate_texts(cells: TextCells, characters_max: int = REMITTANCE_CHARACTERS_MAX) -> TextCells:
    """Transliterate texts to the SEPA character set and cut them to the maximal length."""
    chunks = [slice(first, first + CHUNK_ROWS) for first in range(0, len(cells.spans.start), CHUNK_ROWS)]
    parts = map_parallel(lambda rows: _transliterate_chunk(take_rows(cells, rows), characters_max), chunks)
    return concat(parts) if parts else cells


def transliterate_names(cells: TextCells) -> TextCells:
    """Transliterate names; a blank name becomes NOTPROVIDED."""
    names = transliterate_texts(cells, NAME_CHARACTERS_MAX)
    is_blank, size = names.spans.start == names.spans.end, np.int32(len(names.text.data))
    start = np.where(is_blank, size, names.spans.start)
    end = np.where(is_blank, size + np.int32(len(_NOT_PROVIDED)), names.spans.end)
    text = np.concatenate([names.text.data, _NOT_PROVIDED])
    return TextCells(seal(Spans(start, end)), seal(Bytes(text)))


def validate_orders(orders: TransferOrders) -> None:
    """Check that every order is one that any bank can execute.

    Raises
    ------
    EngineError
        An amount of zero, an invalid IBAN or an invalid BIC: no run may propose such a transfer.
    """
    has_no_bic = orders.bic.spans.start == orders.bic.spans.end
    checks = (
        (orders.amount > 0, "an amount of zero"),
        (check_texts(iban.check_ibans, orders.iban), "an invalid IBAN"),
        (check_texts(bic.check_bics, orders.bic) | has_no_bic, "an invalid BIC"),
    )
    for is_valid, fault in checks:
        if not is_valid.all():
            row = int(np.argmin(is_valid))
            raise EngineError(
                f"the transfer of entry {int(orders.entry[row])} has {fault}; nothing was written"
            )


class TextCheckKernel(Protocol):
    """A kernel that checks texts."""

    def __call__(self, spans: Spans, text: Bytes, flags: Flags) -> None:
        """Set the flag of each valid text."""


def check_texts(kernel: TextCheckKernel, cells: TextCells) -> NDArray[np.bool_]:
    """Return which of the texts the kernel accepts."""
    flags = allocate_zeros(Flags, len(cells.spans.start))
    kernel(seal(Spans(*map(np.ascontiguousarray, cells.spans))), cells.text, flags)
    return flags.flag.astype(np.bool_)


def _transliterate_chunk(cells: TextCells, characters_max: int) -> TextCells:
    count = len(cells.spans.start)
    spans, buffer = allocate_zeros(Spans, count), np.empty(count * characters_max, np.uint8)
    source = seal(Spans(*map(np.ascontiguousarray, cells.spans)))
    transliterate.transliterate_texts(
        source, Bytes(seal_array(cells.text.data)), charset.build_transliteration_table(), spans, buffer
    )
    return compact(TextCells(spans, Bytes(buffer)))
