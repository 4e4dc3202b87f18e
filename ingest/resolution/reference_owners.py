"""The sender whose reference an act has: its own; a carry into the next year has the reference of another one (rule A64)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.outcome_codes import Outcome
from ingest.resolution.line_batch import CARRIES, LineBatch
from ingest.resolution.predecessors import read_senders
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry


def mark_reference_senders(
    line_batch: LineBatch, kind: NDArray[np.uint8], numbers_by_sender: Mapping[str, int]
) -> None:
    """Mark lines that state whose reference they have though their kind has its sender's, and senders that do not exist."""
    if Field.REFERENCE_SENDER not in line_batch.arrays:
        return
    number = read_senders(line_batch, Field.REFERENCE_SENDER, 0, numbers_by_sender=numbers_by_sender)
    is_invalid = line_batch.mark_values(Field.REFERENCE_SENDER) & (~CARRIES[kind] | (np.asarray(number) < 0))
    line_batch.mark_fault(is_invalid, Outcome.FIELD_INVALID, Field.REFERENCE_SENDER)


def number_owners(
    line_batch: LineBatch, kind: NDArray[np.uint8], sender: int | NDArray[np.int64], *, registry: Registry
) -> int | NDArray[np.int64]:
    """Return the number of the sender whose reference each line has."""
    if Field.REFERENCE_SENDER not in line_batch.arrays:
        return sender
    numbers = registry.numbers[CodeKind.SENDER]
    owner = read_senders(line_batch, Field.REFERENCE_SENDER, sender, numbers_by_sender=numbers)
    return np.where(CARRIES[kind], owner, sender)
