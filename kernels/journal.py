"""Accepted lines to journal rows: the COPY bytes of ``Entries``, written in one pass.

The general way (``posting.pgcopy.Encoder``) gathers every column and then swaps and interleaves them; at one row for
every act that cost more than deciding it.  Here each row is written once, where it belongs.

Source: PostgreSQL manual, COPY, "Binary Format".
"""

import numpy as np

from core.calendar import PERIODS_A_YEAR, YEAR_FIRST
from core.outcome_codes import Outcome
from core.tables.columns import Byte, Money
from core.tables.journal import Acts, Bytes, Decisions, Posted
from kernels.jit import borrow, counted, fills_column, kernel, part, reads, reads_column, reads_records

ROW_BYTES = 2 + 15 * 4 + 4 * 8 + 6 * 4 + 5 * 2
"""Field count, a length for each of fifteen fixed columns, the columns."""

_FIELDS = 16
_POSTGRES_EPOCH_DAY = 10957


@part
def _put2(out, at, value):
    at = counted(at)
    out[at], out[at + 1] = np.uint8((value >> 8) & 0xFF), np.uint8(value & 0xFF)
    return at + 2


@part
def _put4(out, at, value):
    at = counted(at)
    for place in range(4):
        out[at + place] = np.uint8((value >> (24 - 8 * place)) & 0xFF)
    return at + 4


@part
def _small(out, at, value):
    return _put2(out, _put4(out, at, 2), value)


@part
def _whole(out, at, value):
    return _put4(out, _put4(out, at, 4), value)


@part
def _long(out, at, value):
    at = counted(_put4(out, at, 8))
    for place in range(8):
        out[at + place] = np.uint8((value >> (56 - 8 * place)) & 0xFF)
    return at + 8


@part
def _put_amounts(out, at, act, found):
    at = _long(out, at, found.entry)
    at = _long(out, at, found.predecessor)
    at = _long(out, at, act.amount)
    return _long(out, at, np.int64(act.content))


@part
def _put_place(out, at, act, found, first_node):
    source = np.int64(act.source) + first_node if act.source >= 0 else np.int64(0)
    at = _whole(out, at, np.int64(found.cell))
    at = _whole(out, at, source)
    return _whole(out, at, np.int64(found.payee))


@part
def _put_posting(out, at, act, found):
    at = _small(out, at, np.int64(act.kind))
    at = _small(out, at, np.int64(act.period) // PERIODS_A_YEAR + YEAR_FIRST)
    at = _small(out, at, np.int64(act.period) % PERIODS_A_YEAR)
    at = _small(out, at, np.int64(found.debit))
    return _small(out, at, np.int64(found.credit))


@kernel(
    reads_records(Acts),
    reads_records(Decisions),
    reads(Posted),
    reads_column(Money),
    reads(Bytes),
    fills_column(Byte),
)
def rows(acts, decisions, posted, common, text, out):  # noqa: PLR0917
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
    Oracle    tests.oracle.journal.rows
    """
    acts, decisions, out = borrow(acts), borrow(decisions), borrow(out)
    line, day, start, end, data = posted.line, posted.day, posted.start, posted.end, text.data
    at = 0
    for row in range(acts.size):
        row = counted(row)
        found = decisions[row]
        if found.outcome != Outcome.ACCEPTED.value:
            continue
        act = acts[row]
        at = _put2(out, at, _FIELDS)
        at = _put_amounts(out, at, act, found)
        at = _whole(out, at, common[0])
        at = _whole(out, at, np.int64(line[row]))
        at = _whole(out, at, np.int64(day[row]) - _POSTGRES_EPOCH_DAY)
        at = _put_place(out, at, act, found, common[1])
        at = _put_posting(out, at, act, found)
        at = _put4(out, at, np.int64(end[row] - start[row]))
        for place in range(start[row], end[row]):
            out[counted(at)] = data[counted(place)]
            at += 1
