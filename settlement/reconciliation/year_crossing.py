"""Returns that the bank makes in a later year than the debit.

References are unique within an exercise only, so such a return names its debit by entry.  If the journal does not have the
debit yet, the return waits for it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.bank_messages import MovementType
from settlement.reconciliation import act_lines, bank_acts
from settlement.reconciliation.bank_acts import MatchedMessage
from settlement.reconciliation.mismatch import Mismatch

_YEAR_BITS = 14


class DebitEntry(NamedTuple):
    """The debit of one line of a transfer, in the journal."""

    entry: int
    exercise: int


def select_returned_lines(matched: MatchedMessage) -> NDArray[np.int64]:
    """Return the entries of the lines that are returned in a later year than they were sent in."""
    lines = bank_acts.expand_lines(matched, _select_later_returns(matched))
    return matched.sent.lines.entry_id[lines.sent]


def link_earlier_debits(matched: MatchedMessage, debits: Mapping[int, DebitEntry]) -> MatchedMessage:
    """Link returns to their ``debits`` of earlier years, by line; a return whose debit exists nowhere matches nothing."""
    rows, year, entry = _select_later_returns(matched), _compute_years(matched), matched.matches.entry
    lines = bank_acts.expand_lines(matched, rows)
    sent_entries = matched.sent.lines.entry_id[lines.sent].tolist()
    earlier = {
        line: debits[line].entry
        for line, return_year in zip(sent_entries, year[lines.movement].tolist(), strict=True)
        if line in debits and debits[line].exercise < return_year
    }
    is_in_journal = np.array([number in debits for number in entry[rows].tolist()], bool)
    debited = np.flatnonzero(
        matched.matches.is_matched & (matched.matches.movement_type == MovementType.DEBIT)
    )
    is_in_message = np.isin(
        _pack_entry_year(entry[rows], year[rows]), _pack_entry_year(entry[debited], year[debited])
    )
    mismatch = matched.matches.mismatch.copy()
    mismatch[rows[~(is_in_journal | is_in_message)]] = Mismatch.NOT_DEBITED
    return matched._replace(matches=matched.matches._replace(mismatch=mismatch), debits=earlier)


def _select_later_returns(matched: MatchedMessage) -> NDArray[np.int64]:
    """Return the movements that return a transfer of an earlier year."""
    matches, sent = matched.matches, matched.sent
    rows = np.flatnonzero(matches.is_matched & (matches.movement_type == MovementType.RETURN))
    sent_year = act_lines.to_years(sent.lines.day[sent.head[matches.transfer[rows]]])
    return rows[_compute_years(matched)[rows] > sent_year]


def _compute_years(matched: MatchedMessage) -> NDArray[np.int64]:
    return act_lines.to_years(matched.message.movements.day)


def _pack_entry_year(entry: NDArray[np.int64], year: NDArray[np.int64]) -> NDArray[np.int64]:
    return entry << _YEAR_BITS | year
