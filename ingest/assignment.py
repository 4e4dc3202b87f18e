"""Where each line hangs in the budget: its cell, the node a move takes from, the account it asks for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.codes import Outcome
from core.fields import Field
from core.nomenclature import ORDINARY_FUND, Level
from ingest.reading import BRINGS_CREDITS, EARMARKS, FOLLOWS, MOVES, NAMES_CELL, SPENDS, Reading
from posting.cells import CellNumbers, CellParts, pack
from posting.registry import Coded, Registry

_UNKNOWN = -1
_STAFF_SHEET = 3
CELL_FIELDS = (Field.FUND_CENTRE, Field.FUNCTIONAL_AREA, Field.COMMITMENT_ITEM)
_NAMING_FIELDS = (*CELL_FIELDS, Field.FUND, Field.OPERATION)


class Placed(NamedTuple):
    """What a line's assignment comes to."""

    cell: NDArray[np.int32]
    source: NDArray[np.int32]
    account: NDArray[np.int16]
    new_words: NDArray[np.int64]


class _Codes(NamedTuple):
    centre: NDArray[np.int32]
    operation: NDArray[np.int32]
    area: NDArray[np.int32]
    item: NDArray[np.int32]
    fund: NDArray[np.int32]
    year: NDArray[np.int64]


class _Giver(NamedTuple):
    moves: NDArray[np.bool_]
    centre: NDArray[np.int32]
    item: NDArray[np.int32]


def names_cell(reading: Reading, kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Whether each line names an assignment: it must, unless it can inherit its predecessor's."""
    named = NAMES_CELL[kind]
    follower = FOLLOWS[kind]
    for field in _NAMING_FIELDS:
        if field in reading.arrays:
            named = named | (follower & reading.has(field))
    return named


def place(
    reading: Reading, kind: NDArray[np.uint8], years: NDArray[np.int64], context: tuple[Registry, CellNumbers]
) -> Placed:
    """Find each line's cell, faulting what is unknown or does not go together."""
    registry, cells = context
    named = names_cell(reading, kind)
    codes = _codes(reading, registry, years)
    giver = _giver(reading, MOVES[kind], codes, registry)
    _mark_centres(reading, named, (codes, giver), registry)
    level = registry.centre_level[codes.centre]
    reading.mark(named & SPENDS[kind] & (level != Level.UO), Outcome.FUND_CENTRE_LEVEL, Field.FUND_CENTRE)
    _mark_codes(reading, named, (codes, giver), registry)
    _mark_mismatches(reading, named, kind, (codes, registry))
    account = _accounts(reading, named, codes, registry)
    good = named & (reading.fault == 0)
    centre = np.where(codes.operation > 0, codes.operation, codes.centre).astype(np.int64)
    parts = CellParts(
        centre, *(each.astype(np.int64) for each in (codes.area, codes.item, codes.fund, codes.year))
    )
    numbers, new = cells.number(np.where(good, pack(parts), _UNKNOWN))
    return Placed(numbers, _sources(good, codes, giver, registry), account, new)


def _codes(reading: Reading, registry: Registry, years: NDArray[np.int64]) -> _Codes:
    fund = _numbers(reading, Field.FUND, registry, Coded.FUND)
    ordinary = registry.numbers[Coded.FUND].get(ORDINARY_FUND, _UNKNOWN)
    return _Codes(
        _numbers(reading, Field.FUND_CENTRE, registry, Coded.CENTRE),
        _numbers(reading, Field.OPERATION, registry, Coded.CENTRE),
        _numbers(reading, Field.FUNCTIONAL_AREA, registry, Coded.AREA),
        _numbers(reading, Field.COMMITMENT_ITEM, registry, Coded.ITEM),
        np.where(fund == 0, ordinary, fund),
        years,
    )


def _numbers(reading: Reading, field: Field, registry: Registry, kind: Coded) -> NDArray[np.int32]:
    column = reading.text(field)
    return column.numbers(registry.numbers[kind], _UNKNOWN) if column else np.zeros(reading.rows, np.int32)


def _is_known(
    numbers: NDArray[np.int32], years: NDArray[np.int64], registry: Registry, kind: Coded
) -> NDArray[np.bool_]:
    """Whether the files of each line's year hold the code; nothing is always known."""
    if not numbers.any():
        return np.ones(len(numbers), bool)
    first = int(years[0])
    if (years == first).all():
        return registry.held(kind, first)[numbers]
    known = numbers == 0
    for year in registry.reference.nomenclatures:
        known = known | ((years == year) & registry.held(kind, year)[numbers])
    return known


def _giver(reading: Reading, moves: NDArray[np.bool_], codes: _Codes, registry: Registry) -> _Giver:
    """The fund centre and item each move takes from: ``CENTRE`` or ``CENTRE/ITEM``; nothing elsewhere."""
    column = reading.text(Field.COUNTERPART)
    if column is None or not moves.any():
        nothing = np.zeros(reading.rows, np.int32)
        return _Giver(moves, nothing, nothing)
    coded = column.coded()
    pairs = [text.partition("/") for text in coded.texts()]
    centres, items = registry.numbers[Coded.CENTRE], registry.numbers[Coded.ITEM]
    centre = coded.by_row(np.array([centres.get(pair[0], _UNKNOWN) for pair in pairs], np.int32))
    given = coded.by_row(
        np.array([items.get(pair[2], _UNKNOWN) if pair[2] else 0 for pair in pairs], np.int32)
    )
    return _Giver(
        moves, np.where(moves, centre, 0), np.where(moves, np.where(given == 0, codes.item, given), 0)
    )


def _mark_centres(
    reading: Reading, named: NDArray[np.bool_], places: tuple[_Codes, _Giver], registry: Registry
) -> None:
    codes, giver = places
    for mask, centre, field in (
        (named, codes.centre, Field.FUND_CENTRE),
        (giver.moves, giver.centre, Field.COUNTERPART),
    ):
        known = _is_known(centre, codes.year, registry, Coded.CENTRE) & ~registry.is_operation(centre)
        reading.mark(mask & ~known, Outcome.FUND_CENTRE_UNKNOWN, field)


def _mark_codes(
    reading: Reading, named: NDArray[np.bool_], places: tuple[_Codes, _Giver], registry: Registry
) -> None:
    codes, giver = places
    for mask, numbers, kind, outcome, field in (
        (named, codes.area, Coded.AREA, Outcome.FUNCTIONAL_AREA_UNKNOWN, Field.FUNCTIONAL_AREA),
        (named, codes.item, Coded.ITEM, Outcome.COMMITMENT_ITEM_UNKNOWN, Field.COMMITMENT_ITEM),
        (giver.moves, giver.item, Coded.ITEM, Outcome.COMMITMENT_ITEM_UNKNOWN, Field.COUNTERPART),
        (named, codes.fund, Coded.FUND, Outcome.FUND_UNKNOWN, Field.FUND),
    ):
        reading.mark(mask & ~_is_known(numbers, codes.year, registry, kind), outcome, field)
    known = _is_known(codes.operation, codes.year, registry, Coded.CENTRE)
    wrong = ~known | ((codes.operation > 0) & ~registry.is_operation(codes.operation))
    reading.mark(named & wrong, Outcome.OPERATION_UNKNOWN, Field.OPERATION)


def _sources(good: NDArray[np.bool_], codes: _Codes, giver: _Giver, registry: Registry) -> NDArray[np.int32]:
    """The node each move takes from; fund and year are those of its target."""
    source = np.full(len(good), -1, np.int32)
    moves = giver.moves & good
    if moves.any():
        sheet = (
            registry.item_staff[giver.item].astype(np.int64) * _STAFF_SHEET + registry.fund_family[codes.fund]
        )
        source[moves] = registry.node_positions(giver.centre, codes.year, sheet)[moves]
    return source


def _mark_mismatches(
    reading: Reading, named: NDArray[np.bool_], kind: NDArray[np.uint8], context: tuple[_Codes, Registry]
) -> None:
    """Codes that exist but do not go together (A39)."""
    codes, registry = context
    programme = registry.centre_programme[codes.centre]
    area, fund = registry.area_programme[codes.area], registry.fund_programme[codes.fund]
    reading.mark(
        named & (area != 0) & (area != programme), Outcome.NOMENCLATURE_MISMATCH, Field.FUNCTIONAL_AREA
    )
    reading.mark(
        named & _other_activity(reading, programme, registry), Outcome.NOMENCLATURE_MISMATCH, Field.ACTIVITY
    )
    only = registry.item_budget_only[codes.item]
    serves = np.where(BRINGS_CREDITS[kind], only, EARMARKS[kind] | ~only)
    reading.mark(named & (codes.item > 0) & ~serves, Outcome.NOMENCLATURE_MISMATCH, Field.COMMITMENT_ITEM)
    reading.mark(named & (fund != 0) & (fund != programme), Outcome.NOMENCLATURE_MISMATCH, Field.FUND)
    parent = registry.centre_parent[codes.operation]
    reading.mark(
        named & (codes.operation > 0) & (parent != codes.centre),
        Outcome.NOMENCLATURE_MISMATCH,
        Field.OPERATION,
    )


def _other_activity(reading: Reading, programme: NDArray[np.int32], registry: Registry) -> NDArray[np.bool_]:
    """Whether the activity's first four characters are another programme's."""
    column = reading.text(Field.ACTIVITY)
    if column is None:
        return np.zeros(reading.rows, bool)
    coded = column.coded()
    centres = registry.numbers[Coded.CENTRE]
    found = [centres.get(text[:4], _UNKNOWN) if text else 0 for text in coded.texts()]
    of_activity = coded.by_row(np.array(found, np.int32))
    return (of_activity != 0) & (of_activity != programme)


def _accounts(
    reading: Reading, named: NDArray[np.bool_], codes: _Codes, registry: Registry
) -> NDArray[np.int16]:
    """The chart account each line asks for in place of its item's own."""
    if Field.ACCOUNT not in reading.arrays:
        return np.zeros(reading.rows, np.int16)
    account = _numbers(reading, Field.ACCOUNT, registry, Coded.ACCOUNT)
    known = _is_known(account, codes.year, registry, Coded.ACCOUNT)
    reading.mark(~known, Outcome.ACCOUNT_UNKNOWN, Field.ACCOUNT)
    item = np.where(named, codes.item, 0)
    asked = (account > 0) & (item > 0)
    pairs = np.unique(np.stack([item[asked], account[asked], codes.year[asked]]), axis=1).T.tolist()
    for pair in pairs:
        if not _admits(pair, registry):
            same = (item == pair[0]) & (account == pair[1]) & (codes.year == pair[2])
            reading.mark(same, Outcome.ACCOUNT_MISMATCH, Field.ACCOUNT)
    return np.where(reading.fault == 0, account, 0).astype(np.int16)


def _admits(pair: list[int], registry: Registry) -> bool:
    item, account, year = pair
    year_chart = registry.reference.charts.get(year)
    code, number = (
        list(registry.numbers[Coded.ITEM])[item - 1],
        list(registry.numbers[Coded.ACCOUNT])[account - 1],
    )
    return year_chart is not None and (code not in year_chart.families or year_chart.admits(code, number))
