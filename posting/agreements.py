"""Agreements: lines that name no person come under the agreement of their sender, that its own system separates both hands.

A line needs one from the day that the calendar sets for its exercise.  The acts of Crescendo's own senders need none: persons
decide on payment runs and bank files in their own way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.calendar import Calendar
from core.catalog import CATALOG, KIND_NUMBERS
from core.directory import Agreement
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST, YEAR_LAST
from core.senders import RESERVED_SENDERS
from core.tables.signatures import AgreementUses
from posting.batch import Piece

_EPOCH = date(1970, 1, 1)
_NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class AgreementRules:
    """From which day on a line that names nobody needs an agreement, by exercise."""

    required_from: NDArray[np.int32]
    """Days since 1970, by year from ``core.periods.YEAR_FIRST``."""

    @classmethod
    def from_calendar(cls, calendar: Calendar) -> "AgreementRules":
        """Read the days of the exercises; one that names none asks for no agreement."""
        days = np.full(YEAR_LAST - YEAR_FIRST + 1, _NEVER, np.int32)
        for year, exercise in calendar.exercises.items():
            if exercise.agreement_required_from is not None:
                days[year - YEAR_FIRST] = (exercise.agreement_required_from - _EPOCH).days
        return cls(days)

    @property
    def is_any_required(self) -> bool:
        """Whether any exercise asks for agreements."""
        return bool((self.required_from != _NEVER).any())

    def find_lines_in_need(self, acts: np.ndarray) -> NDArray[np.bool_]:
        """Return whether each act needs an agreement, as it names nobody."""
        year = np.clip(acts["period"] // PERIODS_PER_YEAR, 0, len(self.required_from) - 1)
        return (acts["signature"] == 0) & (acts["day"] >= self.required_from[year])


def mark_lines(
    piece: Piece, agreements: Sequence[Agreement], rules: AgreementRules
) -> NDArray[np.int32] | None:
    """Refuse the lines of ``piece`` that need an agreement and have none.

    Return the number of the agreement of each line, 0 for none; None where neither rules nor agreements concern the sender.
    """
    own = [item for item in agreements if item.sender == piece.submission.sender]
    if piece.submission.sender in RESERVED_SENDERS or not (own or rules.is_any_required):
        return None
    numbers, is_dated = np.zeros(len(piece.acts), np.int32), np.zeros(len(piece.acts), bool)
    for agreement in reversed(own):
        in_time = _is_in_time(piece.acts["day"], agreement)
        is_dated |= in_time
        numbers[in_time & _is_covered(piece.acts, agreement)] = agreement.agreement
    numbers[piece.acts["signature"] != 0] = 0
    is_refused = rules.find_lines_in_need(piece.acts) & (numbers == 0) & (piece.acts["fault"] == 0)
    codes = np.where(is_dated, Outcome.AGREEMENT_EXCEEDED, Outcome.AGREEMENT_MISSING)
    piece.acts["fault"][is_refused] = codes[is_refused]
    piece.field[is_refused] = Field.ENTERED_BY
    return numbers


def _is_in_time(day: NDArray[np.int32], agreement: Agreement) -> NDArray[np.bool_]:
    is_begun = day >= (agreement.first_day - _EPOCH).days
    if agreement.last_day is None:
        return is_begun
    return is_begun & (day <= (agreement.last_day - _EPOCH).days)


def _is_covered(acts: np.ndarray, agreement: Agreement) -> NDArray[np.bool_]:
    """Return whether the kind of each line and the amount of its act are within an agreement."""
    covers_kind = np.zeros(len(CATALOG), bool)
    covers_kind[[KIND_NUMBERS[kind] for kind in agreement.kinds]] = True
    is_covered = covers_kind[acts["kind"]]
    if agreement.ceiling is None:
        return is_covered
    starts = np.flatnonzero(acts["head"] == np.arange(len(acts)))
    lines = np.diff(np.append(starts, len(acts)))
    return is_covered & (np.repeat(np.add.reduceat(acts["amount"], starts), lines) <= agreement.ceiling)


def list_uses(entry: NDArray[np.int64], number: NDArray[np.int32]) -> AgreementUses:
    """Return the runs of consecutive entries under one agreement; 0 in either is a line that has none."""
    is_used = (entry > 0) & (number > 0)
    entry, number = entry[is_used], number[is_used]
    is_first = (np.diff(entry, prepend=-1) != 1) | (np.diff(number, prepend=0) != 0)
    is_last = np.roll(is_first, -1)
    return AgreementUses(entry[is_first], entry[is_last], number[is_first])
