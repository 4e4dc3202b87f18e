"""Where each line hangs in the budget: its cell, the node a move takes from, the account it asks for."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.tables.columns import seal
from core.tables.raw_lines import KindUses, LineCodes
from core.tables.raw_lines import PlacedLines as Words
from ingest.resolution.line_batch import BRINGS_CREDITS, EARMARKS, MOVES, SPENDS, LineBatch
from ingest.resolution.text_columns import DistinctTexts
from kernels import assignment_checks
from posting.book.cells import CellNumbers
from posting.book.registry import CodeKind, Registry

_UNKNOWN = -1
_USES = seal(KindUses(*(kinds.view(np.uint8) for kinds in (MOVES, EARMARKS, SPENDS, BRINGS_CREDITS))))


class ResolvedAssignments(NamedTuple):
    """What a line's assignment comes to."""

    cell: NDArray[np.int32]
    source: NDArray[np.int32]
    account: NDArray[np.int16]
    new_words: NDArray[np.int64]
    cells_before: int
    """Cells that were numbered before these lines."""


class AssignmentLines(NamedTuple):
    """What placing looks at beside the codes: kind, budget year, and whether the line names an assignment."""

    kind: NDArray[np.uint8]
    year: NDArray[np.int64]
    named: NDArray[np.uint8]


def resolve_assignments(
    reading: LineBatch, lines: AssignmentLines, context: tuple[Registry, CellNumbers]
) -> ResolvedAssignments:
    """Find each line's cell, faulting what is unknown or does not go together."""
    registry, cells = context
    places = _number_codes(reading, lines, registry)
    rows = reading.rows
    found = Words(np.full(rows, _UNKNOWN, np.int64), np.full(rows, -1, np.int32), np.zeros(rows, np.int16))
    # A line without fault is of a year that has files, so every one of them is met.
    for codes in registry.year_codes.values():
        assignment_checks.place_lines(places, codes, _USES, reading.marks, found)
    numbered = cells.number_words(found.word)
    return ResolvedAssignments(
        numbered.numbers, found.source, found.account, numbered.new_words, numbered.count_before
    )


def _number_codes(reading: LineBatch, lines: AssignmentLines, registry: Registry) -> LineCodes:
    giver_centre, giver_item = _number_givers(reading, MOVES[lines.kind], registry)
    return seal(
        LineCodes(
            _number_column(reading, Field.FUND_CENTRE, registry, CodeKind.CENTRE),
            _number_column(reading, Field.OPERATION, registry, CodeKind.CENTRE),
            _number_column(reading, Field.FUNCTIONAL_AREA, registry, CodeKind.AREA),
            _number_column(reading, Field.COMMITMENT_ITEM, registry, CodeKind.ITEM),
            _number_column(reading, Field.FUND, registry, CodeKind.FUND),
            _number_column(reading, Field.ACCOUNT, registry, CodeKind.ACCOUNT),
            _number_activities(reading, registry),
            giver_centre,
            giver_item,
            np.ascontiguousarray(lines.year),
            lines.kind,
            lines.named,
        )
    )


def _number_column(reading: LineBatch, field: Field, registry: Registry, kind: CodeKind) -> NDArray[np.int32]:
    column = reading.read_text(field)
    return (
        column.map_to_numbers(registry.numbers[kind], _UNKNOWN)
        if column
        else np.zeros(reading.rows, np.int32)
    )


def _number_givers(
    reading: LineBatch, moves: NDArray[np.bool_], registry: Registry
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The fund centre and item of each ``CENTRE`` or ``CENTRE/ITEM`` that a move takes from."""
    column = reading.read_text(Field.COUNTERPART)
    if column is None or not moves.any():
        nothing = np.zeros(reading.rows, np.int32)
        return nothing, nothing
    coded = column.to_coded()
    pairs = [text.partition("/") for text in coded.list_texts()]
    centres, items = registry.numbers[CodeKind.CENTRE], registry.numbers[CodeKind.ITEM]
    centre = [centres.get(pair[0], _UNKNOWN) for pair in pairs]
    item = [items.get(pair[2], _UNKNOWN) if pair[2] else 0 for pair in pairs]
    return coded.expand_numbers(np.array(centre, np.int32)), coded.expand_numbers(np.array(item, np.int32))


def _number_activities(reading: LineBatch, registry: Registry) -> NDArray[np.int32]:
    """The programme that each activity's first four characters name."""
    column = reading.read_text(Field.ACTIVITY)
    if column is None:
        return np.zeros(reading.rows, np.int32)
    coded, centres = column.to_coded(), registry.numbers[CodeKind.CENTRE]

    def programmes(_: DistinctTexts) -> NDArray[np.int32]:
        return np.array(
            [centres.get(text[:4], _UNKNOWN) if text else 0 for text in coded.list_texts()], np.int32
        )

    return coded.expand_numbers(coded.values.compute_once(f"programme {id(centres)}", programmes))
