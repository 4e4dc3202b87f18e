"""Signatures: who entered and who validated each line, as rows of a table of distinct ones.

A line names both persons, or nobody; whether they may do it is decided with the line (``kernels.signatures``).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import Field
from core.directory import Directory
from core.outcome_codes import Outcome
from core.tables.columns import allocate_records, seal_array
from core.tables.signatures import NO_SIGNATURES, Signatures
from ingest.resolution.line_batch import LineBatch

_UNKNOWN = -1
_MEMBER_BITS = 32
_PERSON_FIELDS = (Field.ENTERED_BY, Field.VALIDATED_BY)


class SignatureColumn(NamedTuple):
    """The signature of each line."""

    row: NDArray[np.int32]
    """Row of ``table``; 0 where the line names nobody."""
    table: np.ndarray
    """Records of ``core.tables.signatures.Signatures``."""


def read_signatures(line_batch: LineBatch, directory: Directory) -> SignatureColumn:
    """Number the persons and delegations that lines name, and mark those that cannot be."""
    if not any(field in line_batch.arrays for field in (*_PERSON_FIELDS, Field.DELEGATION)):
        return SignatureColumn(np.zeros(line_batch.rows, np.int32), NO_SIGNATURES)
    entered, validated = (_number_texts(line_batch, field, directory.persons) for field in _PERSON_FIELDS)
    numbers = {item.number: item.delegation for item in directory.delegations}
    delegation = _number_texts(line_batch, Field.DELEGATION, numbers)
    _mark_persons(line_batch, entered, validated, delegation=delegation)
    return _build_table(entered, validated, delegation)


def _number_texts(
    line_batch: LineBatch, field: Field, numbers_by_text: Mapping[str, int]
) -> NDArray[np.int32]:
    column = line_batch.read_text(field)
    if column is None:
        return np.zeros(line_batch.rows, np.int32)
    return column.map_to_numbers(numbers_by_text, _UNKNOWN)


def _mark_persons(
    line_batch: LineBatch,
    entered: NDArray[np.int32],
    validated: NDArray[np.int32],
    *,
    delegation: NDArray[np.int32],
) -> None:
    for person, field, other in (
        (entered, Field.ENTERED_BY, validated),
        (validated, Field.VALIDATED_BY, entered),
    ):
        line_batch.mark_fault(
            (person == 0) & ((other != 0) | (delegation != 0)), Outcome.PERSON_MISSING, field
        )
    for person, field in ((entered, Field.ENTERED_BY), (validated, Field.VALIDATED_BY)):
        line_batch.mark_fault(person == _UNKNOWN, Outcome.PERSON_UNKNOWN, field)
    line_batch.mark_fault((entered == validated) & (entered > 0), Outcome.SAME_PERSON, Field.VALIDATED_BY)
    line_batch.mark_fault(delegation == _UNKNOWN, Outcome.DELEGATION_UNKNOWN, Field.DELEGATION)


def _build_table(
    entered: NDArray[np.int32], validated: NDArray[np.int32], delegation: NDArray[np.int32]
) -> SignatureColumn:
    """Return the distinct signatures, behind that of nobody, which is also that of lines with an unknown name."""
    is_signed = (entered > 0) & (validated > 0) & (delegation >= 0)
    persons = _number_pairs(entered[is_signed], validated[is_signed])
    signatures = _number_pairs(persons.number, delegation[is_signed])
    table = allocate_records(Signatures, len(signatures.first) + 1)
    table["entered"][1:] = persons.first[signatures.first]
    table["validated"][1:] = persons.second[signatures.first]
    table["delegation"][1:] = signatures.second
    row = np.zeros(len(entered), np.int32)
    row[is_signed] = signatures.number + 1
    return SignatureColumn(row, seal_array(table))


class _Pairs(NamedTuple):
    """The number of each line's pair, and both members of each distinct pair."""

    number: NDArray[np.int32]
    first: NDArray[np.int64]
    second: NDArray[np.int64]


def _number_pairs(first: NDArray[np.int32], second: NDArray[np.int32]) -> _Pairs:
    """Number the distinct pairs of two numbers that are not negative, through a hash table: to sort them takes far longer."""
    pairs = pa.array((first.astype(np.int64) << _MEMBER_BITS) | second).dictionary_encode()
    distinct = pairs.dictionary.to_numpy()
    return _Pairs(pairs.indices.to_numpy(), distinct >> _MEMBER_BITS, distinct & ((1 << _MEMBER_BITS) - 1))
