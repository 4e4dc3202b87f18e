"""What names two persons always: changes of bank details, with evidence and a call back, and entries by hand (rule A41).

So does what puts an asset into service or takes it out; a charge need not, as the plan of the asset limits it (decision D293).
A justification must say in words why an amount stays on a suspense account (rule A70).
"""

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import PayeeChange, list_kinds
from core.outcome_codes import Outcome
from ingest.resolution.bank_accounts import mark_ibans
from ingest.resolution.line_batch import CHANGES_ASSETS, CHANGES_INVENTORY, JOURNALS, JUSTIFIES, LineBatch

(_CHANGE,) = list_kinds(lambda kind: kind.change is PayeeChange.DETAILS)
_SHA_256 = "^[0-9A-Fa-f]{64}$"
_VISIBLE = r"[^\s]"


def mark_bank_details(line_batch: LineBatch, kind: NDArray[np.uint8], signature: NDArray[np.int32]) -> None:
    """Mark invalid IBANs, then changes without evidence, without a call back, or that name nobody (``signature`` 0).

    Before the latter stand justifications without a text.  Entries by hand that name nobody are marked too: no agreement of a
    sender stands for the two persons.
    """
    mark_ibans(line_batch)
    is_change, is_journal = kind == _CHANGE, JOURNALS[kind] | CHANGES_ASSETS[kind] | CHANGES_INVENTORY[kind]
    if is_change.any():
        _mark_evidence(line_batch, is_change)
    if (is_justification := JUSTIFIES[kind]).any():
        is_visible = _match_texts(line_batch, Field.REASON, _VISIBLE)
        line_batch.mark_fault(is_justification & ~is_visible, Outcome.JUSTIFICATION_MISSING, Field.REASON)
    if (names_persons := is_change | is_journal).any():
        is_nobody = names_persons & (signature == 0)
        line_batch.mark_fault(is_nobody, Outcome.TWO_PERSONS_MISSING, Field.ENTERED_BY)


def _mark_evidence(line_batch: LineBatch, is_change: NDArray[np.bool_]) -> None:
    is_stated = line_batch.mark_values(Field.EVIDENCE_HASH)
    line_batch.mark_fault(is_change & ~is_stated, Outcome.EVIDENCE_MISSING, Field.EVIDENCE_HASH)
    is_hash = _match_texts(line_batch, Field.EVIDENCE_HASH, _SHA_256)
    line_batch.mark_fault(is_change & ~is_hash, Outcome.EVIDENCE_INVALID, Field.EVIDENCE_HASH)
    is_visible = _match_texts(line_batch, Field.CALL_BACK, _VISIBLE)
    line_batch.mark_fault(is_change & ~is_visible, Outcome.CALL_BACK_MISSING, Field.CALL_BACK)


def _match_texts(line_batch: LineBatch, field: Field, pattern: str) -> NDArray[np.bool_]:
    """Return whether each line has a text that matches; each distinct text is compared once."""
    column = line_batch.read_text(field)
    if column is None:
        return np.zeros(line_batch.rows, bool)
    options = pc.MatchSubstringOptions(pattern)
    matches = pc.call_function("match_substring_regex", [column.values.array], options)
    by_value = np.zeros(len(column.values.spans.start), bool)
    by_value[: len(matches)] = matches.fill_null(False).to_numpy(zero_copy_only=False)
    return column.expand(by_value)
