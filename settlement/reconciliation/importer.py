"""One file of the bank: read, matched, made into acts, and stored; the acts are then posted like any others.

What is stored says which acts they are, by their hash, before any of them is posted; and the same file, with the same table of
reasons, always makes the same acts.  So a crash anywhere is mended by the same command.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.accountants import Accountants
from core.bank_reasons import BankReasons
from core.errors import EnvelopeMismatch
from core.tables.bank_messages import BankMessage
from core.tables.columns import select_rows
from settlement.bank_files import bank_file_reader, statement_checks
from settlement.bank_formats import AccountNaming, BankFormat
from settlement.reconciliation import bank_acts, bank_queries, bulk_rejections, year_crossing
from settlement.reconciliation.matching import match_movements, number_accounts, parse_entries
from settlement.reconciliation.message_rows import (
    MovementCounts,
    PreparedMessage,
    build_item_rows,
    build_statement_rows,
    count_movements,
    derive_batch_id,
)
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.sent_transfers import SentTransfers

_REMEDY = "The same statement never changes: ask the bank which one is right"


StepCallback = Callable[[str], None]


class ImportContext(NamedTuple):
    """What messages are held against."""

    accountants: Mapping[int, Accountants]
    """By exercise."""
    reasons: BankReasons
    find_lots: Callable[[int, str], bulk_rejections.TransfersByLot | None]
    """What one of our payment files asked, by run and name."""


@dataclass(slots=True)
class ImportedMessage:
    """A message that is stored, and the file of its acts, if there are any."""

    path: Path
    number: int
    attempt: int
    is_known: bool
    message: BankMessage
    counts: MovementCounts
    acts_path: Path | None
    """The file of its acts, where the engine has not had it yet."""
    is_pending: bool
    """Whether its acts are still to be brought to their end."""
    awaits_debits: bool = False
    """Whether something of it came back whose debit, of a year before, the books do not have yet."""
    acts_hash: bytes | None = None
    was_refused: bool = False
    """Whether the journal had these very acts before, and refused some that it does not have yet."""


@dataclass(frozen=True, slots=True)
class Importer:
    """Takes in files, into ``folder`` and the database of ``connection``."""

    connection: bank_queries.Connection
    folder: Path
    context: ImportContext
    on_step: StepCallback
    """Called with each step that begins, before anything of it is done."""

    async def import_file(self, path: Path, *, rematch: bool = False) -> ImportedMessage:
        """Read, match and store a file; ``again`` matches a known one anew.

        Raises
        ------
        FileUnreadable, FormatUnknown, LimitExceeded
            It is no file of a bank.
        EnvelopeMismatch
            It does not add up, or does not follow what is known.
        """
        digest = await asyncio.to_thread(_hash_file, path)
        self.on_step(f"reading {path.name}")
        message = await self._normalise_accounts(
            await asyncio.to_thread(bank_file_reader.read_bank_file, path)
        )
        before = await bank_queries.load_stored_message(self.connection, digest)
        if before is not None and not (
            rematch or await bank_queries.has_late_debits(self.connection, before.message)
        ):
            return await self._resume_known(path, message, before)
        attempt = before.attempt + 1 if before else 1
        target = self._acts_path(digest, attempt)
        self.on_step(f"matching {path.name}")
        made = await self._prepare(message, target)
        self.on_step(f"storing {path.name}")
        number = await self._store(path, digest, (before.message if before else 0, attempt), made)
        self.on_step(f"{path.name} stored")
        waits = bool((made.matches.mismatch == Mismatch.NOT_DEBITED).any())
        found = ImportedMessage(path, number, attempt, False, message, made.counts, target, True, waits)
        return await self._decide_posting(found, made.acts_hash)

    async def _decide_posting(self, found: ImportedMessage, acts_hash: bytes | None) -> ImportedMessage:
        """A message matched anew: acts that the journal has had are given to it only where it refused some."""
        found.acts_hash = acts_hash
        state = await bank_queries.load_posting_state(self.connection, acts_hash) if acts_hash else "done"
        if acts_hash and state == "done":
            found.was_refused = bool(await bank_queries.load_refused_acts(self.connection, [acts_hash]))
        found.is_pending = state != "done" or found.was_refused
        if not found.is_pending and found.acts_path:
            found.acts_path.unlink(missing_ok=True)
        found.acts_path = found.acts_path if found.is_pending else None
        return found

    async def _resume_known(
        self, path: Path, message: BankMessage, before: bank_queries.StoredMessage
    ) -> ImportedMessage:
        """A message that was stored; its acts are made again if the engine never had them."""
        state = (
            await bank_queries.load_posting_state(self.connection, before.acts_hash)
            if before.acts_hash
            else "done"
        )
        target = None
        if before.acts_hash and state == "unknown":
            digest = await asyncio.to_thread(_hash_file, path)
            target = self._acts_path(digest, before.attempt)
            made = await self._prepare(message, target)
            if made.acts_hash != before.acts_hash:
                found = "It was taken in before; what it names, or the table of reasons, changed since"
                raise EnvelopeMismatch(path.name, found, "Match it anew with --again")
        counts = MovementCounts(*before.counts)
        which = (path, before.message, before.attempt, True, message, counts)
        return ImportedMessage(*which, target, state != "done", acts_hash=before.acts_hash)

    def _acts_path(self, digest: bytes, attempt: int) -> Path:
        return self.folder / f"{digest.hex()[:16]}-{attempt}.arrow"

    async def _normalise_accounts(self, message: BankMessage) -> BankMessage:
        """The message with our accounts by their IBAN: a statement of 120 characters tells all but the key of a RIB."""
        if BankFormat(message.format).row.accounts is not AccountNaming.NATIONAL:
            return message
        ibans = {one.iban for each in self.context.accountants.values() for one in each.accountants.values()}
        ibans.update(await bank_queries.load_accounts(self.connection))
        known = {_to_national_account(iban): iban for iban in sorted(ibans)}
        told = [
            each._replace(account=known.get(_to_national_account(each.account), each.account))
            for each in message.statements
        ]
        return message._replace(statements=told)

    async def _prepare(self, message: BankMessage, target: Path) -> PreparedMessage:
        message, unknown = await self._expand_rejections(message)
        entries = parse_entries(message)
        sent = await bank_queries.load_sent_transfers(self.connection, entries)
        found = match_movements(message, entries, sent, await self._match_accounts(message, sent))
        answered = await self._link_earlier_debits(
            bank_acts.MatchedMessage(message, found, sent, self.context.reasons, {}, {})
        )
        found = answered.matches
        payees = await bank_queries.load_payee_codes(
            self.connection, bank_acts.list_payees_to_block(answered)
        )
        batch_id = derive_batch_id(message)
        whole = answered._replace(payees=payees)
        table = await asyncio.to_thread(bank_acts.build_acts_table, whole, batch_id)
        acts_hash = await asyncio.to_thread(_write_acts, table, target) if table is not None else None
        rows = table.num_rows if table is not None else 0
        return PreparedMessage(
            message,
            tuple(unknown),
            found,
            count_movements(message, found, len(unknown)),
            batch_id,
            rows,
            acts_hash,
        )

    async def _link_earlier_debits(self, answered: bank_acts.MatchedMessage) -> bank_acts.MatchedMessage:
        """With the debits of years before: our names for acts reach no further than an exercise."""
        debits = await bank_queries.load_debits(
            self.connection, year_crossing.select_returned_lines(answered)
        )
        return year_crossing.link_earlier_debits(answered, debits)

    async def _expand_rejections(self, message: BankMessage) -> bulk_rejections.ExpandedMessage:
        """Every transfer that is refused, also where the bank refuses a whole message."""
        file = None
        if message.bulk_statuses:
            file = await bank_queries.find_payment_file(self.connection, message.statements[0].identity)
        return bulk_rejections.expand_bulk_rejections(
            message, lambda _: self.context.find_lots(*file) if file else None
        )

    async def _match_accounts(self, message: BankMessage, sent: SentTransfers) -> NDArray[np.int64]:
        """The place of each transfer's account among those of the message; -2 where it is none of them."""
        numbers = number_accounts(message)
        centres = await bank_queries.load_centres(self.connection, sent.lines.cell[sent.head])
        leaving = await bank_queries.load_run_accounts(self.connection)
        found = np.full(len(sent.head), -2, np.int64)
        heads = select_rows(sent.lines, sent.head)
        for rows in _group_rows(heads.submission, heads.exercise):
            first = rows[0]
            year = int(heads.exercise[first])
            if stored := leaving.get((int(heads.submission[first]), year)):
                at = np.searchsorted(stored.firsts, heads.line[rows], "right") - 1
                found[rows] = np.array([numbers.get(iban or "", -2) for iban in stored.accounts])[at]
            else:
                cells, at = np.unique(heads.cell[rows], return_inverse=True)
                ibans = [self._find_assigned_iban(year, centres.get(cell, "")) for cell in cells.tolist()]
                found[rows] = np.array([numbers.get(iban, -2) for iban in ibans])[at]
        return found

    def _find_assigned_iban(self, year: int, centre: str) -> str:
        """The account that is assigned to a fund centre now: of what no run sent."""
        assigned = self.context.accountants.get(year)
        code = assigned.by_centre.get(centre, "") if assigned else ""
        return assigned.accountants[code].iban if assigned and code else ""

    async def _store(self, path: Path, digest: bytes, which: tuple[int, int], made: PreparedMessage) -> int:
        number, attempt = which
        async with self.connection.transaction():
            await bank_queries.lock_messages(self.connection)
            if attempt == 1:
                statements = await self._select_new_statements(made.message, path.name)
                message = made.message
                told = (message.format, message.identity[:140], path.name, digest, path.stat().st_size)
                counted = (len(message.statements), int(message.movements.amount.size))
                number = await bank_queries.insert_message(self.connection, (*told, *counted), statements)
            row = (number, attempt, *made.counts, made.acts, made.acts_hash, made.batch_id)
            await bank_queries.insert_attempt(self.connection, row, build_item_rows((number, attempt), made))
        return number

    async def _select_new_statements(self, message: BankMessage, name: str) -> list[tuple]:
        """The rows of statements that are not known already from another file.

        Raises
        ------
        EnvelopeMismatch
            One does not follow the last of its account, or is known with other figures.
        """
        found: list[tuple] = []
        last: dict[str, statement_checks.Closing] = {}
        for statement, row in zip(message.statements, build_statement_rows(message), strict=True):
            if statement.closing is not None:
                same = await bank_queries.find_same_statement(
                    self.connection, statement.account, statement.identity
                )
                if same is not None:
                    _check_repeated(same, row, name)
                    continue
                before = last.get(statement.account) or await bank_queries.load_last_closing(
                    self.connection, statement.account
                )
                if before:
                    statement_checks.check_continuity(statement, before, name)
                last[statement.account] = statement_checks.Closing(statement.identity, statement.closing)
            if BankFormat(message.format).row.accounts is not AccountNaming.NONE:
                found.append(row)
        return found


def _group_rows(*columns: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """The rows that agree in all ``columns``, group by group."""
    if not len(columns[0]):
        return []
    order = np.lexsort(columns)
    differs = np.any([np.diff(column[order]) != 0 for column in columns], axis=0)
    return np.split(order, np.flatnonzero(differs) + 1)


def _to_national_account(iban: str) -> str:
    """What an account is called within its country: of a French one bank, branch and number, without the key."""
    return iban[4:25] if iban.startswith("FR") else iban


def _check_repeated(same: Mapping[str, object], row: tuple, name: str) -> None:
    """The same statement in another file says the same."""
    _, identity, account, day, opening, closing, _, _, debits, credits_ = row
    if tuple(same.values()) != (opening, closing, day, debits, credits_):
        place = f"{name}, statement {identity} of {account}"
        raise EnvelopeMismatch(place, "A statement of that name is known with other figures", _REMEDY)


def _write_acts(table: pa.Table, target: Path) -> bytes:
    """Write the acts; the SHA-256 of the file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(target), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=1 << 16)
    return _hash_file(target)


def _hash_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
