"""Returns whose debit has no reference of the bank in their exercise: of an earlier year, or identified by the accountant.

References are unique within an exercise only, so such a return names its debit by entry.  If the journal does not have a
debit of an earlier year yet, the return waits for it.
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
    is_identified: bool = False
    """Whether the accountant said which transfer the bank debited."""


def select_returned_lines(matched: MatchedMessage) -> NDArray[np.int64]:
    """Return the entries of the lines that are returned."""
    lines = bank_acts.expand_lines(matched, _select_returns(matched))
    return matched.sent.lines.entry_id[lines.sent]


def link_earlier_debits(matched: MatchedMessage, debits: Mapping[int, DebitEntry]) -> MatchedMessage:
    """Link returns to their ``debits`` that they name by entry, by line; one whose debit exists nowhere matches nothing."""
    rows, year, entry = _select_later_returns(matched), _compute_years(matched), matched.matches.entry
    lines = bank_acts.expand_lines(matched, _select_returns(matched))
    sent_entries = matched.sent.lines.entry_id[lines.sent].tolist()
    earlier = {
        line: debits[line].entry
        for line, return_year in zip(sent_entries, year[lines.movement].tolist(), strict=True)
        if line in debits and (debits[line].is_identified or debits[line].exercise < return_year)
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


def _select_returns(matched: MatchedMessage) -> NDArray[np.int64]:
    """Return the movements that return a transfer."""
    matches = matched.matches
    return np.flatnonzero(matches.is_matched & (matches.movement_type == MovementType.RETURN))


def _select_later_returns(matched: MatchedMessage) -> NDArray[np.int64]:
    """Return the movements that return a transfer of an earlier year."""
    matches, sent, rows = matched.matches, matched.sent, _select_returns(matched)
    sent_year = act_lines.to_years(sent.lines.day[sent.head[matches.transfer[rows]]])
    return rows[_compute_years(matched)[rows] > sent_year]


def _compute_years(matched: MatchedMessage) -> NDArray[np.int64]:
    return act_lines.to_years(matched.message.movements.day)


def _pack_entry_year(entry: NDArray[np.int64], year: NDArray[np.int64]) -> NDArray[np.int64]:
    return entry << _YEAR_BITS | year
