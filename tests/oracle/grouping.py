"""Grouping of lines into acts, and the digest of an act: the sum of its lines' words, each mixed with its position.

Source of the mixing: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014), MurmurHash3's
finaliser in Stafford's thirteenth variant, and the golden ratio as step.
"""

from collections.abc import Sequence
from typing import NamedTuple

from core.act_fields import ACT_LINES_MAX
from core.outcome_codes import Outcome

_WORD = 2**64
_GOLDEN = 0x9E3779B97F4A7C15


class LineKey(NamedTuple):
    """One row of ``core.tables.journal.LineKeys``."""

    number: int
    high: int
    low: int
    digest: int

    @property
    def key(self) -> tuple[int, int]:
        return self.high, self.low


class GroupedLine(NamedTuple):
    """Row of the act's first line; the digest, on the first line of the whole act; the fault."""

    head: int
    content: int
    fault: int


def group_lines(lines: Sequence[LineKey]) -> list[GroupedLine]:
    """Group lines: line 1 starts an act, the next number under the same key continues it."""
    grouped: list[GroupedLine] = []
    for act in _split_acts(lines):
        head = len(grouped)
        words = [mix_bits(line.digest + (place + 1) * _GOLDEN) for place, line in enumerate(act)]
        grouped += [GroupedLine(head, sum(words) % _WORD, _find_fault(act))]
        grouped += [GroupedLine(head, word, Outcome.ACCEPTED) for word in words[1:]]
    return grouped


def _find_fault(act: Sequence[LineKey]) -> Outcome:
    """Return the fault of an act, reported on its first line: one refused line refuses the act."""
    if act[0].number != 1:
        return Outcome.LINE_INVALID
    return Outcome.ACT_TOO_LONG if len(act) > ACT_LINES_MAX else Outcome.ACCEPTED


def _split_acts(lines: Sequence[LineKey]) -> list[list[LineKey]]:
    acts: list[list[LineKey]] = []
    for line in lines:
        above = acts[-1][-1] if acts else None
        if above and line.number > 1 and (line.number, line.key) == (above.number + 1, above.key):
            acts[-1].append(line)
        else:
            acts.append([line])
    return acts


def mix_bits(word: int) -> int:
    """Mix the bits of a word."""
    word %= _WORD
    word = (word ^ word >> 30) * 0xBF58476D1CE4E5B9 % _WORD
    word = (word ^ word >> 27) * 0x94D049BB133111EB % _WORD
    return word ^ word >> 31
