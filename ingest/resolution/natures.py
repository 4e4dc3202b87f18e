"""Natures of lines: whether one is listed as payable before service (rule A38), or what an entry by hand posts to (A70)."""

import numpy as np
from numpy.typing import NDArray

from core.account_roles import Role
from core.act_fields import Field
from core.catalog import CATALOG
from core.kind_rules import LineNature
from ingest.resolution.line_batch import JOURNALS, LineBatch
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry

_DEBITS_BY_HAND = np.array([kind.debit is Role.BY_HAND for kind in CATALOG])
_BEFORE_SERVICE = np.array([kind.before_service for kind in CATALOG])


def find_listed_natures(
    line_batch: LineBatch, kind: NDArray[np.uint8], exercise: NDArray[np.int64], *, registry: Registry
) -> NDArray[np.uint8]:
    """Return 1 for the lines that pay before service and state a listed nature."""
    is_listed = np.zeros(line_batch.rows, np.uint8)
    column = line_batch.read_text(Field.NATURE) if _BEFORE_SERVICE[kind].any() else None
    if column is None:
        return is_listed
    rows = np.flatnonzero(line_batch.mark_values(Field.NATURE) & _BEFORE_SERVICE[kind])  # mostly few
    for year in np.unique(exercise[rows]).tolist():
        nomenclature = registry.reference.nomenclatures.get(year)
        if nomenclature is not None:
            in_year = column.map_to_numbers(nomenclature.nature_numbers, 0) > 0
            is_listed[rows] |= in_year[rows] & (exercise[rows] == year)
    return is_listed


def find_natures(
    line_batch: LineBatch,
    kind: NDArray[np.uint8],
    exercise: NDArray[np.int64],
    *,
    account: NDArray[np.int16],
    registry: Registry,
) -> NDArray[np.uint8]:
    """Return for each line its ``LineNature``: of entries by hand by the account that they post to."""
    natures = find_listed_natures(line_batch, kind, exercise, registry=registry)
    is_journal = JOURNALS[kind]
    if is_journal.any():
        numbers = registry.numbers[CodeKind.ACCOUNT]
        for year, chart in registry.reference.charts.items():
            groups = (
                (LineNature.PRODUCT, ~_DEBITS_BY_HAND[kind], chart.list_products()),
                (LineNature.SUSPENSE, _DEBITS_BY_HAND[kind], chart.suspense),
                (LineNature.LISTED, is_journal, chart.liaison),
            )
            is_of_year = is_journal & (exercise == year)
            for nature, is_of_side, codes in groups:
                is_of_group = np.isin(account, [numbers[code] for code in codes])
                natures[is_of_year & is_of_side & is_of_group] = nature
    return natures
