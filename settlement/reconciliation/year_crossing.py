"""Around the turn of the year: what came back in another year than it was debited in.

Our names for acts reach no further than an exercise, so that such a return follows its debit by entry; where the books do not
have that yet, it waits until they do.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.bank_messages import MovementType
from settlement.reconciliation import bank_acts
from settlement.reconciliation.bank_acts import MatchedMessage
from settlement.reconciliation.mismatch import Mismatch


class DebitEntry(NamedTuple):
    """Of one line of a transfer, in the journal."""

    entry: int
    exercise: int


def select_returned_lines(matched: MatchedMessage) -> NDArray[np.int64]:
    """Entries of the lines that came back in a later year than they were sent in."""
    _, at = bank_acts.expand_lines(matched, _select_later_returns(matched))
    return matched.sent.lines.entry_id[at]


def link_earlier_debits(matched: MatchedMessage, debits: Mapping[int, DebitEntry]) -> MatchedMessage:
    """Let returns follow their ``debits`` (by line); those whose debit is in no book yet match nothing."""
    rows, year, entry = _select_later_returns(matched), _compute_years(matched), matched.matches.entry
    own, at = bank_acts.expand_lines(matched, rows)
    told = zip(matched.sent.lines.entry_id[at].tolist(), year[own].tolist(), strict=True)
    before = {
        line: debits[line].entry for line, back in told if line in debits and debits[line].exercise < back
    }
    is_debited = np.array([number in debits for number in entry[rows].tolist()], bool)
    is_told = np.isin(_pack_entry_year(entry[rows], year[rows]), _pack_entry_year(*_select_debits(matched)))
    why = matched.matches.mismatch.copy()
    why[rows[~(is_debited | is_told)]] = Mismatch.NOT_DEBITED
    return matched._replace(matches=matched.matches._replace(mismatch=why), debits=before)


def _compute_years(answered: MatchedMessage) -> NDArray[np.int64]:
    return bank_acts.to_years(answered.message.movements.day)


def _select_later_returns(answered: MatchedMessage) -> NDArray[np.int64]:
    """Movements that give back what was sent in a year before."""
    matched, sent = answered.matches, answered.sent
    rows = np.flatnonzero(matched.is_matched & (matched.movement_type == MovementType.RETURN))
    sent_in = bank_acts.to_years(sent.lines.day[sent.head[matched.transfer[rows]]])
    return rows[_compute_years(answered)[rows] > sent_in]


def _select_debits(answered: MatchedMessage) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The transfers that the message itself debits, and the year of each."""
    rows = np.flatnonzero(
        answered.matches.is_matched & (answered.matches.movement_type == MovementType.DEBIT)
    )
    return answered.matches.entry[rows], _compute_years(answered)[rows]


def _pack_entry_year(entry: NDArray[np.int64], year: NDArray[np.int64]) -> NDArray[np.int64]:
    return entry << 14 | year
