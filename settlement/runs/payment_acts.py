"""From the lines of a released run to the file of its acts: one payment a line, or several in one act where that was asked.

The file follows from the run's lines and the entries they name alone, so that whoever makes it again gets the same bytes.
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
from core.money import SEPA_MAX
from core.payment_rules import TransferMethod
from core.tables.columns import select_rows
from core.tables.payment_runs import RunLines
from posting.pgcopy import TextCells
from settlement.orders.pain001_writer import format_cents, sum_exactly
from settlement.runs.exclusions import Exclusion
from settlement.runs.payee_accounts import PayeeAccounts
from settlement.runs.selection import order_by_accountant_and_way
from settlement.text_spans import as_arrow, take_rows

SENDER = "treasury"
"""Who hands in the acts of payment runs."""

_VERSION = "1"
_BATCH_ROWS = 1 << 16
_GROUPED_CENTS_MAX = SEPA_MAX // 2
"""Larger ones go alone; a group is closed when it exceeds this, and so never exceeds what SEPA takes."""


class RunEdits(NamedTuple):
    """What was changed of a proposal, as it stands in the end."""

    withheld: NDArray[np.int32]
    reinstated: NDArray[np.int32]
    grouped_payees: NDArray[np.int32]
    """Payees whose transfers are put together."""


class PaidLines(NamedTuple):
    """The lines that a run pays, the lines of an act next to each other."""

    lines: RunLines
    remittance: TextCells
    act_start: NDArray[np.int64]
    """Of each line, the row at which its act begins."""

    @property
    def act_rows(self) -> NDArray[np.int64]:
        """The rows at which acts begin."""
        return np.flatnonzero(self.act_start == np.arange(len(self.act_start)))


def is_paid(lines: RunLines, edits: RunEdits) -> NDArray[np.bool_]:
    """Whether each line is paid as things stand: held ones are not, and what came back only where it was let go."""
    by_itself = (lines.left_out == Exclusion.NO) & ~np.isin(lines.line, edits.withheld)
    return by_itself | ((lines.left_out == Exclusion.RETURNED) & np.isin(lines.line, edits.reinstated))


def select_paid(lines: RunLines, remittance: TextCells, edits: RunEdits) -> PaidLines:
    """What a run pays, in its order; ``lines`` ascend."""
    rows = np.flatnonzero(is_paid(lines, edits))
    rows = rows[
        order_by_accountant_and_way(lines.accountant[rows], lines.way[rows], np.zeros(len(rows), bool))
    ]
    one = select_rows(lines, rows)
    first = np.arange(len(rows))
    groups = np.flatnonzero(
        np.isin(one.payee, edits.grouped_payees)
        & (one.way == TransferMethod.SEPA)
        & (one.amount <= _GROUPED_CENTS_MAX)
    )
    if len(groups):
        first[groups] = _find_group_starts(one, groups)
    order = np.argsort(first, kind="stable") if len(groups) else first
    act = np.empty(len(order), np.int64)
    act[order] = np.arange(len(order))
    return PaidLines(select_rows(one, order), take_rows(remittance, rows[order]), act[first[order]])


def _find_group_starts(lines: RunLines, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Of each of ``rows`` the first row of its group: one payee's, on one account, by one accountant and exercise."""
    columns = (lines.kind, lines.exercise, lines.details, lines.payee, lines.accountant)
    order = np.lexsort((rows, *(column[rows] for column in columns)))
    ordered = rows[order]
    begins = np.ones(len(rows), bool)
    begins[1:] = np.any([column[ordered[1:]] != column[ordered[:-1]] for column in columns], axis=0)
    amounts = lines.amount[ordered]
    before, since = (
        np.cumsum(amounts) - amounts,
        np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0)),
    )
    purse, place = (
        (before - before[since]) // _GROUPED_CENTS_MAX,
        (np.arange(len(rows)) - since) // ACT_LINES_MAX,
    )
    begins[1:] |= (purse[1:] != purse[:-1]) | (place[1:] != place[:-1])
    found = np.empty(len(rows), np.int64)
    found[order] = ordered[np.maximum.accumulate(np.where(begins, np.arange(len(rows)), 0))]
    return found


def build_acts_table(run: int, paid: PaidLines, payees: PayeeAccounts, day: date) -> pa.Table:
    """The acts of what a run pays on ``day``, in the flat act format; at least one."""
    lines, count, number = paid.lines, len(paid.act_start), str(run)
    texts = pa.string()
    kinds = pa.DictionaryArray.from_arrays(
        pa.array(lines.kind.astype(np.uint8)), [kind.name for kind in CATALOG]
    )
    entries, firsts = pa.array(lines.entry_id), pa.array(lines.line[paid.act_start])
    columns: dict[str, pa.Array] = {
        "reference": pc.binary_join_element_wise(number, firsts.cast(texts), "-"),  # type: ignore[call-overload]
        "line": pa.array((np.arange(count) - paid.act_start + 1).astype(np.int32)),
        "kind": kinds,
        "exercise": pa.array(lines.exercise.astype(np.int32)),
        "date": pa.array([day] * min(count, 1), pa.date32()).take(pa.array(np.zeros(count, np.int32))),
        "predecessor": pc.binary_join_element_wise("@", entries.cast(texts), ""),  # type: ignore[call-overload]
        "amount_cents": pa.array(lines.amount),
        "iban": as_arrow(take_rows(payees.iban, payees.find_rows(lines.details, lines.payee))),
    }
    fields = [pa.field(name, column.type, nullable=False) for name, column in columns.items()]
    said = {"sender": SENDER, "batch_id": number, "version": _VERSION, "count": str(count)}
    said["control_sum"] = format_cents(sum_exactly(lines.amount))
    metadata = {f"crescendo.{name}": value for name, value in said.items()}
    return pa.table(list(columns.values()), schema=pa.schema(fields, metadata=metadata))


def write_acts(table: pa.Table) -> Iterator[bytes]:
    """The file of ``table``: Arrow IPC, in pieces."""
    sink = _ChunkSink()
    with pa.ipc.new_file(pa.PythonFile(sink, "w"), table.schema) as writer:
        for batch in table.combine_chunks().to_batches(_BATCH_ROWS):
            writer.write_batch(batch)
            yield from sink.take_chunks()
    yield from sink.take_chunks()


class _ChunkSink:
    """What a writer wrote, to be taken from time to time."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, part: bytes) -> int:
        """Keep a part; the writer may use its memory again."""
        self._parts.append(bytes(part))
        self._size += len(part)
        return len(part)

    def tell(self) -> int:
        """Bytes so far."""
        return self._size

    def flush(self) -> None:
        """Nothing is held back."""

    def writable(self) -> bool:
        """Whether it may be written to."""
        return True

    def take_chunks(self) -> Iterator[bytes]:
        """What came since."""
        parts, self._parts = self._parts, []
        yield from parts
