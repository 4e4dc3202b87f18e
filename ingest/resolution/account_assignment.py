"""Where each line hangs in the budget: its cell, the node a move takes from, the account it asks for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.tables.columns import seal
from core.tables.raw_lines import KindUses, Places
from core.tables.raw_lines import Placed as Words
from ingest.resolution.line_batch import BRINGS_CREDITS, EARMARKS, MOVES, SPENDS, Reading
from ingest.resolution.text_columns import Values
from kernels import assignment_checks
from posting.book.cells import CellNumbers
from posting.book.registry import Coded, Registry

_UNKNOWN = -1
_USES = seal(KindUses(*(kinds.view(np.uint8) for kinds in (MOVES, EARMARKS, SPENDS, BRINGS_CREDITS))))


class Placed(NamedTuple):
    """What a line's assignment comes to."""

    cell: NDArray[np.int32]
    source: NDArray[np.int32]
    account: NDArray[np.int16]
    new_words: NDArray[np.int64]
    cells_before: int
    """Cells that were numbered before these lines."""


class Lines(NamedTuple):
    """What placing looks at beside the codes: kind, budget year, and whether the line names an assignment."""

    kind: NDArray[np.uint8]
    year: NDArray[np.int64]
    named: NDArray[np.uint8]


def place(reading: Reading, lines: Lines, context: tuple[Registry, CellNumbers]) -> Placed:
    """Find each line's cell, faulting what is unknown or does not go together."""
    registry, cells = context
    places = _places(reading, lines, registry)
    rows = reading.rows
    found = Words(np.full(rows, _UNKNOWN, np.int64), np.full(rows, -1, np.int32), np.zeros(rows, np.int16))
    # A line without fault is of a year that has files, so every one of them is met.
    for codes in registry.codes.values():
        assignment_checks.place(places, codes, _USES, reading.marks, found)
    numbered = cells.number(found.word)
    return Placed(numbered.number, found.source, found.account, numbered.new, numbered.before)


def _places(reading: Reading, lines: Lines, registry: Registry) -> Places:
    giver_centre, giver_item = _giver(reading, MOVES[lines.kind], registry)
    return seal(
        Places(
            _numbers(reading, Field.FUND_CENTRE, registry, Coded.CENTRE),
            _numbers(reading, Field.OPERATION, registry, Coded.CENTRE),
            _numbers(reading, Field.FUNCTIONAL_AREA, registry, Coded.AREA),
            _numbers(reading, Field.COMMITMENT_ITEM, registry, Coded.ITEM),
            _numbers(reading, Field.FUND, registry, Coded.FUND),
            _numbers(reading, Field.ACCOUNT, registry, Coded.ACCOUNT),
            _activity(reading, registry),
            giver_centre,
            giver_item,
            np.ascontiguousarray(lines.year),
            lines.kind,
            lines.named,
        )
    )


def _numbers(reading: Reading, field: Field, registry: Registry, kind: Coded) -> NDArray[np.int32]:
    column = reading.text(field)
    return column.numbers(registry.numbers[kind], _UNKNOWN) if column else np.zeros(reading.rows, np.int32)


def _giver(
    reading: Reading, moves: NDArray[np.bool_], registry: Registry
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The fund centre and item of each ``CENTRE`` or ``CENTRE/ITEM`` that a move takes from."""
    column = reading.text(Field.COUNTERPART)
    if column is None or not moves.any():
        nothing = np.zeros(reading.rows, np.int32)
        return nothing, nothing
    coded = column.coded()
    pairs = [text.partition("/") for text in coded.texts()]
    centres, items = registry.numbers[Coded.CENTRE], registry.numbers[Coded.ITEM]
    centre = [centres.get(pair[0], _UNKNOWN) for pair in pairs]
    item = [items.get(pair[2], _UNKNOWN) if pair[2] else 0 for pair in pairs]
    return coded.spread(np.array(centre, np.int32)), coded.spread(np.array(item, np.int32))


def _activity(reading: Reading, registry: Registry) -> NDArray[np.int32]:
    """The programme that each activity's first four characters name."""
    column = reading.text(Field.ACTIVITY)
    if column is None:
        return np.zeros(reading.rows, np.int32)
    coded, centres = column.coded(), registry.numbers[Coded.CENTRE]

    def programmes(_: Values) -> NDArray[np.int32]:
        return np.array([centres.get(text[:4], _UNKNOWN) if text else 0 for text in coded.texts()], np.int32)

    return coded.spread(coded.values.once(f"programme {id(centres)}", programmes))
