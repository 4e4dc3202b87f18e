"""The cells of the finance bill, a programme and a commitment item each, which the year's payments add up to."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.samples.finance_bill import BillLine, load_bill
from bench.year.spending_mixture import split_exactly
from core.nomenclature import Nomenclature

AREA_SLOTS = 64
"""A distribution over the actions of a cell is a table of so many areas."""

DIRECT_ITEMS = frozenset({"11", "21", "22", "23", "41", "43", "65"})
"""Endowments, staff, debt and guarantees follow no commitment."""
_PUBLIC_POWERS = "05"
"""The first digits of the programmes of the public powers, which are paid their endowments as a whole."""


class BillCells(NamedTuple):
    """The cells that have CP, numbered from 1 in the order of the bill; row 0 of each column is no cell."""

    programmes: list[str]
    """The programmes of the bill, in order."""
    number: NDArray[np.int16]
    """The cell of each programme (by its place) and item (by its number); 0 if the bill has none."""
    programme: NDArray[np.int64]
    """The place of the cell's programme."""
    item: NDArray[np.int64]
    cp_euros: NDArray[np.int64]
    is_staff: NDArray[np.bool_]
    is_direct: NDArray[np.bool_]
    """Whether its requests follow no commitment."""
    is_whole: NDArray[np.bool_]
    """Whether its programme pays few and large acts only."""
    ahead: NDArray[np.float64]
    """By programme: AE beyond CP, other than of staff, as a share of CP; 0 where the bill has fewer AE than CP."""
    areas: NDArray[np.int16]
    """Areas of each cell, each as often as its CP says: shape (cells, ``AREA_SLOTS``)."""


def build_cells(nomenclature: Nomenclature) -> BillCells:
    """Build the cells of the bill, with the numbers of ``nomenclature``."""
    lines = [line for line in load_bill() if line.cp_euros]
    programmes = list(nomenclature.programmes)
    place = {code: position for position, code in enumerate(programmes)}
    items = {code: position for position, code in enumerate(nomenclature.items, 1)}
    sums: Counter[tuple[str, str]] = Counter()
    for line in lines:
        sums[line.programme, line.item] += line.cp_euros
    number = np.zeros((len(programmes), len(items) + 1), np.int16)
    for cell, (code, item) in enumerate(sums, 1):
        number[place[code], items[item]] = cell
    whole = {code for code, row in nomenclature.programmes.items() if row.estimated}
    whole |= {code for code in programmes if code.startswith(_PUBLIC_POWERS)}
    return BillCells(
        programmes,
        number,
        np.array([0, *(place[code] for code, _ in sums)]),
        np.array([0, *(items[item] for _, item in sums)]),
        np.array([0, *sums.values()]),
        np.array([False, *(nomenclature.items[item].staff for _, item in sums)]),
        np.array([False, *(code in whole or item in DIRECT_ITEMS for code, item in sums)]),
        np.array([False, *(code in whole for code, _ in sums)]),
        _compare_appropriations(programmes, nomenclature),
        _build_area_tables(lines, list(sums), nomenclature),
    )


def _compare_appropriations(programmes: list[str], nomenclature: Nomenclature) -> NDArray[np.float64]:
    ae, cp = np.zeros(len(programmes)), np.zeros(len(programmes))
    for line in load_bill():
        if not nomenclature.items[line.item].staff:
            ae[programmes.index(line.programme)] += line.ae_euros
            cp[programmes.index(line.programme)] += line.cp_euros
    return np.maximum(ae - cp, 0) / np.maximum(cp, 1)


def _build_area_tables(
    lines: list[BillLine], keys: list[tuple[str, str]], nomenclature: Nomenclature
) -> NDArray[np.int16]:
    areas = {code: position for position, code in enumerate(nomenclature.areas, 1)}
    actions: Mapping[tuple[str, str], list[BillLine]] = {key: [] for key in keys}
    for line in lines:
        actions[line.programme, line.item].append(line)
    tables = np.zeros((len(keys) + 1, AREA_SLOTS), np.int16)
    for cell, key in enumerate(keys, 1):
        numbers = [areas[f"{line.programme}-{line.action}"] for line in actions[key]]
        shares = split_exactly(AREA_SLOTS, tuple(line.cp_euros for line in actions[key]))
        tables[cell] = np.repeat(numbers, shares)
    return tables


def split_credits(cells: BillCells, cents: int) -> NDArray[np.int64]:
    """Split ``cents`` by the bill: exactly over all titles but staff; staff gets the same share of its CP."""
    targets = np.zeros(len(cells.cp_euros), np.int64)
    other, staff = ~cells.is_staff, cells.is_staff
    targets[other] = split_exactly(cents, cells.cp_euros[other].astype(np.float64))
    rate = cents / int(cells.cp_euros[other].sum())
    targets[staff] = np.rint(cells.cp_euros[staff] * rate).astype(np.int64)
    return targets
