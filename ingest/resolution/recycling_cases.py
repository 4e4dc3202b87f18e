"""Recycling cases: whether a withdrawal names one that its exercise lists, so that its AE are available again (rule A15)."""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.outcome_codes import Outcome
from ingest.resolution.line_batch import WITHDRAWS, LineBatch
from posting.book.registry import Registry


def mark_recycling_cases(
    line_batch: LineBatch, kind: NDArray[np.uint8], exercise: NDArray[np.int64], *, registry: Registry
) -> None:
    """Mark the withdrawals whose case their exercise does not list."""
    states_case = _find_stating_lines(line_batch, kind)
    if states_case.any():
        is_unknown = states_case & (_read_cases(line_batch, states_case, exercise, registry=registry) == 0)
        line_batch.mark_fault(is_unknown, Outcome.FIELD_INVALID, Field.RECYCLING_CASE)


def add_recycling_cases(
    line_batch: LineBatch,
    kind: NDArray[np.uint8],
    source: NDArray[np.int32],
    *,
    exercise: NDArray[np.int64],
    registry: Registry,
) -> NDArray[np.int32]:
    """Return ``source`` with the case of each withdrawal that names one."""
    states_case = _find_stating_lines(line_batch, kind)
    if not states_case.any():
        return source
    cases = _read_cases(line_batch, states_case, exercise, registry=registry)
    return np.where(states_case, cases, source).astype(np.int32)


def _find_stating_lines(line_batch: LineBatch, kind: NDArray[np.uint8]) -> NDArray[np.bool_]:
    if Field.RECYCLING_CASE not in line_batch.arrays:
        return np.zeros(line_batch.rows, bool)
    withdraws = WITHDRAWS[kind]
    return withdraws & line_batch.mark_values(Field.RECYCLING_CASE) if withdraws.any() else withdraws


def _read_cases(
    line_batch: LineBatch, states_case: NDArray[np.bool_], exercise: NDArray[np.int64], *, registry: Registry
) -> NDArray[np.int32]:
    """Return what the journal keeps of the case of each line that states one; 0 where its exercise does not list it."""
    cases = np.zeros(line_batch.rows, np.int32)
    column = line_batch.read_text(Field.RECYCLING_CASE)
    for year in np.unique(exercise[states_case]).tolist():
        nomenclature = registry.reference.nomenclatures.get(year)
        if column is not None and nomenclature is not None:
            marks = {code: case.mark for code, case in nomenclature.recycling_cases.items()}
            of_year = states_case & (exercise == year)
            cases[of_year] = column.map_to_numbers(marks, 0)[of_year]
    return cases
