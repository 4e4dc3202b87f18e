"""What becomes of debits and returns of a statement that match no transfer: an amount on suspense (rule A56).

The chart has an account for each: 5129100000 for what the bank debited, 5129500000 for returns that cannot be read.  What is
on suspense stays there when its message is matched again: the accountant clears it, or says which transfer it is of.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.tables.bank_messages import BankMessage, MovementType
from settlement.reconciliation import act_lines, bank_queries, receipt_queries
from settlement.reconciliation.act_lines import UNKNOWN_DEBIT, UNKNOWN_RETURN
from settlement.reconciliation.credit_references import format_references, mark_first
from settlement.reconciliation.credit_suspense import (
    NO_SUSPENSE,
    MovementSuspense,
    list_fund_centres,
)
from settlement.reconciliation.matching import Matches
from settlement.reconciliation.matching_attempts import MatchingAttempt
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.transfer_accounts import AccountantsByYear

_POSTED_OTHERWISE = (Mismatch.NONE, Mismatch.NOT_DEBITED, Mismatch.NOTICED)
"""What matches, waits for its debit of an earlier year, or is in the books by a notice."""


class MatchedMovements(NamedTuple):
    """The matches of a message, and which of its debits and returns are posted to suspense."""

    matches: Matches
    suspense: MovementSuspense


class MovementMatcher(NamedTuple):
    """Finds which debits and returns of a message are posted to suspense."""

    connection: bank_queries.Connection
    accountants: AccountantsByYear
    message: BankMessage
    attempt: MatchingAttempt

    async def match(self, matches: Matches) -> MatchedMovements:
        """Return the matches, in which nothing that is on suspense already is matched, and what is posted to suspense."""
        earlier = await receipt_queries.load_known_movements(self.connection, self.attempt)
        rows = await self._select_rows(matches, list(earlier))
        if not rows.size:
            return MatchedMovements(matches, NO_SUSPENSE)
        mismatch = matches.mismatch.copy()
        mismatch[list(earlier)] = [suspense.mismatch for suspense in earlier.values()]
        cents = np.array([earlier[row].amount if row in earlier else 0 for row in rows.tolist()], np.int64)
        if not self.attempt.is_stored and await receipt_queries.has_movement_suspense(
            self.connection, self.attempt.message
        ):
            cents = np.where(cents == 0, self.message.movements.amount[rows], cents)
        return MatchedMovements(matches._replace(mismatch=mismatch), self._build(matches, rows, cents))

    async def _select_rows(self, matches: Matches, earlier: list[int]) -> NDArray[np.int64]:
        """Return debits and returns that match nothing, and ``earlier`` ones, of statements that are new with this message."""
        is_candidate = np.isin(matches.posted_type, (MovementType.DEBIT, MovementType.RETURN))
        is_candidate &= ~np.isin(matches.mismatch, _POSTED_OTHERWISE)
        is_candidate[earlier] = True
        statements = self.message.statements
        is_statement = np.array([statement.closing is not None for statement in statements], bool)
        rows = np.flatnonzero(is_candidate & is_statement[self.message.movements.statement])
        if not rows.size or self.attempt.is_stored:
            return rows
        repeated = await receipt_queries.find_repeated_statements(
            self.connection, statements, self.attempt.message
        )
        rows = rows[~np.isin(self.message.movements.statement[rows], repeated)]
        return rows[mark_first(format_references(self.message, rows))]

    def _build(self, matches: Matches, rows: NDArray[np.int64], cents: NDArray[np.int64]) -> MovementSuspense:
        """Return what is posted, where an accountant keeps the account of the statement in that year."""
        is_debit = (matches.movement_type[rows] == MovementType.DEBIT).tolist()
        references = format_references(self.message, rows).to_pylist()
        named = [
            (UNKNOWN_DEBIT if debit else UNKNOWN_RETURN) + reference[1:]
            for debit, reference in zip(is_debit, references, strict=True)
        ]
        movements = self.message.movements
        statements = [self.message.statements[number] for number in movements.statement[rows].tolist()]
        centres = list_fund_centres(statements, act_lines.to_years(movements.day[rows]), self.accountants)
        positions = np.flatnonzero((cents > 0) & np.array([bool(centre) for centre in centres], bool))
        return MovementSuspense(
            rows[positions],
            cents[positions],
            pa.array([named[at] for at in positions.tolist()], pa.string()),
            pa.array([centres[at] for at in positions.tolist()], pa.string()),
        )
