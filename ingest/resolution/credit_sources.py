"""The column ``source`` of an act beside the node of a move: origins, days of service, recycling cases, owners, due days."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.nomenclature import ORDINARY_FUND
from core.origins import ORIGIN_NUMBERS, Origin
from core.outcome_codes import Outcome
from ingest.resolution.line_batch import CARRIES, ISSUES, SPENDS_AE, STATES_ORIGIN, LineBatch
from ingest.resolution.recycling_cases import add_recycling_cases
from ingest.resolution.reference_owners import number_owners
from posting.book.registry import Registry

_UNKNOWN = -1
_ORDINARY: Mapping[str, int] = {ORDINARY_FUND: 0}


class SourcePlaces(NamedTuple):
    """The nodes that moves take from, -1 for other lines, with the exercise and the day of posting of each line."""

    source: NDArray[np.int32]
    exercise: NDArray[np.int64]
    day: NDArray[np.int32]


def mark_origins(line_batch: LineBatch, kind: NDArray[np.uint8]) -> None:
    """Mark the openings and cancellations whose origin has no such name."""
    column = line_batch.read_text(Field.ORIGIN)
    if column is not None:
        is_unknown = column.map_to_numbers(ORIGIN_NUMBERS, _UNKNOWN) == _UNKNOWN
        line_batch.mark_fault(is_unknown & STATES_ORIGIN[kind], Outcome.FIELD_INVALID, Field.ORIGIN)


def add_credit_sources(
    line_batch: LineBatch,
    kind: NDArray[np.uint8],
    places: SourcePlaces,
    *,
    sender: int | NDArray[np.int64],
    registry: Registry,
) -> NDArray[np.int32]:
    """Return the sources with the origin of openings and cancellations, first days of service, and cases of withdrawals.

    That of a carry is the number of the sender whose reference it has, and that of a receivable the day on which it is due.

    An opening without origin is by finance law on ordinary credits, and by contribution fund on those of a fund.
    """
    source, exercise, day = places
    if (states_origin := STATES_ORIGIN[kind]).any():
        source = np.where(states_origin, _read_origins(line_batch), source)
    if Field.SERVICE_START in line_batch.arrays:
        days, faults = line_batch.read_number(Field.SERVICE_START)
        states_day = SPENDS_AE[kind] & line_batch.mark_values(Field.SERVICE_START) & (faults == 0)
        source = np.where(states_day, days, source)
    if (carries := CARRIES[kind]).any():
        source = np.where(carries, number_owners(line_batch, kind, sender, registry=registry), source)
    if (issues := ISSUES[kind]).any():
        source = np.where(issues, _find_due_days(line_batch, day, registry), source)
    source = source.astype(np.int32)
    return add_recycling_cases(line_batch, kind, source, exercise=exercise, registry=registry)


def _find_due_days(line_batch: LineBatch, day: NDArray[np.int32], registry: Registry) -> NDArray[np.int32]:
    """Return the day on which a receivable of each ``day`` is due: that it states, never before its own, or by the rule."""
    default = day + registry.reference.interest.receivable_days.look_up(day)
    if Field.DUE not in line_batch.arrays:
        return default.astype(np.int32)
    due, faults = line_batch.read_number(Field.DUE)
    is_stated = line_batch.mark_values(Field.DUE) & (faults == 0)
    return np.where(is_stated, np.maximum(due, day), default).astype(np.int32)


def _read_origins(line_batch: LineBatch) -> NDArray[np.int32]:
    fund, column = line_batch.read_text(Field.FUND), line_batch.read_text(Field.ORIGIN)
    usual = np.full(line_batch.rows, Origin.FINANCE_LAW, np.int32)
    if fund is not None:
        is_ordinary = fund.map_to_numbers(_ORDINARY, 1) == 0
        usual = np.where(is_ordinary, Origin.FINANCE_LAW, Origin.CONTRIBUTION_FUND)
    if column is None:
        return usual
    origin = column.map_to_numbers(ORIGIN_NUMBERS, _UNKNOWN)
    return np.where(origin > 0, origin, usual)
