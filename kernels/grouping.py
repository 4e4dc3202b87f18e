"""Grouping of lines into acts, and the digest of each act."""

import numpy as np

from core.act_fields import ACT_LINES_MAX
from core.outcome_codes import Outcome
from core.tables.journal import ActGrouping, LineKeys
from kernels.jit import fills, kernel, part, reads

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_30, _27, _31 = np.uint64(30), np.uint64(27), np.uint64(31)


@part
def mix_bits(word):
    """Mix the bits of a word.  Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators"."""
    word = (word ^ (word >> _30)) * _MIX_1
    word = (word ^ (word >> _27)) * _MIX_2
    return word ^ (word >> _31)


@part
def _is_continuation(lines, row):
    """Return whether this line continues the act of the line above."""
    above = row - 1
    if row == 0 or lines.number[row] < 2:
        return False
    if lines.number[row] - 1 != lines.number[above]:
        return False
    return lines.high[row] == lines.high[above] and lines.low[row] == lines.low[above]


@kernel(reads(LineKeys), fills(ActGrouping))
def group_lines(lines, grouping):
    """Find the act of every line: line 1 starts one, the next number under the same key continues it.

    A key contains the family of kinds, so the lines of an act are of one family, and may be of several kinds.

    Reads     lines      n rows in file order
    Fills     grouping   n rows; row of the act's first line, digest of the whole act, fault
    Order     row order
    Outcomes  LINE_INVALID for a line that neither starts nor continues an act; ACT_TOO_LONG; never raises
    Overflow  words wrap by design
    Cost      O(n), one pass
    Oracle    tests.oracle.grouping.group_lines
    """
    head, content, fault = grouping.head, grouping.content, grouping.fault
    first = 0
    for row in range(lines.number.size):
        fault[row] = 0
        if lines.number[row] != 1:
            if _is_continuation(lines, row):
                if row - first >= ACT_LINES_MAX and fault[first] == 0:
                    fault[first] = Outcome.ACT_TOO_LONG.value
            else:
                first = row
                fault[row] = Outcome.LINE_INVALID.value
        else:
            first = row
        head[row] = first
        content[row] = mix_bits(lines.digest[row] + np.uint64(row - first + 1) * _GOLDEN)
        if row != first:
            content[first] += content[row]
