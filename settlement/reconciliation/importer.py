"""Import one bank file: read it, prepare its acts, and store the message; the engine then posts the acts like any others.

The hash of the acts is stored before any of them is posted, and the same file with the same table of reasons always makes
the same acts.  So after a crash the same command continues.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from core.errors import EnvelopeMismatch
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.tables.bank_messages import BankMessage
from posting.store import person_proof
from settlement.bank_files.bank_file_reader import read_bank_file
from settlement.bank_files.statement_checks import Closing, check_continuity
from settlement.bank_formats import AccountNaming, BankFormat
from settlement.reconciliation import bank_queries
from settlement.reconciliation.bank_queries import PostingState, StoredMessage, StoredStatement
from settlement.reconciliation.credit_rows import build_credit_rows
from settlement.reconciliation.matching_attempts import MatchingAttempt
from settlement.reconciliation.message_rows import (
    MovementCounts,
    PreparedMessage,
    StatementRow,
    build_attempt_row,
    build_item_rows,
    build_message_row,
    build_statement_rows,
)
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.preparation import ImportContext, hash_file, prepare_message
from settlement.reconciliation.transfer_accounts import normalise_accounts

_REMEDY = "The same statement never changes: ask the bank which one is right"

StepCallback = Callable[[str], None]
"""Called with each step before it begins."""


class BankFile(NamedTuple):
    """A bank file that was read."""

    path: Path
    sha256: bytes
    message: BankMessage


class ImportedMessage(NamedTuple):
    """A message that is stored, and what is left to do for its acts."""

    path: Path
    number: int
    attempt: int
    is_known: bool
    """Whether it was stored before, and not matched again."""
    message: BankMessage
    counts: MovementCounts
    acts_path: Path | None
    """The file of its acts; None if there is nothing to hand to the engine."""
    acts_hash: bytes | None
    is_pending: bool
    """Whether its acts are not decided yet, or some that were refused may pass now."""
    awaits_debits: bool = False
    """Whether a return waits for its debit of an earlier year, which is not in the journal yet."""
    awaits_decision: bool = False
    """Whether it is to be matched again once the acts of this attempt are decided."""
    was_refused: bool = False
    """Whether the engine had the same acts before and refused some of them."""


class Importer(NamedTuple):
    """Imports bank files into the database of ``connection``; the files of acts go to ``folder``."""

    connection: bank_queries.Connection
    folder: Path
    context: ImportContext
    by: StatedPerson
    on_step: StepCallback
    hashes: set[bytes]
    """Of the files that this command has imported: each is matched once."""

    async def import_file(self, path: Path, *, rematch: bool = False) -> ImportedMessage:
        """Import a file.  A known file is only matched again on request, or if it waited for debits that came since.

        A file that the command names twice is matched once, as acts of an attempt that no engine has are unknown to another.
        While acts of its last attempt are registered and not decided, that attempt goes on instead: the journal does not
        have yet what they post, so another attempt would post it a second time.

        Raises
        ------
        FileUnreadable, FormatUnknown, LimitExceeded
            It is not a bank file.
        EnvelopeMismatch
            Its balances do not add up, or contradict what is stored.
        """
        file = await self._read(path)
        is_again = file.sha256 in self.hashes
        self.hashes.add(file.sha256)
        stored = await bank_queries.load_stored_message(self.connection, file.sha256)
        if stored is None:
            return await self._match_and_store(file, number=0, attempt=1)
        if is_again or not (rematch or await bank_queries.has_late_debits(self.connection, stored.message)):
            return await self._resume(file, stored)
        if await self._load_posting_state(stored.acts_hash) is PostingState.BEGUN:
            return (await self._resume(file, stored))._replace(awaits_decision=True)
        return await self._match_and_store(file, stored.message, stored.attempt + 1)

    async def _read(self, path: Path) -> BankFile:
        sha256 = await asyncio.to_thread(hash_file, path)
        self.on_step(f"reading {path.name}")
        message = await asyncio.to_thread(read_bank_file, path)
        message = await normalise_accounts(self.connection, self.context.accountants, message)
        return BankFile(path, sha256, message)

    async def _match_and_store(self, file: BankFile, number: int, attempt: int) -> ImportedMessage:
        acts_path = self._build_acts_path(file, attempt)
        self.on_step(f"matching {file.path.name}")
        prepared = await prepare_message(
            self.connection,
            self.context,
            file.message,
            attempt=MatchingAttempt(number, attempt),
            acts_path=acts_path,
        )
        self.on_step(f"storing {file.path.name}")
        number = await self._store(file, number, attempt, prepared=prepared)
        self.on_step(f"{file.path.name} stored")
        state = await self._load_posting_state(prepared.acts_hash)
        was_refused = state is PostingState.DONE and await self._was_refused(prepared.acts_hash)
        is_pending = state is not PostingState.DONE or was_refused
        if not is_pending:
            acts_path.unlink(missing_ok=True)
        return ImportedMessage(
            file.path,
            number,
            attempt,
            is_known=False,
            message=file.message,
            counts=prepared.counts,
            acts_path=acts_path if is_pending else None,
            acts_hash=prepared.acts_hash,
            is_pending=is_pending,
            awaits_debits=bool((prepared.matches.mismatch == Mismatch.NOT_DEBITED).any()),
            was_refused=was_refused,
        )

    async def _resume(self, file: BankFile, stored: StoredMessage) -> ImportedMessage:
        """Return a stored message; make its acts again unless they are decided, as the spool may have lost their file."""
        state = await self._load_posting_state(stored.acts_hash)
        has_acts = state is not PostingState.DONE and await self._make_acts_again(file, stored)
        if state is PostingState.UNKNOWN and not has_acts:
            finding = (
                "The file was imported before; its transfers, or the table of reasons, have changed since"
            )
            raise EnvelopeMismatch(file.path.name, finding, "Match the file again with --again")
        return ImportedMessage(
            file.path,
            stored.message,
            stored.attempt,
            is_known=True,
            message=file.message,
            counts=stored.counts,
            acts_path=self._build_acts_path(file, stored.attempt) if has_acts else None,
            acts_hash=stored.acts_hash,
            is_pending=state is not PostingState.DONE,
        )

    async def _make_acts_again(self, file: BankFile, stored: StoredMessage) -> bool:
        """Make the file of the acts of a stored message, unless it is still there; return whether it has the same bytes."""
        path = self._build_acts_path(file, stored.attempt)
        if path.is_file() and await asyncio.to_thread(hash_file, path) == stored.acts_hash:
            return True
        attempt = MatchingAttempt(stored.message, stored.attempt, is_stored=True)
        prepared = await prepare_message(
            self.connection, self.context, file.message, attempt=attempt, acts_path=path
        )
        return prepared.acts_hash == stored.acts_hash

    def _build_acts_path(self, file: BankFile, attempt: int) -> Path:
        return self.folder / f"{file.sha256.hex()[:16]}-{attempt}.arrow"

    async def _load_posting_state(self, acts_hash: bytes | None) -> PostingState:
        """Return how far the engine is with a file of acts; without acts there is nothing to do."""
        if not acts_hash:
            return PostingState.DONE
        return await bank_queries.load_posting_state(self.connection, acts_hash)

    async def _was_refused(self, acts_hash: bytes | None) -> bool:
        return bool(acts_hash and await bank_queries.load_refused_acts(self.connection, [acts_hash]))

    async def _store(self, file: BankFile, number: int, attempt: int, *, prepared: PreparedMessage) -> int:
        """Store the attempt, with the first one the message, and who imports it; return the number of the message."""
        decision = Decision(DecisionKind.STATEMENT)
        async with self.connection.transaction():
            await bank_queries.lock_messages(self.connection)
            decider = await person_proof.prove_under_lock(self.connection, self.by, decision)
            if attempt == 1:
                message = prepared.message
                row = build_message_row(
                    message, file.path.name, file.sha256, size_bytes=file.path.stat().st_size
                )
                statements = await self._select_new_statements(message, file.path.name)
                number = await bank_queries.insert_message(self.connection, row, statements)
            proof = await person_proof.store_decision(self.connection, decider, decision.kind, number=number)
            attempt_row = build_attempt_row(number, attempt, prepared, proof=proof)
            items = build_item_rows(number, attempt, prepared)
            credit_rows = build_credit_rows(number, attempt, prepared)
            await bank_queries.insert_attempt(self.connection, attempt_row, items, credit_rows=credit_rows)
        return number

    async def _select_new_statements(self, message: BankMessage, name: str) -> list[StatementRow]:
        """Return the statements to store: a report on a message is none, and known ones are not stored again.

        Raises
        ------
        EnvelopeMismatch
            A statement does not follow the last one of its account, or is known with other figures.
        """
        is_report = BankFormat(message.format).row.accounts is AccountNaming.NONE
        new: list[StatementRow] = []
        last: dict[str, Closing] = {}
        for statement, row in zip(message.statements, build_statement_rows(message), strict=True):
            account = statement.account
            if statement.closing is not None:
                stored_statement = await bank_queries.find_statement(
                    self.connection, account, statement.identity
                )
                if stored_statement is not None:
                    _check_repeated_statement(stored_statement, row, name)
                    continue
                previous = last.get(account) or await bank_queries.load_last_closing(self.connection, account)
                if previous:
                    check_continuity(statement, previous, name)
                last[account] = Closing(statement.identity, statement.closing)
            if not is_report:
                new.append(row)
        return new


def _check_repeated_statement(stored_statement: StoredStatement, row: StatementRow, name: str) -> None:
    """Check that a statement that was stored from another file has the same figures."""
    repeated = StoredStatement(row.opening, row.closing, row.day, row.debit_cents, row.credit_cents)
    if stored_statement != repeated:
        place = f"{name}, statement {row.identity} of {row.account}"
        raise EnvelopeMismatch(
            place, "A statement with this identity was imported before with other figures", _REMEDY
        )
