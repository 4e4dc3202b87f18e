"""Stretches of refusals: consecutive lines of a file, refused for one reason of form.

The first ``SINGLE_LINES_MAX`` lines of a stretch have a row each; the rest of it is one row, stored by the batch in which
the stretch ends.  A file that is wrong throughout thus costs no more rows than that, however many lines a few bytes unpack
to.  What waits for the end of its stretch is part of the submission's progress: neither the cuts of batches nor a restart
change a row.  Lines that credit, predecessors, duplicates or reference data refuse have a row each, always: somebody may
have to look at each of them, and the next attempt may accept some.
"""

from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import Field
from core.outcome_codes import FORM_FAULTS, Outcome
from core.tables.columns import seal_array
from kernels.outcome_counts import REFUSED
from posting.batch import NO_STRETCH, Piece, RefusalStretch
from posting.outcome_groups import OutcomeGroups
from posting.raw_texts import take_texts

SINGLE_LINES_MAX = 100_000
"""Lines of a stretch that have a row each."""

_IS_FORM_FAULT = seal_array(np.isin(np.arange(max(Outcome) + 1), list(FORM_FAULTS)))
_YEAR_FIELDS = (Field.EXERCISE, Field.BUDGET_YEAR)
_YEAR_PATTERN = r"^[0-9]{4}$"


class StretchRest(NamedTuple):
    """The rest of a stretch that has ended: one row."""

    row: int
    """Row of the piece that stores it: the line that ended the stretch, or the last line of the first pass."""
    line: int
    """Position of its first line in the submission."""
    stretch: RefusalStretch


class StoredRefusals(NamedTuple):
    """The refusals that a piece stores."""

    rows: NDArray[np.int32]
    """Lines of the piece that have a row each."""
    rests: list[StretchRest]


class _Runs(NamedTuple):
    """Runs of consecutive lines with one fault of form, as spans of the refused lines of a piece."""

    start: NDArray[np.int64]
    end: NDArray[np.int64]


def store_refusals(piece: Piece, decisions: np.ndarray, groups: OutcomeGroups) -> StoredRefusals:
    """Return what a decided piece stores of its refusals, and advance the stretch of its submission."""
    rows, submission = groups.select_rows(REFUSED), piece.submission
    is_first_pass = submission.lines is not None and submission.progress.pass_number == 1
    has_lines = len(piece.lines) > 0  # a piece without lines neither ends nor continues a stretch
    is_divided = is_first_pass and has_lines and (len(rows) > 0 or submission.stretch != NO_STRETCH)
    refusals = _Division(piece, decisions, rows).divide() if is_divided else StoredRefusals(rows, [])
    submission.refusal_rows += len(refusals.rows) + len(refusals.rests)
    return refusals


class _Division:
    """Divides the refused lines of one piece into single lines and rests."""

    def __init__(self, piece: Piece, decisions: np.ndarray, rows: NDArray[np.int32]) -> None:
        self._piece, self._rows = piece, rows
        self._codes = decisions["outcome"][rows]
        self._fields = np.where(self._codes == piece.acts["fault"][rows], piece.field[rows], 0)
        self._is_single = np.ones(len(rows), bool)
        self._rests: list[StretchRest] = []

    def divide(self) -> StoredRefusals:
        """Divide the lines, and set the stretch with which the piece ends."""
        runs = self._find_runs()
        before = self._piece.submission.stretch
        if not self._is_continued(runs, before):
            self._end_stretch(before, 0, int(self._piece.lines[0]))
            before = NO_STRETCH
        lines = runs.end - runs.start
        lines[:1] += before.lines
        after = NO_STRETCH
        last = len(lines) - 1
        for number in np.union1d(
            np.flatnonzero(lines > SINGLE_LINES_MAX), [last] if last >= 0 else []
        ).tolist():
            start, end = int(runs.start[number]), int(runs.end[number])
            stretch = self._extend(before if number == 0 else NO_STRETCH, start, end)
            after = self._end_run(stretch, int(self._rows[end - 1]))
        self._piece.submission.stretch = after
        return StoredRefusals(self._rows[self._is_single], self._rests)

    def _find_runs(self) -> _Runs:
        is_form = self._find_form_faults()
        if not len(is_form):
            return _Runs(np.zeros(0, np.int64), np.zeros(0, np.int64))
        continues = np.zeros(len(self._rows), bool)
        continues[1:] = (
            (np.diff(self._rows) == 1) & (np.diff(self._codes.astype(np.int16)) == 0) & is_form[:-1]
        )
        start = np.flatnonzero(is_form & ~continues)
        ends = np.flatnonzero(is_form & ~np.append(continues[1:] & is_form[1:], False)) + 1
        return _Runs(start, ends)

    def _find_form_faults(self) -> NDArray[np.bool_]:
        """Return which lines have a fault of form; a year that only the calendar lacks is none."""
        is_form = _IS_FORM_FAULT[self._codes]
        for field in _YEAR_FIELDS:
            places = np.flatnonzero(is_form & (self._fields == field))
            if len(places):
                is_form[places] = ~self._find_years(places, field)
        return is_form

    def _find_years(self, places: NDArray[np.int64], field: Field) -> NDArray[np.bool_]:
        texts = take_texts(self._piece, self._rows[places], field)
        is_year = pc.call_function("match_substring_regex", [texts], pc.MatchSubstringOptions(_YEAR_PATTERN))
        return is_year.to_numpy(zero_copy_only=False)

    def _is_continued(self, runs: _Runs, before: RefusalStretch) -> bool:
        """Return whether the first line of the piece continues the stretch before it."""
        has_first = len(runs.start) > 0 and self._rows[runs.start[0]] == 0
        return bool(has_first and self._codes[runs.start[0]] == before.code)

    def _extend(self, before: RefusalStretch, start: int, end: int) -> RefusalStretch:
        """Return the stretch with one more run; the lines of its rest are single no longer."""
        first = start + min(SINGLE_LINES_MAX - before.lines, end - start)
        stretch = before._replace(code=int(self._codes[start]), lines=before.lines + first - start)
        if first == end:
            return stretch
        self._is_single[first:end] = False
        fields = self._fields[first:end]
        is_same = fields.min() == fields.max() and (not before.rest_lines or before.rest_field == fields[0])
        cents = int(self._piece.cents[self._rows[first:end]].sum())
        return stretch._replace(
            rest_lines=before.rest_lines + end - first,
            rest_cents=before.rest_cents + cents,
            rest_field=int(fields[0]) if is_same else 0,
        )

    def _end_run(self, stretch: RefusalStretch, last_row: int) -> RefusalStretch:
        """Return the stretch if the next piece may continue it; else end it."""
        is_last = last_row == len(self._piece.acts) - 1
        if is_last and not self._piece.progress_after.is_done:
            return stretch
        ending_row = last_row if is_last else last_row + 1
        self._end_stretch(stretch, ending_row, int(self._piece.lines[last_row]) + 1)
        return NO_STRETCH

    def _end_stretch(self, stretch: RefusalStretch, row: int, end: int) -> None:
        """Store the rest of a stretch that ends before line ``end``."""
        if stretch.rest_lines:
            self._rests.append(StretchRest(row, end - stretch.rest_lines, stretch))
