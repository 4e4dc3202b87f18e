"""From the lines of a released run to the file of its acts: one payment per line, or several in one act if grouped.

The file depends only on the lines of the run and the entries that they name, so it can be made again with the same bytes.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import ACT_LINES_MAX
from core.catalog import CATALOG
from core.money import format_plain_euros, sum_exactly
from core.payment_rules import SEPA_MAX, TransferMethod
from core.senders import TREASURY
from core.tables.columns import select_rows
from core.tables.payment_runs import RunLines
from posting.pgcopy import TextCells
from posting.text_spans import as_arrow, take_rows
from settlement.runs.exclusions import OVERRULABLE, Exclusion
from settlement.runs.payee_accounts import PayeeAccounts
from settlement.runs.run_pages import RunTable
from settlement.runs.selection import order_by_accountant_and_method

SENDER = TREASURY
"""The sender of the acts of payment runs."""

_VERSION = "1"
_BATCH_ROWS = 1 << 16
_GROUPED_CENTS_MAX = SEPA_MAX // 2
"""Larger lines are not grouped, and a group is closed once it exceeds this: so it never exceeds the SEPA limit."""


class RunEdits(NamedTuple):
    """The edits of a run that are in effect."""

    withheld: NDArray[np.int32]
    """Lines that are not paid."""
    reinstated: NDArray[np.int32]
    """Lines that are paid although the bank returned the last transfer, or the bank details are new."""
    grouped_payees: NDArray[np.int32]
    """Payees whose lines are paid by common transfers."""


class PaidLines(NamedTuple):
    """The lines that a run pays, ordered so that the lines of an act are adjacent."""

    lines: RunLines
    remittance: TextCells
    act_start: NDArray[np.int64]
    """The row at which the act of each line starts."""

    @property
    def act_rows(self) -> NDArray[np.int64]:
        """The rows at which acts start."""
        return np.flatnonzero(self.act_start == np.arange(len(self.act_start)))


def is_paid(lines: RunLines, edits: RunEdits) -> NDArray[np.bool_]:
    """Return whether each line is paid: not if it is withheld; an overrulable exclusion only if it is reinstated."""
    is_proposed = (lines.left_out == Exclusion.NONE) & ~np.isin(lines.line, edits.withheld)
    is_reinstated = np.isin(lines.left_out, OVERRULABLE) & np.isin(lines.line, edits.reinstated)
    return is_proposed | is_reinstated


def select_paid(run: RunTable, edits: RunEdits) -> PaidLines:
    """Select the lines that a run pays, in the order in which it pays."""
    rows = np.flatnonzero(is_paid(run.lines, edits))
    order = order_by_accountant_and_method(
        run.lines.accountant[rows], run.lines.way[rows], np.zeros(len(rows), bool)
    )
    rows = rows[order]
    lines = select_rows(run.lines, rows)
    first = np.arange(len(rows))
    grouped = np.flatnonzero(
        np.isin(lines.payee, edits.grouped_payees)
        & (lines.way == TransferMethod.SEPA)
        & (lines.amount <= _GROUPED_CENTS_MAX)
    )
    if len(grouped):
        first[grouped] = _find_group_starts(lines, grouped)
    order = np.argsort(first, kind="stable") if len(grouped) else first
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    act_start = position[first[order]]
    return PaidLines(select_rows(lines, order), take_rows(run.remittance, rows[order]), act_start)


def _find_group_starts(lines: RunLines, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first row of the group of each of ``rows``.

    The lines of a group have the same payee, account, accountant, exercise and kind.
    """
    columns = (lines.kind, lines.exercise, lines.details, lines.payee, lines.accountant)
    order = np.lexsort((rows, *(column[rows] for column in columns)))
    ordered, positions = rows[order], np.arange(len(rows))
    starts = np.ones(len(rows), bool)
    starts[1:] = np.any([column[ordered[1:]] != column[ordered[:-1]] for column in columns], axis=0)
    cents_before = np.cumsum(lines.amount[ordered]) - lines.amount[ordered]
    start = np.maximum.accumulate(np.where(starts, positions, 0))
    by_cents = (cents_before - cents_before[start]) // _GROUPED_CENTS_MAX
    by_lines = (positions - start) // ACT_LINES_MAX
    starts[1:] |= (by_cents[1:] != by_cents[:-1]) | (by_lines[1:] != by_lines[:-1])
    group_start = np.empty(len(rows), np.int64)
    group_start[order] = ordered[np.maximum.accumulate(np.where(starts, positions, 0))]
    return group_start


def build_acts_table(run: int, paid: PaidLines, payees: PayeeAccounts, *, day: date) -> pa.Table:
    """Build the acts of a run, dated ``day``, in the flat act format; at least one."""
    lines, count, number = paid.lines, len(paid.act_start), str(run)
    kinds = pa.array(lines.kind.astype(np.uint8))
    columns: dict[str, pa.Array] = {
        "reference": _join(number, _to_texts(lines.line[paid.act_start]), "-"),
        "line": pa.array((np.arange(count) - paid.act_start + 1).astype(np.int32)),
        "kind": pa.DictionaryArray.from_arrays(kinds, [kind.name for kind in CATALOG]),
        "exercise": pa.array(lines.exercise.astype(np.int32)),
        "date": pa.array([day] * min(count, 1), pa.date32()).take(pa.array(np.zeros(count, np.int32))),
        "predecessor": _join("@", _to_texts(lines.entry_id), ""),
        "amount_cents": pa.array(lines.amount),
        "iban": as_arrow(take_rows(payees.iban, payees.find_rows(lines.details, lines.payee))),
    }
    fields = [pa.field(name, column.type, nullable=False) for name, column in columns.items()]
    envelope = {"sender": SENDER, "batch_id": number, "version": _VERSION, "count": str(count)}
    envelope["control_sum"] = format_plain_euros(sum_exactly(lines.amount))
    metadata = {f"crescendo.{name}": value for name, value in envelope.items()}
    return pa.table(list(columns.values()), schema=pa.schema(fields, metadata=metadata))


def _to_texts(numbers: NDArray[np.integer]) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _join(first: str, second: pa.Array, separator: str) -> pa.Array:
    return pc.binary_join_element_wise(first, second, separator)  # type: ignore[call-overload]


def write_acts(table: pa.Table) -> Iterator[bytes]:
    """Write ``table`` as an Arrow IPC file; yield it in chunks."""
    sink = _ChunkSink()
    with pa.ipc.new_file(pa.PythonFile(sink, "w"), table.schema) as writer:
        for batch in table.combine_chunks().to_batches(_BATCH_ROWS):
            writer.write_batch(batch)
            yield from sink.take_chunks()
    yield from sink.take_chunks()


class _ChunkSink:
    """A file object whose content can be taken while it is written."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, part: bytes) -> int:
        """Copy a part: the writer reuses its memory."""
        self._parts.append(bytes(part))
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        """Return the number of bytes so far."""
        return self._size

    def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    def writable(self) -> bool:
        """Return True: it can be written to."""
        return True

    def take_chunks(self) -> Iterator[bytes]:
        """Yield what was written since the last call."""
        parts, self._parts = self._parts, []
        yield from parts
