"""Signatures as numbers: the persons and delegations that lines name, found in the directory that the batch follows."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.directory import Directory
from core.outcome_codes import Outcome
from core.tables.columns import allocate_records, seal_array
from core.tables.signatures import NO_SIGNATURES, Signatures
from posting.batch import Piece, SignatureTexts

_UNKNOWN = -1


class _Fault(NamedTuple):
    code: Outcome
    field: Field


_NO_FAULT = _Fault(Outcome.ACCEPTED, Field.NONE)


class NumberedSignatures(NamedTuple):
    """The signatures of a piece by number, and the fault of each; row 0 is that of lines which name nobody."""

    table: np.ndarray
    """Records of ``core.tables.signatures.Signatures``."""
    code: NDArray[np.uint8]
    field: NDArray[np.uint8]

    def mark_lines(self, piece: Piece) -> None:
        """Refuse the lines whose signature has a fault, unless they have another one."""
        code = self.code[piece.acts["signature"]]
        is_refused = (code != 0) & (piece.acts["fault"] == 0)
        piece.acts["fault"][is_refused] = code[is_refused]
        piece.field[is_refused] = self.field[piece.acts["signature"][is_refused]]


_NOBODY = NumberedSignatures(NO_SIGNATURES, np.zeros(1, np.uint8), np.zeros(1, np.uint8))


def number_signatures(signatures: Sequence[SignatureTexts], directory: Directory) -> NumberedSignatures:
    """Number the persons and delegations of each signature, and find what is wrong with it by itself."""
    if not signatures:
        return _NOBODY
    table = allocate_records(Signatures, len(signatures) + 1)
    faults = [_NO_FAULT]
    for row, (entered, validated, delegation) in enumerate(signatures, 1):
        numbers = (
            directory.persons.get(entered, _UNKNOWN) if entered else 0,
            directory.persons.get(validated, _UNKNOWN) if validated else 0,
            directory.delegation_numbers.get(delegation, _UNKNOWN) if delegation else 0,
        )
        fault = _find_fault(*numbers)
        faults.append(fault)
        if fault is _NO_FAULT:
            table[row] = numbers
    codes, fields = (np.array(column, np.uint8) for column in zip(*faults, strict=True))
    return NumberedSignatures(seal_array(table), codes, fields)


def _find_fault(entered: int, validated: int, delegation: int) -> _Fault:
    """Return the fault of a signature: both persons are named, known, and two; a delegation is known."""
    for person, field in ((entered, Field.ENTERED_BY), (validated, Field.VALIDATED_BY)):
        if person == 0:
            return _Fault(Outcome.PERSON_MISSING, field)
    for person, field in ((entered, Field.ENTERED_BY), (validated, Field.VALIDATED_BY)):
        if person == _UNKNOWN:
            return _Fault(Outcome.PERSON_UNKNOWN, field)
    if entered == validated:
        return _Fault(Outcome.SAME_PERSON, Field.VALIDATED_BY)
    return _Fault(Outcome.DELEGATION_UNKNOWN, Field.DELEGATION) if delegation == _UNKNOWN else _NO_FAULT
