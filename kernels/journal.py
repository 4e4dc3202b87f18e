"""Accepted lines to journal rows: the COPY bytes of ``Entries``, written in one pass.

The general encoder (``posting.pgcopy.Encoder``) gathers every column, then swaps and interleaves the columns; with one row
for every accepted line, that cost more than the decisions.  Here each row is written once, in its place.

Order, width and number of the columns come from ``Entries``; this module adds only the value of each column.

Source: PostgreSQL manual, COPY, "Binary Format".
"""

import numpy as np

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from core.tables.columns import Byte, Money, read_column_kinds
from core.tables.journal import Acts, Bytes, Decisions, Entries, LineDetails
from kernels.jit import as_position, borrow, fills_column, kernel, part, reads, reads_column, reads_records

_COUNT_BYTES, _LENGTH_BYTES = 2, 4
_WIDTH = Entries._make(kind.dtype.itemsize for kind in read_column_kinds(Entries).values())
"""Bytes of each column."""
_END = _COUNT_BYTES + np.cumsum([_LENGTH_BYTES + width for width in _WIDTH])
_START = Entries._make(int(end) - width for end, width in zip(_END, _WIDTH, strict=True))
"""Position of each column in the row; its length is before it."""

ROW_BYTES = int(_END[-1])
"""Field count, then the length and the value of every fixed column."""

_FIELDS = len(_WIDTH) + 1
_MOVE_AE, _MOVE_CP = KIND_NUMBERS["budget_move_ae"], KIND_NUMBERS["budget_move_cp"]
_DECREE_FIRST, _DECREE_LAST = KIND_NUMBERS["virement_ae"], KIND_NUMBERS["decree_transfer_cp"]
_POSTGRES_EPOCH_DAY = 10957


@part
def _write_number(out, at, width, value):
    """Write ``width`` bytes, big endian."""
    at = as_position(at)
    for place in range(width):
        out[at + place] = np.uint8((value >> (8 * (width - 1 - place))) & 0xFF)


@part
def _write_column(out, at, width, value):
    """Write a column whose value starts at ``at``: its length, then its value."""
    _write_number(out, at - _LENGTH_BYTES, _LENGTH_BYTES, width)
    _write_number(out, at, width, np.int64(value))


@part
def _write_act(out, at, act, first_node):
    moves = act.kind == _MOVE_AE or act.kind == _MOVE_CP or _DECREE_FIRST <= act.kind <= _DECREE_LAST
    source = np.int64(max(act.source, 0)) + (first_node if moves else np.int64(0))
    period = np.int64(act.period)
    _write_column(out, at + _START.amount, _WIDTH.amount, act.amount)
    _write_column(out, at + _START.content, _WIDTH.content, act.content)
    _write_column(out, at + _START.source, _WIDTH.source, source)
    _write_column(out, at + _START.kind, _WIDTH.kind, act.kind)
    _write_column(out, at + _START.exercise, _WIDTH.exercise, period // PERIODS_PER_YEAR + YEAR_FIRST)
    _write_column(out, at + _START.month, _WIDTH.month, period % PERIODS_PER_YEAR)


@part
def _write_decision(out, at, decision):
    _write_column(out, at + _START.entry_id, _WIDTH.entry_id, decision.entry)
    _write_column(out, at + _START.predecessor, _WIDTH.predecessor, decision.predecessor)
    _write_column(out, at + _START.cell, _WIDTH.cell, decision.cell)
    _write_column(out, at + _START.payee, _WIDTH.payee, decision.payee)
    _write_column(out, at + _START.debit, _WIDTH.debit, decision.debit)
    _write_column(out, at + _START.credit, _WIDTH.credit, decision.credit)
    _write_column(out, at + _START.accountant, _WIDTH.accountant, decision.accountant)


@kernel(
    reads_records(Acts),
    reads_records(Decisions),
    reads(LineDetails),
    reads_column(Money),
    reads(Bytes),
    fills_column(Byte),
)
def write_journal_rows(acts, decisions, details, common, text, out):  # noqa: PLR0917
    """Write the journal row of every accepted line.

    Reads     acts, decisions    n records
              details            n rows; line, day, and the span of the reference in ``text``
              common             2 numbers: the submission, and the node at position 0 of the book
    Fills     out                exactly as many bytes as the accepted lines take
    Order     row order
    Outcomes  none; never raises
    Overflow  none: every value fits the width of its column, and ``out`` is below 4 GiB
    Cost      O(bytes), one pass
    Source    PostgreSQL manual, COPY, binary format
    Oracle    tests.oracle.journal.build_rows
    """
    acts, decisions, out = borrow(acts), borrow(decisions), borrow(out)
    line, day, start, end, data = details.line, details.day, details.start, details.end, text.data
    at = 0
    for row in range(acts.size):
        row = as_position(row)
        if decisions[row].outcome != Outcome.ACCEPTED.value:
            continue
        _write_number(out, at, _COUNT_BYTES, _FIELDS)
        _write_act(out, at, acts[row], common[1])
        _write_decision(out, at, decisions[row])
        _write_column(out, at + _START.submission, _WIDTH.submission, common[0])
        _write_column(out, at + _START.line, _WIDTH.line, line[row])
        _write_column(out, at + _START.day, _WIDTH.day, np.int64(day[row]) - _POSTGRES_EPOCH_DAY)
        at += ROW_BYTES
        _write_number(out, at, _LENGTH_BYTES, np.int64(end[row]) - start[row])
        at += _LENGTH_BYTES
        for place in range(start[row], end[row]):
            out[as_position(at)] = data[as_position(place)]
            at += 1
