"""The units that spend: those in use, the codes each may use, and the distribution of acts over them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.bill_cells import BillCells
from bench.year.spending_mixture import CLASSES, JUSTICE, MASS, OTHER, build_slots, split_exactly
from core.chart import Chart
from core.nomenclature import CentreLevel, Nomenclature

SHEETS = 3
HT2, T2, OWN_FUND = range(SHEETS)
"""The sheets of one unit's budget: other titles, staff title, and other titles on the programme's own fund."""

_COURTS = (("0166", 85), ("0107", 8), ("0182", 7))
"""The programmes that pay justice fees, and their shares in percent."""
_UNITS_MIN = 40
_ACTS_A_UNIT = 200
_SITES_MIN = 6
_CROWDING = 0.65
"""The number of acts grows more slowly than their euros: as this power of them."""
ITEM_SLOTS = 1024
"""A distribution over the items of a programme is a table of so many items."""


class Units(NamedTuple):
    """The units in use, in the order of the nomenclature.  Codes are numbered from 1 in file order; 0 is none."""

    centre: NDArray[np.int32]
    bop: NDArray[np.int32]
    programme: NDArray[np.int32]
    sender: NDArray[np.int32]
    area: NDArray[np.int32]
    """The first functional area of the programme, which has ``areas`` consecutive ones."""
    areas: NDArray[np.int32]
    fund: NDArray[np.int32]
    operation: NDArray[np.int32]
    """The first investment operation of the unit, which has ``operations`` consecutive ones."""
    operations: NDArray[np.int32]
    bill: NDArray[np.int32]
    """The place of the programme in ``BillCells``."""
    estimated: NDArray[np.int32]
    military: NDArray[np.int32]


@dataclass(frozen=True)
class Codes:
    """The codes of the year by number; number 0 is no code."""

    nomenclature: Nomenclature
    chart: Chart

    @cached_property
    def centres(self) -> list[str]:
        """Fund centres."""
        return ["", *self.nomenclature.centres]

    @cached_property
    def areas(self) -> list[str]:
        """Functional areas."""
        return ["", *self.nomenclature.areas]

    @cached_property
    def items(self) -> list[str]:
        """Commitment items."""
        return ["", *self.nomenclature.items]

    @cached_property
    def funds(self) -> list[str]:
        """Funds."""
        return ["", *self.nomenclature.funds]

    @cached_property
    def accounts(self) -> list[str]:
        """Accounts of the chart."""
        return ["", *self.chart.accounts]


class ClassTables(NamedTuple):
    """The tables from which units and items are drawn, by class of act."""

    units: list[NDArray[np.int16]]
    items: NDArray[np.uint8]
    """Items by class and programme (by its place in ``BillCells``): shape (classes, programmes, ``ITEM_SLOTS``)."""


class ChosenUnits(NamedTuple):
    """The units of a year, and the tables of its draws."""

    units: Units
    tables: ClassTables


def choose_units(codes: Codes, cells: BillCells, acts: int, *, senders: int) -> ChosenUnits:
    """Choose the units of a year of ``acts`` payment request lines.

    A small year uses few units, so that each still has enough acts to run out of credits.
    """
    names = [code for code, centre in codes.nomenclature.centres.items() if centre.level is CentreLevel.UO]
    item_weights = _weigh_items(codes, cells)
    weights = _compute_spending_weights(names, cells, item_weights)
    selected = _select_units(
        names, _compute_work(weights), max(_UNITS_MIN, acts // _ACTS_A_UNIT), codes=codes, cells=cells
    )
    names = [names[position] for position in selected]
    weights = _compute_spending_weights(names, cells, item_weights)
    units = _build_units(names, codes)
    units = units._replace(sender=_assign_senders(units, _compute_work(weights), codes, senders=senders))
    tables = ClassTables(
        [build_slots(class_weights) for class_weights in weights], _build_item_tables(item_weights)
    )
    return ChosenUnits(units, tables)


def _weigh_items(codes: Codes, cells: BillCells) -> NDArray[np.float64]:
    """Weigh each item by class and programme: its CP in the bill, and what the class says."""
    shares = np.zeros((len(CLASSES), len(codes.items)))
    for row, spending in enumerate(CLASSES):
        for item, share in spending.items:
            shares[row, codes.items.index(item)] = share / 100
    weights = shares[:, None, :] * cells.cp_euros[cells.number]
    # Programmes that pay as a whole have mass transfers on all their items, and few others.
    whole = np.unique(cells.programme[cells.is_whole])
    weights[:, whole] *= np.isin(np.arange(len(CLASSES)), (OTHER, MASS))[:, None, None]
    weights[MASS, whole] = cells.cp_euros[cells.number[whole]]
    return weights


def _build_item_tables(weights: NDArray[np.float64]) -> NDArray[np.uint8]:
    items = np.arange(weights.shape[2], dtype=np.uint8)
    tables = np.zeros((*weights.shape[:2], ITEM_SLOTS), np.uint8)
    for row, programme in zip(*np.nonzero(weights.any(axis=2)), strict=True):
        tables[row, programme] = np.repeat(items, split_exactly(ITEM_SLOTS, weights[row, programme]))
    return tables


def _select_units(
    names: list[str], work: NDArray[np.float64], count: int, *, codes: Codes, cells: BillCells
) -> list[int]:
    """Select the ``count`` units with most acts, and the units without which some acts would never occur."""
    by_work = [int(position) for position in np.argsort(-work, kind="stable")]
    special = {code for code, _ in _COURTS} | set(_list_largest(cells, count // 2))
    special |= {fund.programme for fund in codes.nomenclature.funds.values() if fund.programme}
    first = {names[position][:4]: position for position in reversed(by_work)}
    sites = set(_list_sites(codes))
    selection = {first[code] for code in special if code in first}
    selection |= set([position for position in by_work if names[position] in sites][:_SITES_MIN])
    return sorted(selection | set(by_work[: max(0, count - len(selection))]))


def _list_largest(cells: BillCells, count: int) -> list[str]:
    """List the ``count`` programmes with most CP, and those that pay as a whole."""
    euros = np.bincount(cells.programme[1:], cells.cp_euros[1:], len(cells.programmes))
    euros[np.unique(cells.programme[cells.is_whole])] *= 1_000
    return [cells.programmes[place] for place in np.argsort(-euros, kind="stable")[:count]]


def _compute_work(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute each unit's share of all acts."""
    return np.array([spending.share for spending in CLASSES]) @ (weights / weights.sum(axis=1, keepdims=True))


def _compute_spending_weights(
    names: list[str], cells: BillCells, item_weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute how often each unit spends, by class: shape (classes, units)."""
    place = {code: position for position, code in enumerate(cells.programmes)}
    programme = np.array([place[name[:4]] for name in names])
    euros = item_weights.sum(axis=2)[:, programme]
    share = _share_programmes(programme)
    weights = euros**_CROWDING * _divide_by_sum(share**_CROWDING, programme)
    weights[MASS] = euros[MASS] * share
    whole = np.isin(programme, np.unique(cells.programme[cells.is_whole]))
    weights[OTHER] *= np.where(whole, 0.01, 1.0)
    weights[JUSTICE] = euros[JUSTICE].astype(bool) * _map_programmes(names, dict(_COURTS)) * share
    return weights


def _share_programmes(programme: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute each unit's share of its programme, decreasing from the first unit to the last."""
    _, first, group = np.unique(programme, return_index=True, return_inverse=True)
    return _divide_by_sum(1 / (np.arange(len(programme)) - first[group] + 1.0) ** 0.7, programme)


def _divide_by_sum(weight: NDArray[np.float64], programme: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide each unit's weight by the sum of its programme."""
    return weight / np.bincount(programme, weight)[programme]


def _map_programmes(names: list[str], of_programme: dict[str, int]) -> NDArray[np.int64]:
    return np.array([of_programme.get(name[:4], 0) for name in names])


def _build_units(names: list[str], codes: Codes) -> Units:
    nomenclature = codes.nomenclature
    centre = {code: number for number, code in enumerate(codes.centres)}
    area, areas = _find_spans([code[:4] for code in codes.areas])
    site, sites = _find_spans(
        ["" if at == 0 else code for at, code in enumerate(["", *_list_operation_units(codes)])]
    )
    fund = {fund_row.programme: codes.funds.index(fund_row.code) for fund_row in nomenclature.funds.values()}
    bill = {code: position for position, code in enumerate(nomenclature.programmes)}
    programmes = [name[:4] for name in names]
    columns = (
        [centre[name] for name in names],
        [centre[nomenclature.centres[name].parent] for name in names],
        [centre[code] for code in programmes],
        [0] * len(names),
        [area[code] for code in programmes],
        [areas[code] for code in programmes],
        [fund[code] if code and code in fund else 0 for code in programmes],
        [site.get(name, 0) for name in names],
        [sites[name] for name in names],
        [bill[code] for code in programmes],
        [nomenclature.programmes[code].estimated for code in programmes],
        [nomenclature.programmes[code].ministry == "Armées" for code in programmes],
    )
    return Units(*(np.array(column, np.int32) for column in columns))


def _find_spans(keys: Iterable[str]) -> tuple[dict[str, int], Counter[str]]:
    """Return the first position and the count of each key; equal keys are consecutive."""
    key_list = list(keys)
    return {key: position for position, key in reversed(list(enumerate(key_list)))}, Counter(key_list)


def _list_operation_units(codes: Codes) -> list[str]:
    """Return for each fund centre the unit whose operation it is, or an empty text."""
    centres = codes.nomenclature.centres.values()
    return [centre.parent if centre.level is CentreLevel.OPERATION else "" for centre in centres]


def _list_sites(codes: Codes) -> list[str]:
    return [site for site in _list_operation_units(codes) if site]


def _assign_senders(
    units: Units, work: NDArray[np.float64], codes: Codes, *, senders: int
) -> NDArray[np.int32]:
    """Assign each ministry to the sender with the least work so far; a ministry has one sender."""
    programmes = codes.nomenclature.programmes
    ministry = np.array([programmes[codes.centres[index]].ministry for index in units.programme])
    names, group = np.unique(ministry, return_inverse=True)
    work_of_sender, sender = np.zeros(senders), np.zeros(len(names), np.int32)
    work_of_ministry = np.bincount(group, work)
    for index in np.argsort(-work_of_ministry, kind="stable"):
        sender[index] = np.argmin(work_of_sender)
        work_of_sender[sender[index]] += work_of_ministry[index]
    return sender[group]
