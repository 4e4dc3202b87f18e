"""Third parties that were merged: acts no longer name their code, and their invoices are those of the code still in use."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import Field
from core.catalog import CATALOG
from core.debt_stages import PayeeChange
from core.merges import Merges, find_survivor
from core.outcome_codes import Outcome
from core.tables.columns import seal
from core.tables.invoices import Suppliers
from ingest.resolution.line_batch import LineBatch
from ingest.resolution.text_columns import TextColumn
from posting.book import fingerprints

_NAMES = np.array([kind.pays and kind.change is PayeeChange.NONE for kind in CATALOG])
"""By kind: whether its acts name a third party; bank details of a merged code may change, and it may be blocked."""
_NOT_MERGED = -1


def mark_merged_payees(
    line_batch: LineBatch, kind: NDArray[np.uint8], day: NDArray[np.int32], *, merges: Merges
) -> None:
    """Mark the lines that name a merged third party and are posted on the first day of its merge or later."""
    payee = line_batch.read_text(Field.PAYEE)
    if not merges or payee is None:
        return
    names = _NAMES[kind]
    row = _find_merges(payee, merges)
    first_days = np.array([merge.first_day for merge in merges.values()], "datetime64[D]").astype(np.int64)
    is_merged = names & (row >= 0) & (day >= first_days[np.maximum(row, 0)])
    line_batch.mark_fault(is_merged, Outcome.THIRD_PARTY_MERGED, Field.PAYEE)


def _find_merges(payee: TextColumn, merges: Merges) -> NDArray[np.int64]:
    """Return by line the position of its payee among the merged codes; -1 if it is not merged."""
    positions = {code: number for number, code in enumerate(merges)}
    by_value = [positions.get(code, _NOT_MERGED) for code in payee.list_texts()]
    return payee.expand(np.array(by_value[: len(payee.values.spans.start)], np.int64))


def replace_suppliers(
    line_batch: LineBatch, suppliers: Suppliers, merges: Merges, *, secret: fingerprints.Secret
) -> Suppliers:
    """Return the fingerprint of the supplier of each line; of a merged one that of the code that stays in use."""
    payee = line_batch.read_text(Field.PAYEE)
    if not merges or payee is None:
        return suppliers
    row = _find_merges(payee, merges)
    survivors = TextColumn.from_arrow(pa.array([find_survivor(merges, code) for code in merges], pa.string()))
    texts = survivors.values
    own = fingerprints.fingerprint_payees(texts.spans, texts.text, secret)
    columns = (
        np.where(row >= 0, of_survivor[np.maximum(row, 0)], of_line)
        for of_survivor, of_line in zip(own, suppliers, strict=True)
    )
    return seal(Suppliers(*map(np.ascontiguousarray, columns)))
