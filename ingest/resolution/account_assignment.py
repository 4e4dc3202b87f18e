"""The account assignment of each line: its budget cell, the node that a credit move takes from, and its account."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.tables.columns import seal
from core.tables.raw_lines import KindUses, LineCodes
from core.tables.raw_lines import PlacedLines as Words
from ingest.resolution.carried_openings import mark_carried_openings
from ingest.resolution.decree_moves import mark_decree_moves
from ingest.resolution.fund_openings import mark_fund_openings
from ingest.resolution.line_batch import (
    ALLOTS,
    BRINGS_CREDITS,
    CHARGES,
    CONCERNS_SUSPENSE,
    EARMARKS,
    ENGAGES,
    JOURNALS,
    MOVES,
    OPENS_YEAR,
    PAYS_STAFF,
    RECEIVES,
    RESULTS,
    SERVES_ASSETS,
    SPENDS,
    TAKES_INVENTORY,
    LineBatch,
)
from ingest.resolution.special_accounts import mark_staff_pay
from ingest.resolution.text_columns import DistinctTexts
from kernels import assignment_checks
from posting.book.cells import CellNumbers
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry

_UNKNOWN = -1
_KIND_SETS = (
    MOVES,
    EARMARKS,
    SPENDS,
    BRINGS_CREDITS,
    ENGAGES,
    PAYS_STAFF,
    CHARGES,
    RECEIVES,
    JOURNALS,
    OPENS_YEAR,
    RESULTS,
    ALLOTS,
    CONCERNS_SUSPENSE,
    SERVES_ASSETS,
    TAKES_INVENTORY,
)
_USES = seal(KindUses(*(kinds.view(np.uint8) for kinds in _KIND_SETS)))


class ResolvedAssignments(NamedTuple):
    """The account assignments of lines by number."""

    cell: NDArray[np.int32]
    source: NDArray[np.int32]
    account: NDArray[np.int16]
    new_words: NDArray[np.int64]
    cells_before: int
    """Cells that were numbered before these lines."""


class AssignmentLines(NamedTuple):
    """What resolution needs beside the codes: kind, budget year, and whether the line names an assignment."""

    kind: NDArray[np.uint8]
    year: NDArray[np.int64]
    named: NDArray[np.uint8]


def resolve_assignments(
    line_batch: LineBatch, lines: AssignmentLines, registry: Registry, *, cells: CellNumbers
) -> ResolvedAssignments:
    """Find the cell of each line, and mark codes that are unknown or not allowed together."""
    line_codes = _number_codes(line_batch, lines, registry)
    rows = line_batch.rows
    placed = Words(np.full(rows, _UNKNOWN, np.int64), np.full(rows, -1, np.int32), np.zeros(rows, np.int16))
    # A line without fault is of a year with reference data, so one of the years applies to it.
    for year_codes in registry.year_codes.values():
        assignment_checks.place_lines(line_codes, year_codes, _USES, line_batch.marks, placed)
    mark_decree_moves(line_batch, lines.kind, lines.year, registry=registry)
    mark_fund_openings(line_batch, lines.kind)
    mark_staff_pay(line_batch, lines.kind, lines.year, named=lines.named, registry=registry)
    mark_carried_openings(line_batch, lines.kind, lines.year, registry=registry)
    numbered = cells.number_words(placed.word)
    return ResolvedAssignments(
        numbered.numbers, placed.source, placed.account, numbered.new_words, numbered.count_before
    )


def _number_codes(line_batch: LineBatch, lines: AssignmentLines, registry: Registry) -> LineCodes:
    giver_centre, giver_item = _number_givers(line_batch, MOVES[lines.kind], registry)
    return seal(
        LineCodes(
            _number_column(line_batch, Field.FUND_CENTRE, registry, kind=CodeKind.CENTRE),
            _number_column(line_batch, Field.OPERATION, registry, kind=CodeKind.CENTRE),
            _number_column(line_batch, Field.FUNCTIONAL_AREA, registry, kind=CodeKind.AREA),
            _number_column(line_batch, Field.COMMITMENT_ITEM, registry, kind=CodeKind.ITEM),
            _number_column(line_batch, Field.FUND, registry, kind=CodeKind.FUND),
            _number_column(line_batch, Field.ACCOUNT, registry, kind=CodeKind.ACCOUNT),
            _number_activities(line_batch, registry),
            giver_centre,
            giver_item,
            np.ascontiguousarray(lines.year),
            lines.kind,
            lines.named,
        )
    )


def _number_column(
    line_batch: LineBatch, field: Field, registry: Registry, *, kind: CodeKind
) -> NDArray[np.int32]:
    column = line_batch.read_text(field)
    return (
        column.map_to_numbers(registry.numbers[kind], _UNKNOWN)
        if column
        else np.zeros(line_batch.rows, np.int32)
    )


def _number_givers(
    line_batch: LineBatch, moves: NDArray[np.bool_], registry: Registry
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return the fund centre and item of each ``CENTRE`` or ``CENTRE/ITEM`` that a credit move takes from."""
    column = line_batch.read_text(Field.COUNTERPART)
    if column is None or not moves.any():
        zeros = np.zeros(line_batch.rows, np.int32)
        return zeros, zeros
    coded = column.to_distinct_values()
    pairs = [text.partition("/") for text in coded.list_texts()]
    centres, items = registry.numbers[CodeKind.CENTRE], registry.numbers[CodeKind.ITEM]
    centre = [centres.get(pair[0], _UNKNOWN) for pair in pairs]
    item = [items.get(pair[2], _UNKNOWN) if pair[2] else 0 for pair in pairs]
    return coded.expand_numbers(np.array(centre, np.int32)), coded.expand_numbers(np.array(item, np.int32))


def _number_activities(line_batch: LineBatch, registry: Registry) -> NDArray[np.int32]:
    """Return the programme of each activity, named by its first four characters."""
    column = line_batch.read_text(Field.ACTIVITY)
    if column is None:
        return np.zeros(line_batch.rows, np.int32)
    coded, centres = column.to_distinct_values(), registry.numbers[CodeKind.CENTRE]

    def number_programmes(_: DistinctTexts) -> NDArray[np.int32]:
        return np.array(
            [centres.get(text[:4], _UNKNOWN) if text else 0 for text in coded.list_texts()], np.int32
        )

    return coded.expand_numbers(coded.values.compute_once(f"programme {id(centres)}", number_programmes))
