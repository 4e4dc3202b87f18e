"""Orders as the registers have them, made fit for a payment file: letters, lengths, and what must be an IBAN."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError
from core.tables.columns import blank, seal, sealed
from core.tables.journal import Bytes, Flags, Spans
from core.tables.transfers import NAME_LETTERS_MAX, REMITTANCE_LETTERS_MAX, Transfers, TransferTexts
from kernels import bic, iban, transliterate
from posting.pgcopy import TextCells
from settlement.orders import charset
from settlement.orders.end_to_end import identifier
from settlement.parallel import side_by_side
from settlement.text_spans import chosen, gathered, joined

CHUNK_ROWS = 1 << 15
"""Transfers made ready at once: some ten megabytes."""

_NOT_PROVIDED = np.frombuffer(charset.NOT_PROVIDED.encode("ascii"), np.uint8)


class Orders(NamedTuple):
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


def taken(orders: Orders, rows: NDArray[np.integer] | slice) -> Orders:
    """The chosen rows."""
    texts = (chosen(cells, rows) for cells in orders[2:])
    return Orders(orders.entry[rows], orders.amount[rows], *texts)


def chunks(orders: Orders) -> Iterator[tuple[Transfers, TransferTexts]]:
    """The orders as kernels read them, in order, some at a time."""
    texts = seal(TransferTexts(*(cells.text.data for cells in orders[2:])))
    for first in range(0, len(orders.entry), CHUNK_ROWS):
        part = taken(orders, slice(first, first + CHUNK_ROWS))
        columns = [part.entry, part.amount, *(bound for cells in part[2:] for bound in cells.spans)]
        yield seal(Transfers(*map(np.ascontiguousarray, columns))), texts


def spelt(cells: TextCells, letters_max: int = REMITTANCE_LETTERS_MAX) -> TextCells:
    """The texts in the letters that every bank takes, and no longer than it takes them."""
    pieces = [slice(at, at + CHUNK_ROWS) for at in range(0, len(cells.spans.start), CHUNK_ROWS)]
    parts = side_by_side(lambda piece: _spelt(chosen(cells, piece), letters_max), pieces)
    return joined(parts) if parts else cells


def named(cells: TextCells) -> TextCells:
    """Names, spelt; one of nothing but spaces is told to be none."""
    found = spelt(cells, NAME_LETTERS_MAX)
    nameless, end = found.spans.start == found.spans.end, np.int32(len(found.text.data))
    start = np.where(nameless, end, found.spans.start)
    ends = np.where(nameless, end + np.int32(len(_NOT_PROVIDED)), found.spans.end)
    text = np.concatenate([found.text.data, _NOT_PROVIDED])
    return TextCells(seal(Spans(start, ends)), seal(Bytes(text)))


def check(orders: Orders) -> None:
    """Be sure that any bank can carry the orders out.

    Raises
    ------
    EngineError
        What was never to be proposed: an account that is no IBAN, a bank that is none, an amount of nothing.
    """
    without_bank = orders.bic.spans.start == orders.bic.spans.end
    findings = (
        (orders.amount > 0, "an amount of nothing"),
        (flagged(iban, orders.iban), "an account that is no IBAN"),
        (flagged(bic, orders.bic) | without_bank, "a bank that is no BIC"),
    )
    for good, found in findings:
        if not good.all():
            row = int(np.argmin(good))
            raise EngineError(
                f"transfer {identifier(int(orders.entry[row]))} has {found}; nothing was written"
            )


class Checker(Protocol):
    """A module of kernels with a check of texts."""

    def check(self, spans: Spans, text: Bytes, flags: Flags) -> None:
        """Flag the good ones."""


def flagged(kernel: Checker, cells: TextCells) -> NDArray[np.bool_]:
    """Which of the texts the kernel's ``check`` finds good."""
    flags = blank(Flags, len(cells.spans.start))
    kernel.check(seal(Spans(*map(np.ascontiguousarray, cells.spans))), cells.text, flags)
    return flags.flag.astype(np.bool_)


def _spelt(cells: TextCells, letters_max: int) -> TextCells:
    count = len(cells.spans.start)
    spans, out = blank(Spans, count), np.empty(count * letters_max, np.uint8)
    raw = seal(Spans(*map(np.ascontiguousarray, cells.spans)))
    transliterate.spell(raw, Bytes(sealed(cells.text.data)), charset.spelling(), spans, out)
    return gathered(TextCells(spans, Bytes(out)))
