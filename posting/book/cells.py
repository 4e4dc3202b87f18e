"""Cells: account assignments packed into one word each and numbered once; the number then stands for the cell.

word = centre or operation (17 bits), functional area (14), commitment item (10), fund (15), budget year (7)
"""

from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import EngineError
from core.nomenclature import FundFamily
from core.periods import YEAR_FIRST
from core.tables.book import Cells
from core.tables.columns import allocate_records, allocate_undefined_columns, allocate_zeros, grow
from core.tables.journal import NewCells, Numbers, PackedCells
from kernels import cells as kernel
from kernels.cells import AREA_BIT, CENTRE_BIT, FUND_BIT, ITEM_BIT
from posting.book.code_meanings import ITEM_ROLES
from posting.book.code_numbers import NUMBERS_MAX, CodeKind
from posting.book.registry import Registry

_YEAR_MASK = (1 << FUND_BIT) - 1
CELLS_MAX = 1 << 24
_INITIAL_CAPACITY = 1 << 12
_STAFF_SHEET = 3


class CellParts(NamedTuple):
    """The parts of a cell's account assignment, as numbers of the registry."""

    centre: NDArray[np.int64]
    """The operation if there is one, otherwise the fund centre."""
    area: NDArray[np.int64]
    item: NDArray[np.int64]
    fund: NDArray[np.int64]
    year: NDArray[np.int64]


def pack(parts: CellParts) -> NDArray[np.int64]:
    """Pack the parts of each row into one word."""
    place = (parts.centre << CENTRE_BIT) | (parts.area << AREA_BIT)
    return place | (parts.item << ITEM_BIT) | (parts.fund << FUND_BIT) | (parts.year - YEAR_FIRST)


def unpack(words: NDArray[np.int64]) -> CellParts:
    """Unpack the parts of each word."""
    area, item = (
        (words >> AREA_BIT) & NUMBERS_MAX[CodeKind.AREA],
        (words >> ITEM_BIT) & NUMBERS_MAX[CodeKind.ITEM],
    )
    fund, year = (words >> FUND_BIT) & NUMBERS_MAX[CodeKind.FUND], (words & _YEAR_MASK) + YEAR_FIRST
    return CellParts(words >> CENTRE_BIT, area, item, fund, year)


class NumberedCells(NamedTuple):
    """The numbers of some words, and which words were new."""

    numbers: NDArray[np.int32]
    new_words: NDArray[np.int64]
    """Words that had no number before, in order."""
    count_before: int
    """The count of numbers before, including the unused number 0."""


class CellNumbers:
    """The numbers assigned so far, in the order in which the lines will be decided."""

    def __init__(self, words: NDArray[np.int64]) -> None:
        """Start with the ``words`` of the stored cells, by number from 1."""
        self._words = np.full(len(words) + 1 + _INITIAL_CAPACITY, -1, np.int64)
        self._slots = np.zeros(2 * _INITIAL_CAPACITY, np.uint64)
        self._count = np.ones(1, np.int64)
        self._lock = Lock()
        self.number_words(words)

    def number_words(self, words: NDArray[np.int64]) -> NumberedCells:
        """Return the number of each word (-1 stays -1), and the new words in order."""
        with self._lock:
            return self._number_words(words)

    def fork(self) -> "CellNumbers":
        """Return a copy that starts with the numbers assigned so far and is independent afterwards."""
        with self._lock:
            return CellNumbers(self._words[1 : int(self._count[0])].copy())

    def _number_words(self, words: NDArray[np.int64]) -> NumberedCells:
        first = int(self._count[0])
        self._ensure_capacity(first + len(words))
        numbers = allocate_undefined_columns(Numbers, len(words))
        packed = np.ascontiguousarray(words)
        packed.flags.writeable = False
        kernel.number_cells(PackedCells(packed), self._slots, self._words, self._count, numbers)
        return NumberedCells(numbers.number, self._words[first : int(self._count[0])].copy(), first)

    def _ensure_capacity(self, cells: int) -> None:
        if cells > CELLS_MAX:
            raise EngineError(f"{CELLS_MAX} account assignments are in use; no more can be numbered")
        if cells > len(self._words):
            self._words = grow(self._words, 2 * cells)
        if 2 * cells > len(self._slots):
            self._rebuild_index(1 << (4 * cells).bit_length())

    def _rebuild_index(self, slots: int) -> None:
        words = self._words[1 : int(self._count[0])].copy()
        self._slots, self._count[0] = np.zeros(slots, np.uint64), 1
        words.flags.writeable = False
        kernel.number_cells(
            PackedCells(words), self._slots, self._words, self._count, allocate_zeros(Numbers, len(words))
        )


def to_records(words: NDArray[np.int64], registry: Registry) -> np.ndarray:
    """Return the kernels' record of each cell: the meaning of its codes in its own budget year."""
    parts, cells = unpack(words), allocate_records(Cells, len(words))
    meanings, at = registry.meanings, parts.year - registry.years.start
    sheet = meanings.item_staff[at, parts.item].astype(np.int64) * _STAFF_SHEET
    sheet += meanings.fund_family[at, parts.fund]
    is_operation = registry.is_operation(parts.centre, parts.year)
    centre = np.where(is_operation, registry.find_parents(parts.centre, parts.year), parts.centre)
    cells["centre_node"] = registry.find_node_positions(centre, parts.year, sheet)
    cells["level"] = meanings.centre_level[at, centre]
    cells["operating"] = meanings.item_operating[at, parts.item]
    cells["unserved"] = meanings.item_unserved[at, parts.item]
    is_ordinary = meanings.fund_family[at, parts.fund] == FundFamily.ORDINARY
    cells["charges_interest"] = meanings.item_operating[at, parts.item] & ~is_operation & is_ordinary
    cells["programme"] = meanings.centre_programme[at, parts.centre]
    cells["area_code"], cells["item_code"] = parts.area, parts.item
    cells["fund_code"] = np.where(is_ordinary, 0, parts.fund)
    ministry = meanings.centre_ministry[at, cells["programme"]]
    cells["visa_threshold"] = meanings.visa_threshold[
        at, ministry, meanings.item_repaid_title[at, parts.item]
    ]
    cells["repaid_title"] = meanings.item_repaid_title[at, parts.item]
    cells["restored_years"] = meanings.item_restored_years[at, parts.item]
    cells["restored_until_closed"] = meanings.item_restored_until_closed[at, parts.item]
    cells["year"] = parts.year - YEAR_FIRST
    cells["title"], cells["title_before"] = registry.title_rows.find_cell_rows(
        parts.centre, parts.item, parts.fund, year=parts.year
    )
    operation = registry.find_node_positions(parts.centre, parts.year, sheet)
    cells["operation_node"] = np.where(is_operation, operation, -1)
    accounts = meanings.item_accounts[at, parts.item]
    cells["admits"] = registry.find_admission_rows(parts.item, parts.year)
    for role, numbers in zip(ITEM_ROLES, accounts.T, strict=True):
        cells[role.name.lower()] = numbers
    cells["special"] = registry.special_rows.find_rows(cells["programme"], parts.year)
    cells["accountant"] = meanings.centre_accountant[at, parts.centre]
    cells["invoice_service_from"] = meanings.centre_invoice_service[at, parts.centre]
    return cells


def to_rows(words: NDArray[np.int64], *, first: int, batch: int, registry: Registry) -> NewCells:
    """Return the rows to store for the cells ``first``, ``first`` + 1, ..."""
    parts, rows = unpack(words), allocate_zeros(NewCells, len(words))
    is_operation = registry.is_operation(parts.centre, parts.year)
    rows.cell[:] = np.arange(first, first + len(words))
    rows.batch[:] = batch
    rows.centre[:] = np.where(is_operation, registry.find_parents(parts.centre, parts.year), parts.centre)
    rows.operation[:] = np.where(is_operation, parts.centre, 0)
    rows.area[:], rows.item[:], rows.fund[:], rows.budget_year[:] = parts[1:]
    return rows
