"""Orders as the registers have them, made fit for a payment file: letters, lengths, and what must be an IBAN."""

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
from settlement.orders import charset
from settlement.orders.end_to_end import format_identifier
from settlement.parallel import map_parallel
from settlement.text_spans import compact, concat, take_rows

CHUNK_ROWS = 1 << 15
"""Transfers made ready at once: some ten megabytes."""

_NOT_PROVIDED = np.frombuffer(charset.NOT_PROVIDED.encode("ascii"), np.uint8)


class TransferOrders(NamedTuple):
    """Transfers, a row each: the entry that issues it, cents, to whom, on which account, and what for.

    They are fit for a payment file: ``named`` and ``spelt`` made the texts, ``check`` found the rest good.
    """

    entry: NDArray[np.int64]
    amount: NDArray[np.int64]
    name: TextCells
    iban: TextCells
    bic: TextCells
    """Empty where the account alone is enough."""
    remittance: TextCells


def take_orders(orders: TransferOrders, rows: NDArray[np.integer] | slice) -> TransferOrders:
    """The chosen rows."""
    texts = (take_rows(cells, rows) for cells in orders[2:])
    return TransferOrders(orders.entry[rows], orders.amount[rows], *texts)


def iterate_chunks(orders: TransferOrders) -> Iterator[tuple[Transfers, TransferTexts]]:
    """The orders as kernels read them, in order, some at a time."""
    texts = seal(TransferTexts(*(cells.text.data for cells in orders[2:])))
    for first in range(0, len(orders.entry), CHUNK_ROWS):
        part = take_orders(orders, slice(first, first + CHUNK_ROWS))
        columns = [part.entry, part.amount, *(bound for cells in part[2:] for bound in cells.spans)]
        yield seal(Transfers(*map(np.ascontiguousarray, columns))), texts


def transliterate_texts(cells: TextCells, letters_max: int = REMITTANCE_CHARACTERS_MAX) -> TextCells:
    """The texts in the letters that every bank takes, and no longer than it takes them."""
    pieces = [slice(at, at + CHUNK_ROWS) for at in range(0, len(cells.spans.start), CHUNK_ROWS)]
    parts = map_parallel(lambda piece: _transliterate_chunk(take_rows(cells, piece), letters_max), pieces)
    return concat(parts) if parts else cells


def transliterate_names(cells: TextCells) -> TextCells:
    """Names, spelt; one of nothing but spaces is told to be none."""
    found = transliterate_texts(cells, NAME_CHARACTERS_MAX)
    nameless, end = found.spans.start == found.spans.end, np.int32(len(found.text.data))
    start = np.where(nameless, end, found.spans.start)
    ends = np.where(nameless, end + np.int32(len(_NOT_PROVIDED)), found.spans.end)
    text = np.concatenate([found.text.data, _NOT_PROVIDED])
    return TextCells(seal(Spans(start, ends)), seal(Bytes(text)))


def validate_orders(orders: TransferOrders) -> None:
    """Be sure that any bank can carry the orders out.

    Raises
    ------
    EngineError
        What was never to be proposed: an account that is no IBAN, a bank that is none, an amount of nothing.
    """
    without_bank = orders.bic.spans.start == orders.bic.spans.end
    findings = (
        (orders.amount > 0, "an amount of nothing"),
        (check_texts(iban.check_ibans, orders.iban), "an account that is no IBAN"),
        (check_texts(bic.check_bics, orders.bic) | without_bank, "a bank that is no BIC"),
    )
    for good, found in findings:
        if not good.all():
            row = int(np.argmin(good))
            raise EngineError(
                f"transfer {format_identifier(int(orders.entry[row]))} has {found}; nothing was written"
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


def _transliterate_chunk(cells: TextCells, letters_max: int) -> TextCells:
    count = len(cells.spans.start)
    spans, out = allocate_zeros(Spans, count), np.empty(count * letters_max, np.uint8)
    raw = seal(Spans(*map(np.ascontiguousarray, cells.spans)))
    transliterate.transliterate_texts(
        raw, Bytes(seal_array(cells.text.data)), charset.build_transliteration_table(), spans, out
    )
    return compact(TextCells(spans, Bytes(out)))
