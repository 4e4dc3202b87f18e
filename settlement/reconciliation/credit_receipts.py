"""From the credits of a bank message to the receipts that they are, by the receivables that payers name.

Only statements collect: a notice and a statement have no identity of a credit in common, so a notice would count it twice.
The reference of the act names the entry of the statement, so the same credit is always the same act.  A credit whose act is
in the journal stays as it is when its message is matched again.  A statement that another message brought first collects
nothing: only its sums are known to be the same, and its entries may have another order.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.tables.bank_messages import BankMessage, MovementType
from settlement.reconciliation import act_lines, bank_queries, receipt_queries
from settlement.reconciliation.credit_references import (
    find_named_receivables,
    find_positions,
    format_references,
    mark_first,
)
from settlement.reconciliation.credit_suspense import (
    NO_HAND_RECEIPTS,
    NO_SUSPENSE,
    HandReceipts,
    KnownSuspense,
    MovementSuspense,
    keep_known_reasons,
    link_hand_receipts,
    list_fund_centres,
    name_suspense,
    sum_known_suspense,
)
from settlement.reconciliation.matching import NOT_IN_MESSAGE, Matches, number_accounts
from settlement.reconciliation.matching_attempts import MatchingAttempt
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.receipt_matching import (
    NO_RECEIPTS,
    CreditMatches,
    CreditReceipts,
    Credits,
    NamedReceivables,
    build_no_matches,
    match_credits,
)
from settlement.reconciliation.receipt_queries import KnownReceipt
from settlement.reconciliation.remittance_references import extract_references
from settlement.reconciliation.transfer_accounts import AccountantsByYear, find_iban


class MatchedCredits(NamedTuple):
    """The matches of a message with those of its credits, and what becomes of the credits."""

    matches: Matches
    receipts: CreditReceipts
    suspense: MovementSuspense
    hand_receipts: HandReceipts


class KnownCredits(NamedTuple):
    """What acts that exist, or are to be made again, do with the credits of a message."""

    receipts: Mapping[str, KnownReceipt]
    """By reference."""
    suspense: Mapping[str, KnownSuspense]
    hand_receipts: Mapping[int, int]
    """Entries, by the row of the movement: of a stored attempt alone."""
    is_new: NDArray[np.bool_]
    """Whether a credit is to be matched."""
    is_first: NDArray[np.bool_]
    """Whether a statement books the credit, and no other message before."""


class CreditOutcomes(NamedTuple):
    """What becomes of each credit, beside what it collects."""

    references: pa.Array
    suspense_references: Sequence[str]
    suspense_cents: NDArray[np.int64]
    hand_entry: NDArray[np.int64]


class ReceiptMatcher(NamedTuple):
    """Matches the credits of a message that are no answers to transfers of ours."""

    connection: bank_queries.Connection
    accountants: AccountantsByYear
    message: BankMessage
    attempt: MatchingAttempt

    async def match(self, matches: Matches) -> MatchedCredits:
        """Match the credits that ``matches`` has as not ours."""
        is_foreign = matches.mismatch == Mismatch.NOT_OURS
        rows = np.flatnonzero(is_foreign & (matches.movement_type == MovementType.CREDIT))
        if not rows.size:
            return MatchedCredits(matches, NO_RECEIPTS, NO_SUSPENSE, NO_HAND_RECEIPTS)
        amount, references = self.message.movements.amount[rows], format_references(self.message, rows)
        acts = await self._load_known_credits(rows, references)
        on_suspense = name_suspense(references)
        results = build_no_matches(np.where(self._is_in_statement(rows), Mismatch.TWICE, Mismatch.NOTICE))
        hand_entry = np.array([acts.hand_receipts.get(row, 0) for row in rows.tolist()], np.int64)
        cents = sum_known_suspense(on_suspense, acts.suspense)
        if acts.is_new.any():
            new = acts.is_new
            matched = await self._match_new(rows[new], amount[new] - cents[new])
            hand_entry[new] = await self._find_hand_receipts(rows[new], matched, is_whole=cents[new] == 0)
            for column, values in zip(results, matched, strict=True):
                column[new] = values
        _keep_existing_receipts(results, amount, references, existing=acts.receipts)
        keep_known_reasons(results, on_suspense, acts.suspense)
        results.mismatch[hand_entry > 0] = Mismatch.NONE
        if not self.attempt.is_stored:
            may_suspend = acts.is_first & await receipt_queries.has_suspense(
                self.connection, self.attempt.message
            )
            cents = self._choose_suspense(rows, results, cents, may_suspend=may_suspend)
        outcomes = CreditOutcomes(references, on_suspense, cents, hand_entry)
        return self._apply(matches, rows, results, outcomes=outcomes)

    def _is_in_statement(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether the credits are those of statements with balances, and not of notices."""
        has_balance = np.array([statement.closing is not None for statement in self.message.statements])
        return has_balance[self.message.movements.statement[rows]]

    async def _load_known_credits(self, rows: NDArray[np.int64], references: pa.Array) -> KnownCredits:
        """Return what exists of the credits of this message, and which of them are to be matched."""
        number, attempt, is_stored = self.attempt
        none = np.zeros(rows.size, bool)
        if is_stored:
            receipts = await receipt_queries.load_stored_receipts(self.connection, number, attempt)
            suspense = await receipt_queries.load_stored_suspense(self.connection, number, attempt)
            by_hand = await receipt_queries.load_stored_hand_receipts(self.connection, number, attempt)
            return KnownCredits(receipts, suspense, by_hand, none, none)
        statements = self.message.statements
        repeated = await receipt_queries.find_repeated_statements(self.connection, statements, number)
        is_repeated = np.isin(self.message.movements.statement[rows], repeated)
        is_first = self._is_in_statement(rows) & ~is_repeated & mark_first(references)
        may_exist = references.filter(pa.array(is_first & bool(number)))
        receipts = await receipt_queries.load_posted_receipts(self.connection, may_exist)
        suspense = await receipt_queries.load_posted_suspense(
            self.connection, pa.array(name_suspense(may_exist), pa.string())
        )
        is_posted = find_positions(references, pa.array(list(receipts), pa.string())) >= 0
        return KnownCredits(receipts, suspense, {}, is_first & ~is_posted, is_first)

    async def _find_hand_receipts(
        self, rows: NDArray[np.int64], matched: CreditMatches, *, is_whole: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Return the receipt by hand that each credit is; 0 for none, as where it is not whole: something is on suspense."""
        named = np.unique(matched.receivable[matched.mismatch == Mismatch.BY_HAND]).tolist()
        receipts = await receipt_queries.load_hand_receipts(
            self.connection, named, message=self.attempt.message
        )
        movements = self.message.movements
        amount = np.where(is_whole, movements.amount[rows], 0)
        return link_hand_receipts(matched, amount, movements.day[rows].astype(np.int64), receipts=receipts)

    def _choose_suspense(
        self,
        rows: NDArray[np.int64],
        results: CreditMatches,
        known_cents: NDArray[np.int64],
        *,
        may_suspend: NDArray[np.bool_],
    ) -> NDArray[np.int64]:
        """Return what of each credit is posted to suspense: what it does not collect, unless something of it is there."""
        remainder = np.where(
            results.mismatch == Mismatch.NONE, 0, self.message.movements.amount[rows] - results.amount
        )
        has_centre = np.array([bool(centre) for centre in self._list_centres(rows)], bool)
        return np.where(known_cents > 0, known_cents, np.where(may_suspend & has_centre, remainder, 0))

    def _list_centres(self, rows: NDArray[np.int64]) -> list[str]:
        """Return a fund centre of the accountant who keeps the account of each credit; empty for none."""
        movements = self.message.movements
        statements = [self.message.statements[number] for number in movements.statement[rows].tolist()]
        return list_fund_centres(statements, act_lines.to_years(movements.day[rows]), self.accountants)

    async def _match_new(self, rows: NDArray[np.int64], amount: NDArray[np.int64]) -> CreditMatches:
        """Match credits with the receivables that they name: what is not on suspense of them."""
        remittances, movements = self.message.remittances, self.message.movements
        if remittances is None:
            return build_no_matches(np.full(rows.size, Mismatch.NO_REFERENCE))
        credits_ = Credits(rows, amount, movements.day[rows].astype(np.int64))
        words = extract_references(remittances, rows)
        receivables = await receipt_queries.load_receivables(
            self.connection, words.word.unique(), message=self.attempt.message
        )
        codes = await bank_queries.load_accountants(self.connection)
        named = find_named_receivables(words, receivables)
        is_own = self._find_own(credits_, named, receivables.accountant, codes=codes)
        return match_credits(credits_, named._replace(is_own=is_own), receivables)

    def _find_own(
        self,
        credits_: Credits,
        named: NamedReceivables,
        accountant: NDArray[np.int64],
        *,
        codes: Mapping[int, str],
    ) -> NDArray[np.bool_]:
        """Return whether the accountant of each named receivable keeps the account, in the year of the credit."""
        numbers = number_accounts(self.message)
        accounts = np.array([numbers[statement.account] for statement in self.message.statements], np.int64)
        account = accounts[self.message.movements.statement[credits_.row]]
        year = act_lines.to_years(credits_.day.astype(np.int32))
        keys = np.stack((year[named.credit], accountant[named.receivable]))
        distinct, positions = np.unique(keys, axis=1, return_inverse=True)
        ibans = [
            find_iban(self.accountants, year, codes.get(number, "")) for year, number in distinct.T.tolist()
        ]
        own = np.array([numbers.get(iban, NOT_IN_MESSAGE) for iban in ibans], np.int64)
        return own[positions.reshape(-1)] == account[named.credit]

    def _apply(
        self,
        matches: Matches,
        rows: NDArray[np.int64],
        results: CreditMatches,
        *,
        outcomes: CreditOutcomes,
    ) -> MatchedCredits:
        """Put the matches of the credits into those of the message."""
        entry, mismatch = matches.entry.copy(), matches.mismatch.copy()
        entry[rows], mismatch[rows] = results.receivable, results.mismatch
        receipt_at = np.flatnonzero(results.amount > 0)
        suspense_at = np.flatnonzero(outcomes.suspense_cents > 0)
        hand_at = np.flatnonzero(outcomes.hand_entry > 0)
        references, centres = outcomes.references, self._list_centres(rows[suspense_at])
        return MatchedCredits(
            matches._replace(entry=entry, mismatch=mismatch),
            CreditReceipts(
                rows[receipt_at],
                results.receivable[receipt_at],
                results.amount[receipt_at],
                references.take(pa.array(receipt_at)),
            ),
            MovementSuspense(
                rows[suspense_at],
                outcomes.suspense_cents[suspense_at],
                pa.array([outcomes.suspense_references[at] for at in suspense_at.tolist()], pa.string()),
                pa.array(centres, pa.string()),
            ),
            HandReceipts(
                rows[hand_at], outcomes.hand_entry[hand_at], self.message.movements.amount[rows[hand_at]]
            ),
        )


def _keep_existing_receipts(
    results: CreditMatches,
    amount: NDArray[np.int64],
    references: pa.Array,
    *,
    existing: Mapping[str, KnownReceipt],
) -> None:
    """Keep the receipts that exist, each for the first credit with its reference."""
    if not existing:
        return
    positions = find_positions(pa.array(list(existing), pa.string()), references)
    for position, receipt in zip(positions.tolist(), existing.values(), strict=True):
        if position >= 0:
            is_whole = receipt.amount == amount[position]
            results.receivable[position], results.amount[position] = receipt
            results.mismatch[position] = Mismatch.NONE if is_whole else Mismatch.EXCESS
