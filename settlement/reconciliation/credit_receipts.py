"""From the credits of a bank message to the receipts that they are, by the receivables that payers name.

Only statements collect: a notice and a statement have no identity of a credit in common, so a notice would count it twice.
The reference of the act names the entry of the statement, so the same credit is always the same act.  A credit whose act is
in the journal stays as it is when its message is matched again.  A statement that another message brought first collects
nothing: only its sums are known to be the same, and its entries may have another order.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.tables.bank_messages import BankMessage, BankStatement, MovementType
from settlement.reconciliation import bank_acts, bank_queries, receipt_queries
from settlement.reconciliation.matching import NOT_IN_MESSAGE, Matches, number_accounts
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.receipt_matching import (
    NO_RECEIPTS,
    CreditMatches,
    CreditReceipts,
    Credits,
    NamedReceivables,
    Receivables,
    build_no_matches,
    match_credits,
)
from settlement.reconciliation.receipt_queries import KnownReceipt
from settlement.reconciliation.remittance_references import WrittenReferences, extract_references
from settlement.reconciliation.transfer_accounts import AccountantsByYear, find_iban

LETTER = "C"
_HASH_CHARACTERS = 16


class MatchingAttempt(NamedTuple):
    """Which attempt to match a message this is."""

    message: int = 0
    """Its number; 0 for a message that is not stored yet."""
    attempt: int = 1
    is_stored: bool = False
    """Whether the result of this attempt is stored already, and only its acts are made again."""


class MatchedCredits(NamedTuple):
    """The matches of a message with those of its credits, and the receipts."""

    matches: Matches
    receipts: CreditReceipts


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
            return MatchedCredits(matches, NO_RECEIPTS)
        movements, references = self.message.movements, format_references(self.message, rows)
        existing, is_new = await self._load_existing_receipts(rows, references)
        results = build_no_matches(np.where(self._is_in_statement(rows), Mismatch.TWICE, Mismatch.NOTICE))
        if is_new.any():
            matched = await self._match_new(rows[is_new])
            for column, values in zip(results, matched, strict=True):
                column[is_new] = values
        _keep_existing_receipts(results, movements.amount[rows], references, existing=existing)
        return _apply(matches, rows, results, references=references)

    def _is_in_statement(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether the credits are those of statements with balances, and not of notices."""
        has_balance = np.array([statement.closing is not None for statement in self.message.statements])
        return has_balance[self.message.movements.statement[rows]]

    async def _load_existing_receipts(
        self, rows: NDArray[np.int64], references: pa.Array
    ) -> tuple[Mapping[str, KnownReceipt], NDArray[np.bool_]]:
        """Return the receipts of this message that exist, by reference, and which credits are to be matched."""
        number, attempt, is_stored = self.attempt
        if is_stored:
            stored = await receipt_queries.load_stored_receipts(self.connection, number, attempt)
            return stored, np.zeros(rows.size, bool)
        statements = self.message.statements
        repeated = await receipt_queries.find_repeated_statements(self.connection, statements, number)
        is_repeated = np.isin(self.message.movements.statement[rows], repeated)
        is_first = self._is_in_statement(rows) & ~is_repeated & _is_first(references)
        may_exist = references.filter(pa.array(is_first & bool(number)))
        posted = await receipt_queries.load_posted_receipts(self.connection, may_exist)
        is_posted = _find_positions(references, pa.array(list(posted), pa.string())) >= 0
        return posted, is_first & ~is_posted

    async def _match_new(self, rows: NDArray[np.int64]) -> CreditMatches:
        """Match credits with the receivables that they name."""
        remittances, movements = self.message.remittances, self.message.movements
        if remittances is None:
            return build_no_matches(np.full(rows.size, Mismatch.NO_REFERENCE))
        credits_ = Credits(rows, movements.amount[rows], movements.day[rows].astype(np.int64))
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
        year = bank_acts.to_years(credits_.day.astype(np.int32))
        keys = np.stack((year[named.credit], accountant[named.receivable]))
        distinct, positions = np.unique(keys, axis=1, return_inverse=True)
        ibans = [
            find_iban(self.accountants, year, codes.get(number, "")) for year, number in distinct.T.tolist()
        ]
        own = np.array([numbers.get(iban, NOT_IN_MESSAGE) for iban in ibans], np.int64)
        return own[positions.reshape(-1)] == account[named.credit]


def format_references(message: BankMessage, rows: NDArray[np.int64]) -> pa.Array:
    """Return the reference of the act of each credit: its statement, its entry there, and the transaction in the entry."""
    prefixes = pa.array([_format_statement(statement) for statement in message.statements], pa.string())
    statement, item = (column[rows] for column in (message.movements.statement, message.movements.item))
    part = message.remittances.part[rows] if message.remittances else np.zeros(rows.size, np.int32)
    entry = _join(pa.array(item).cast(pa.string()), pa.array(part).cast(pa.string()), ".")
    return _join(prefixes.take(pa.array(statement)), entry, "-")


def _join(first: pa.Array, second: pa.Array, separator: str) -> pa.Array:
    arguments = [first, second, pa.scalar(separator)]
    return pc.call_function("binary_join_element_wise", arguments, pc.JoinOptions())


def _find_positions(values: pa.Array, among: pa.Array) -> NDArray[np.int64]:
    """Return the position of each value among others; -1 where it is not among them."""
    positions = pc.call_function("index_in", [values], pc.SetLookupOptions(value_set=among))
    return positions.fill_null(-1).to_numpy().astype(np.int64)


def _format_statement(statement: BankStatement) -> str:
    text = f"{statement.account}\n{statement.identity}"
    return LETTER + hashlib.sha256(text.encode()).hexdigest()[:_HASH_CHARACTERS]


def _is_first(references: pa.Array) -> NDArray[np.bool_]:
    """Return whether each reference is the first of its kind in the message."""
    codes = references.dictionary_encode().indices.to_numpy()
    is_first = np.zeros(codes.size, bool)
    is_first[np.unique(codes, return_index=True)[1]] = True
    return is_first


def find_named_receivables(words: WrittenReferences, receivables: Receivables) -> NamedReceivables:
    """Return the receivables whose references are among the words: several may have the same reference."""
    distinct = receivables.reference.unique()
    code = _find_positions(receivables.reference, distinct)
    order = np.argsort(code, kind="stable")
    size = np.bincount(code, minlength=len(distinct))
    word_code = _find_positions(words.word.cast(pa.string()), distinct)
    rows = np.flatnonzero(word_code >= 0)
    count = size[word_code[rows]]
    first = np.append(0, np.cumsum(size))[word_code[rows]]
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    receivable = order[np.repeat(first, count) + offset]
    credit, is_structured = np.repeat(words.credit[rows], count), np.repeat(words.is_structured[rows], count)
    first = np.unique((credit * len(order) + receivable) * 2 + is_structured, return_index=True)[1]
    is_own = np.zeros(first.size, bool)
    return NamedReceivables(credit[first], receivable[first], is_structured[first], is_own)


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
    positions = _find_positions(pa.array(list(existing), pa.string()), references)
    for position, receipt in zip(positions.tolist(), existing.values(), strict=True):
        if position >= 0:
            is_whole = receipt.amount == amount[position]
            results.receivable[position], results.amount[position] = receipt
            results.mismatch[position] = Mismatch.NONE if is_whole else Mismatch.EXCESS


def _apply(
    matches: Matches, rows: NDArray[np.int64], results: CreditMatches, *, references: pa.Array
) -> MatchedCredits:
    """Put the matches of the credits into those of the message."""
    entry, mismatch = matches.entry.copy(), matches.mismatch.copy()
    entry[rows], mismatch[rows] = results.receivable, results.mismatch
    taking = np.flatnonzero(results.amount > 0)
    receipts = CreditReceipts(
        rows[taking], results.receivable[taking], results.amount[taking], references.take(pa.array(taking))
    )
    return MatchedCredits(matches._replace(entry=entry, mismatch=mismatch), receipts)
