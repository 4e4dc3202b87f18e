"""Accepted lines to journal rows: the COPY bytes of ``Entries``, written in one pass.

The general way (``posting.pgcopy.Encoder``) gathers every column and then swaps and interleaves them; at one row for
every act that cost more than deciding it.  Here each row is written once, where it belongs.

Source: PostgreSQL manual, COPY, "Binary Format".
"""

import numpy as np

from core.calendar import PERIODS_PER_YEAR, YEAR_FIRST
from core.outcome_codes import Outcome
from core.tables.columns import Byte, Money
from core.tables.journal import Acts, Bytes, Decisions, LineDetails
from kernels.jit import as_position, borrow, fills_column, kernel, part, reads, reads_column, reads_records

ROW_BYTES = 2 + 15 * 4 + 4 * 8 + 6 * 4 + 5 * 2
"""Field count, a length for each of fifteen fixed columns, the columns."""

_FIELDS = 16
_POSTGRES_EPOCH_DAY = 10957


@part
def _write_2_bytes(out, at, value):
    at = as_position(at)
    out[at], out[at + 1] = np.uint8((value >> 8) & 0xFF), np.uint8(value & 0xFF)
    return at + 2


@part
def _write_4_bytes(out, at, value):
    at = as_position(at)
    for place in range(4):
        out[at + place] = np.uint8((value >> (24 - 8 * place)) & 0xFF)
    return at + 4


@part
def _write_int2(out, at, value):
    return _write_2_bytes(out, _write_4_bytes(out, at, 2), value)


@part
def _write_int4(out, at, value):
    return _write_4_bytes(out, _write_4_bytes(out, at, 4), value)


@part
def _write_int8(out, at, value):
    at = as_position(_write_4_bytes(out, at, 8))
    for place in range(8):
        out[at + place] = np.uint8((value >> (56 - 8 * place)) & 0xFF)
    return at + 8


@part
def _write_amounts(out, at, act, found):
    at = _write_int8(out, at, found.entry)
    at = _write_int8(out, at, found.predecessor)
    at = _write_int8(out, at, act.amount)
    return _write_int8(out, at, np.int64(act.content))


@part
def _write_cell(out, at, act, found, first_node):
    source = np.int64(act.source) + first_node if act.source >= 0 else np.int64(0)
    at = _write_int4(out, at, np.int64(found.cell))
    at = _write_int4(out, at, source)
    return _write_int4(out, at, np.int64(found.payee))


@part
def _write_posting(out, at, act, found):
    at = _write_int2(out, at, np.int64(act.kind))
    at = _write_int2(out, at, np.int64(act.period) // PERIODS_PER_YEAR + YEAR_FIRST)
    at = _write_int2(out, at, np.int64(act.period) % PERIODS_PER_YEAR)
    at = _write_int2(out, at, np.int64(found.debit))
    return _write_int2(out, at, np.int64(found.credit))


@kernel(
    reads_records(Acts),
    reads_records(Decisions),
    reads(LineDetails),
    reads_column(Money),
    reads(Bytes),
    fills_column(Byte),
)
def write_journal_rows(acts, decisions, posted, common, text, out):  # noqa: PLR0917
    """Write the journal row of every accepted line.

    Reads     acts, decisions    n records
              posted             n rows; line, day, and where the reference stands in ``text``
              common             2 numbers: the submission, and the node at position 0 of the book
    Fills     out                exactly as many bytes as the accepted lines take
    Order     row order
    Outcomes  none; never raises
    Overflow  none: every field is written at the width its column has, and ``out`` is below 4 GiB
    Cost      O(bytes), one pass
    Source    PostgreSQL manual, COPY, binary format
    Oracle    tests.oracle.journal.build_rows
    """
    acts, decisions, out = borrow(acts), borrow(decisions), borrow(out)
    line, day, start, end, data = posted.line, posted.day, posted.start, posted.end, text.data
    at = 0
    for row in range(acts.size):
        row = as_position(row)
        found = decisions[row]
        if found.outcome != Outcome.ACCEPTED.value:
            continue
        act = acts[row]
        at = _write_2_bytes(out, at, _FIELDS)
        at = _write_amounts(out, at, act, found)
        at = _write_int4(out, at, common[0])
        at = _write_int4(out, at, np.int64(line[row]))
        at = _write_int4(out, at, np.int64(day[row]) - _POSTGRES_EPOCH_DAY)
        at = _write_cell(out, at, act, found, common[1])
        at = _write_posting(out, at, act, found)
        at = _write_4_bytes(out, at, np.int64(end[row] - start[row]))
        for place in range(start[row], end[row]):
            out[as_position(at)] = data[as_position(place)]
            at += 1
