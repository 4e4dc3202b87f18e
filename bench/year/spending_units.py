"""Where money is spent: the units in use, what each may name, and how work is spread over them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.samples.sample_nomenclature import BUILDERS, load_programme_sizes
from bench.year.spending_mixture import CLASSES, JUSTICE, MASS, OTHER, WORKS, build_slots
from core.chart import Chart
from core.nomenclature import CentreLevel, Nomenclature

SHEETS = 3
HT2, T2, OWN_FUND = range(SHEETS)
"""Budgets of one unit: other titles, staff title, and other titles on the programme's own fund."""

_COURTS = (("0166", 60), ("0101", 25), ("0107", 8), ("0182", 7))
"""Programmes that pay justice fees, and their parts in a hundred."""
_FIXED_ITEMS = (("0117", "41"), ("0114", "65"), ("0200", "62"), ("0201", "61"), ("05", "11"))
"""Programmes, or their first digits, that spend on one item only, in few and large acts."""
_UNITS_MIN = 40
_ACTS_A_UNIT = 200
_SITES_MIN = 6


class Units(NamedTuple):
    """The units in use, in order of nomenclature.  Codes are numbered from 1 in file order; 0 is none."""

    centre: NDArray[np.int32]
    bop: NDArray[np.int32]
    programme: NDArray[np.int32]
    sender: NDArray[np.int32]
    area: NDArray[np.int32]
    """First functional area of the programme; ``areas`` of them in a row."""
    areas: NDArray[np.int32]
    fund: NDArray[np.int32]
    operation: NDArray[np.int32]
    """First investment operation; ``operations`` of them in a row."""
    operations: NDArray[np.int32]
    item: NDArray[np.int32]
    """The only item spent on; 0 when the class of act says."""
    estimated: NDArray[np.int32]
    military: NDArray[np.int32]


@dataclass(frozen=True)
class Codes:
    """Codes of the year by number, with nothing at 0."""

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


def choose_units(codes: Codes, acts: int, senders: int) -> tuple[Units, list[NDArray[np.int16]]]:
    """The units a year of ``acts`` uses, and for each class of act the table its units are drawn from.

    A small year uses few units, so that each still sees enough acts to run out of credit.
    """
    names = [code for code, centre in codes.nomenclature.centres.items() if centre.level is CentreLevel.UO]
    appeal = _compute_spending_weights(names)
    kept = _select_units(names, _compute_work(appeal), max(_UNITS_MIN, acts // _ACTS_A_UNIT), codes)
    appeal = appeal[:, kept]
    units = _build_units([names[at] for at in kept], codes)
    units = units._replace(sender=_assign_senders(units, _compute_work(appeal), codes, senders))
    return units, [build_slots(weights) for weights in appeal]


def _select_units(names: list[str], work: NDArray[np.float64], count: int, codes: Codes) -> list[int]:
    """The ``count`` units with most work, and those without which some sort of act would never occur."""
    by_work = [int(at) for at in np.argsort(-work, kind="stable")]
    special = {code for code, _ in (*_COURTS, *_FIXED_ITEMS)}
    special |= {fund.programme for fund in codes.nomenclature.funds.values() if fund.programme}
    first = {names[at][:4]: at for at in reversed(by_work)}
    sites = set(_list_sites(codes))
    chosen = {first[code] for code in special if code in first}
    chosen |= set([at for at in by_work if names[at] in sites][:_SITES_MIN])
    return sorted(chosen | set(by_work[: max(0, count - len(chosen))]))


def _compute_work(appeal: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each unit's part of all acts."""
    return np.array([each.share for each in CLASSES]) @ (appeal / appeal.sum(axis=1, keepdims=True))


def _compute_spending_weights(names: list[str]) -> NDArray[np.float64]:
    """How often each unit spends, by class: shape (classes, units)."""
    euros = _compute_euros(names)
    small = euros**0.6  # the number of acts grows slower than their euros
    fixed = np.array([name.startswith(tuple(code for code, _ in _FIXED_ITEMS)) for name in names])
    appeal = np.tile(np.where(fixed, 0.0, small), (len(CLASSES), 1))
    appeal[MASS] = euros
    appeal[OTHER] = np.where(fixed, 0.01, 1.0) * small
    appeal[JUSTICE] *= _map_programmes(names, dict(_COURTS)) / _map_programmes(
        names, Counter(name[:4] for name in names)
    )
    appeal[WORKS] *= np.where(_map_programmes(names, dict.fromkeys(BUILDERS, 1)), 4, 1)
    return appeal


def _compute_euros(names: list[str]) -> NDArray[np.float64]:
    """What each unit spends beside pay: its programme's part, falling off from the first unit to the last."""
    sizes = {
        code: max(1, each.consumed_meur * (100 - each.staff_percent))
        for code, each in load_programme_sizes().items()
    }
    programme = np.array([int(name[:4]) for name in names])
    _, first, group = np.unique(programme, return_index=True, return_inverse=True)
    fall = 1 / (np.arange(len(names)) - first[group] + 1.0) ** 0.7
    share = fall / np.bincount(group, fall)[group]
    return share * np.array([sizes[name[:4]] for name in names])


def _map_programmes(names: list[str], of_programme: dict[str, int]) -> NDArray[np.int64]:
    return np.array([of_programme.get(name[:4], 0) for name in names])


def _build_units(names: list[str], codes: Codes) -> Units:
    known = codes.nomenclature
    centre = {code: number for number, code in enumerate(codes.centres)}
    area, areas = _find_spans([code[:4] for code in codes.areas])
    site, sites = _find_spans(
        ["" if at == 0 else code for at, code in enumerate(["", *_list_operation_units(codes)])]
    )
    fund = {each.programme: codes.funds.index(each.code) for each in known.funds.values()}
    fixed = [
        next((codes.items.index(i) for code, i in _FIXED_ITEMS if name.startswith(code)), 0) for name in names
    ]
    programmes = [name[:4] for name in names]
    columns = (
        [centre[name] for name in names],
        [centre[known.centres[name].parent] for name in names],
        [centre[code] for code in programmes],
        [0] * len(names),
        [area[code] for code in programmes],
        [areas[code] for code in programmes],
        [fund[code] if code and code in fund else 0 for code in programmes],
        [site.get(name, 0) for name in names],
        [sites[name] for name in names],
        fixed,
        [known.programmes[code].estimated for code in programmes],
        [known.programmes[code].ministry == "Armées" for code in programmes],
    )
    return Units(*(np.array(column, np.int32) for column in columns))


def _find_spans(keys: Iterable[str]) -> tuple[dict[str, int], Counter[str]]:
    """Where each key first stands, and how often it does: things of one owner stand in a row."""
    listed = list(keys)
    return {key: at for at, key in reversed(list(enumerate(listed)))}, Counter(listed)


def _list_operation_units(codes: Codes) -> list[str]:
    """For each fund centre the unit it is an operation of, or nothing."""
    centres = codes.nomenclature.centres.values()
    return [centre.parent if centre.level is CentreLevel.OPERATION else "" for centre in centres]


def _list_sites(codes: Codes) -> list[str]:
    return [site for site in _list_operation_units(codes) if site]


def _assign_senders(units: Units, work: NDArray[np.float64], codes: Codes, senders: int) -> NDArray[np.int32]:
    """Ministries to senders, each to the one with the least work so far: one ministry, one sender."""
    programmes = codes.nomenclature.programmes
    ministry = np.array([programmes[codes.centres[at]].ministry for at in units.programme])
    names, group = np.unique(ministry, return_inverse=True)
    load, sender = np.zeros(senders), np.zeros(len(names), np.int32)
    part = np.bincount(group, work)
    for at in np.argsort(-part, kind="stable"):
        sender[at] = np.argmin(load)
        load[sender[at]] += part[at]
    return sender[group]
