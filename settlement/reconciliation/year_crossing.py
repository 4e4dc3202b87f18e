"""Around the turn of the year: what came back in another year than it was debited in.

Our names for acts reach no further than an exercise, so that such a return follows its debit by entry; where the books do not
have that yet, it waits until they do.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.bank_messages import Sort
from settlement.reconciliation import bank_acts
from settlement.reconciliation.bank_acts import Answered
from settlement.reconciliation.mismatch import Mismatch


class Debit(NamedTuple):
    """Of one line of a transfer, in the journal."""

    entry: int
    exercise: int


def lines(answered: Answered) -> NDArray[np.int64]:
    """Entries of the lines that came back in a later year than they were sent in."""
    _, at = bank_acts.lines_of(answered, _later(answered))
    return answered.sent.lines.entry_id[at]


def followed(answered: Answered, debits: Mapping[int, Debit]) -> Answered:
    """Let returns follow their ``debits`` (by line); those whose debit is in no book yet match nothing."""
    rows, year, entry = _later(answered), _years(answered), answered.matched.entry
    own, at = bank_acts.lines_of(answered, rows)
    told = zip(answered.sent.lines.entry_id[at].tolist(), year[own].tolist(), strict=True)
    before = {
        line: debits[line].entry for line, back in told if line in debits and debits[line].exercise < back
    }
    is_debited = np.array([number in debits for number in entry[rows].tolist()], bool)
    is_told = np.isin(_words(entry[rows], year[rows]), _words(*_debits(answered)))
    why = answered.matched.why.copy()
    why[rows[~(is_debited | is_told)]] = Mismatch.NOT_DEBITED
    return answered._replace(matched=answered.matched._replace(why=why), debits=before)


def _years(answered: Answered) -> NDArray[np.int64]:
    return bank_acts.years(answered.message.movements.day)


def _later(answered: Answered) -> NDArray[np.int64]:
    """Movements that give back what was sent in a year before."""
    matched, sent = answered.matched, answered.sent
    rows = np.flatnonzero(matched.fits & (matched.sort == Sort.RETURN))
    sent_in = bank_acts.years(sent.lines.day[sent.head[matched.place[rows]]])
    return rows[_years(answered)[rows] > sent_in]


def _debits(answered: Answered) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The transfers that the message itself debits, and the year of each."""
    rows = np.flatnonzero(answered.matched.fits & (answered.matched.sort == Sort.DEBIT))
    return answered.matched.entry[rows], _years(answered)[rows]


def _words(entry: NDArray[np.int64], year: NDArray[np.int64]) -> NDArray[np.int64]:
    return entry << 14 | year
