"""Debts that came back: what sent the money last, and the debt that the first transfer paid, whose texts are repeated."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.catalog import CATALOG, Family, Stage, list_kinds
from posting.pgcopy import TextCells
from posting.raw_texts import to_text_cells
from posting.text_spans import concat, take_rows
from settlement.runs.debt_terms import FetchEntries
from settlement.runs.open_payables import OPENS, OpenPayables
from settlement.runs.payable_details import PayableDetails

REOPENING = list_kinds(lambda kind: kind.reaches is Stage.REOPENED)
"""The kinds of debts that a transfer did not settle: it came back."""
_REMITTING = frozenset(list_kinds(lambda kind: kind.remits))
_COMMITMENTS = frozenset(list_kinds(lambda kind: kind.family is Family.COMMITMENT))

Entry = Mapping[str, Any]


class FirstTransfers(NamedTuple):
    """The debts that came back, one per row."""

    rows: NDArray[np.int64]
    """Rows of the open payables."""
    sent_last: NDArray[np.int64]
    """The entry that sent the money last."""
    debt: NDArray[np.int64]
    """The entry that the first transfer paid."""
    reference: Sequence[str]
    """Of the debt."""
    commitment: Sequence[str]
    """The reference of the commitment that the debt draws on; empty if there is none."""


async def trace_first_transfers(payables: OpenPayables, fetch_entries: FetchEntries) -> FirstTransfers:
    """Trace the predecessors of each debt that came back, all chains by one step at a time."""
    rows = np.flatnonzero(np.isin(payables.rows.kind, REOPENING))
    predecessors: list[int] = payables.rows.predecessor[rows].tolist()
    entries: dict[int, Entry] = {}
    missing = set(predecessors)
    while missing:
        fetched = await fetch_entries(sorted(missing))
        entries.update(fetched)
        followed = {entry["predecessor"] for entry in fetched.values() if not _is_commitment(entry)}
        missing = followed - entries.keys() - {None, 0}
    sent_last = [_find_sending_entry(entries, entry) for entry in predecessors]
    debts = [_find_first_debt(entries, entry) for entry in sent_last]
    commitments = [entries.get(entries[debt]["predecessor"] or 0) for debt in debts]
    return FirstTransfers(
        rows,
        np.array(sent_last, np.int64),
        np.array(debts, np.int64),
        [entries[debt]["reference"] for debt in debts],
        [entry["reference"] if entry and _is_commitment(entry) else "" for entry in commitments],
    )


def _is_commitment(entry: Entry) -> bool:
    return entry["kind"] in _COMMITMENTS


def _find_sending_entry(entries: Mapping[int, Entry], number: int) -> int:
    while entries[number]["kind"] not in _REMITTING:
        number = entries[number]["predecessor"]
    return number


def _find_first_debt(entries: Mapping[int, Entry], number: int) -> int:
    """Return what the first of the transfers that lead to ``number`` paid."""
    while _continues(entries[number]["kind"]):
        number = entries[number]["predecessor"]
    return number


def _continues(kind: int) -> bool:
    """Return whether an entry only goes on with a debt: a transfer, one that came back, or a carry into the next year."""
    return CATALOG[kind].reaches is Stage.REOPENED or CATALOG[kind].carries or not OPENS[kind]


def repeat_references(payables: OpenPayables, first: FirstTransfers) -> OpenPayables:
    """Return the payables with the references of what the first transfer paid."""
    return payables._replace(
        reference=_replace_rows(payables.reference, first.rows, _to_cells(first.reference)),
        commitment=_replace_rows(payables.commitment, first.rows, _to_cells(first.commitment)),
    )


def repeat_texts(
    details: PayableDetails, first: FirstTransfers, first_details: PayableDetails
) -> PayableDetails:
    """Return the details with the invoice and remittance text of what the first transfer paid.

    ``first_details`` has one row per distinct debt, ascending.
    """
    _, positions = np.unique(first.debt, return_inverse=True)
    invoice, remittance = (
        take_rows(cells, positions) for cells in (first_details.invoice, first_details.remittance)
    )
    return details._replace(
        invoice=_replace_rows(details.invoice, first.rows, invoice),
        remittance=_replace_rows(details.remittance, first.rows, remittance),
    )


def repeat_texts_of(
    details: PayableDetails, rows: NDArray[np.int64], source: PayableDetails, *, positions: NDArray[np.int64]
) -> PayableDetails:
    """Return the details, those of ``rows`` with the texts at ``positions`` of the entries that state them."""
    replaced = {
        name: _replace_rows(getattr(details, name), rows, take_rows(getattr(source, name), positions))
        for name in ("method", "invoice", "remittance")
    }
    return details._replace(**replaced)


def _to_cells(texts: Sequence[str]) -> TextCells:
    return to_text_cells(pa.array(texts, pa.string()))


def _replace_rows(cells: TextCells, rows: NDArray[np.int64], replacements: TextCells) -> TextCells:
    if not len(rows):
        return cells
    count = len(cells.spans.start)
    positions = np.arange(count, dtype=np.int64)
    positions[rows] = count + np.arange(len(rows))
    return take_rows(concat([cells, replacements]), positions)
