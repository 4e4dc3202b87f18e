"""The evidence of changes of bank details, as the batch that accepts them stores it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import PayeeChange, list_kinds
from core.tables.signatures import DetailsEvidence
from kernels.outcome_counts import REGISTERED
from posting.batch import Piece
from posting.outcome_groups import OutcomeGroups
from posting.pgcopy import Encoder
from posting.raw_texts import take_texts, to_text_cells

TABLE = "details_evidence"
_FIELDS = (Field.EVIDENCE_HASH, Field.CALL_BACK)
(_CHANGE,) = list_kinds(lambda kind: kind.change is PayeeChange.DETAILS)


class EvidenceEncoder:
    """Encodes the hash of the evidence and the call back of each accepted change."""

    def __init__(self) -> None:
        self._encoder = Encoder(DetailsEvidence, len(_FIELDS))

    def encode(
        self, pieces: Sequence[Piece], decisions: Sequence[np.ndarray], groups: Sequence[OutcomeGroups]
    ) -> dict[str, NDArray[np.uint8]]:
        """Return the COPY bytes by table; nothing if no change was accepted."""
        parts = []
        for piece, of_piece, of_outcome in zip(pieces, decisions, groups, strict=True):
            rows = of_outcome.select_rows(REGISTERED)
            rows = rows[piece.acts["kind"][rows] == _CHANGE]
            if len(rows):
                texts = (to_text_cells(take_texts(piece, rows, field)) for field in _FIELDS)
                parts.append(self._encoder.encode(DetailsEvidence(of_piece["entry"][rows]), tuple(texts)))
        return {TABLE: np.concatenate(parts)} if parts else {}
