"""What a message reports of a transfer against what others did: booked again, debited after its rejection, or the reverse.

A second statement that books a transfer moved money a second time, and so did the debit of a transfer that the bank had
rejected: both stand on suspense like any movement of no known transfer.  The rejection of a transfer that was debited moves
nothing: it is listed until the money comes back (rule A56).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import Stage, list_kinds
from core.kind_rules import Pairing
from core.tables.bank_messages import MovementType
from settlement.reconciliation import bank_queries, receipt_queries
from settlement.reconciliation.bank_acts import MatchedMessage
from settlement.reconciliation.matching_attempts import MatchingAttempt
from settlement.reconciliation.mismatch import Mismatch

_REJECTS = list_kinds(lambda kind: kind.after is Stage.IN_TRANSIT and kind.reaches is Stage.RETURNED)
_IDENTIFIED = list_kinds(
    lambda kind: kind.pairs is Pairing.IDENTIFICATION and kind.after in (Stage.IN_TRANSIT, Stage.DEBITED)
)
_REASONS = (Mismatch.TWICE, Mismatch.REJECTED, Mismatch.DEBITED)


class ContradictionFinder(NamedTuple):
    """Finds the movements of a message that contradict the books or another message."""

    connection: bank_queries.Connection
    attempt: MatchingAttempt

    async def mark(self, matched: MatchedMessage) -> MatchedMessage:
        """Return the message with these movements marked; of a stored attempt, as it marked them."""
        mismatch = matched.matches.mismatch.copy()
        if self.attempt.is_stored:
            for reason in _REASONS:
                rows = await bank_queries.load_rows_with_reason(self.connection, self.attempt, reason=reason)
                mismatch[rows] = np.where(mismatch[rows] == Mismatch.NONE, reason, mismatch[rows])
        else:
            for row, reason in (await self._find(matched)).items():
                mismatch[row] = reason
        return matched._replace(matches=matched.matches._replace(mismatch=mismatch))

    async def _find(self, matched: MatchedMessage) -> dict[int, Mismatch]:
        """Return the reasons by row of the message."""
        matches = matched.matches
        is_rejection = matches.is_matched & (matches.movement_type == MovementType.REJECT)
        rejections, movements = np.flatnonzero(is_rejection), await self._select_statement_rows(matched)
        rows = np.append(rejections, movements)
        if not rows.size:
            return {}
        transfers = np.unique(matches.entry[rows]).tolist()
        reported = await bank_queries.load_reported_movements(
            self.connection, transfers, self.attempt.message, identified=_IDENTIFIED
        )
        rejected = await bank_queries.load_followed_transfers(self.connection, transfers, _REJECTS)
        debited = {item.transfer for item in reported if item.sort == MovementType.DEBIT}
        booked = {(item.transfer, item.sort) for item in reported if item.in_statement}
        reasons = dict[int, Mismatch]()
        for row in rows.tolist():
            transfer, movement_type = int(matches.entry[row]), int(matches.movement_type[row])
            if movement_type == MovementType.REJECT:
                applies = [(Mismatch.DEBITED, transfer in debited)]
            else:
                is_late = movement_type == MovementType.DEBIT and transfer in rejected
                applies = [
                    (Mismatch.TWICE, (transfer, movement_type) in booked),
                    (Mismatch.REJECTED, is_late),
                ]
            reasons |= dict([(row, reason) for reason, is_so in applies if is_so][:1])
        return reasons

    async def _select_statement_rows(self, matched: MatchedMessage) -> NDArray[np.int64]:
        """Return the matched debits and returns of statements that no other message brought before."""
        message, matches = matched.message, matched.matches
        is_statement = np.array([statement.closing is not None for statement in message.statements], bool)
        repeated = await receipt_queries.find_repeated_statements(
            self.connection, message.statements, self.attempt.message
        )
        is_statement[repeated] = False
        is_of_statement = is_statement[message.movements.statement]
        is_movement = np.isin(matches.movement_type, (MovementType.DEBIT, MovementType.RETURN))
        return np.flatnonzero(matches.is_matched & is_of_statement & is_movement)
