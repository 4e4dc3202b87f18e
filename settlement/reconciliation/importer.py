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
from core.tables.bank_messages import Format, Message
from core.tables.columns import take
from settlement.bank_files import bank_file_reader, statement_checks
from settlement.reconciliation import bank_acts, bank_queries, bulk_rejections, year_crossing
from settlement.reconciliation.matching import account_numbers, matched, named
from settlement.reconciliation.message_rows import (
    Counts,
    Made,
    batch_id_of,
    counted,
    items_of,
    statement_rows,
)
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.sent_transfers import Transfers

_AGAIN = "The same statement never changes: ask the bank which one is right"


Tell = Callable[[str], None]


class Known(NamedTuple):
    """What messages are held against."""

    accountants: Mapping[int, Accountants]
    """By exercise."""
    reasons: BankReasons
    lots: Callable[[int, str], bulk_rejections.Lots | None]
    """What one of our payment files asked, by run and name."""


@dataclass(slots=True)
class Imported:
    """A message that is stored, and the file of its acts, if there are any."""

    path: Path
    number: int
    attempt: int
    is_known: bool
    message: Message
    counts: Counts
    acts_path: Path | None
    """The file of its acts, where the engine has not had it yet."""
    is_pending: bool
    """Whether its acts are still to be brought to their end."""
    waits: bool = False
    """Whether something of it came back whose debit, of a year before, the books do not have yet."""
    acts_hash: bytes | None = None
    was_refused: bool = False
    """Whether the journal had these very acts before, and refused some that it does not have yet."""


@dataclass(frozen=True, slots=True)
class Importer:
    """Takes in files, into ``folder`` and the database of ``connection``."""

    connection: bank_queries.Connection
    folder: Path
    known: Known
    tell: Tell
    """Called with each step that begins, before anything of it is done."""

    async def take(self, path: Path, *, again: bool = False) -> Imported:
        """Read, match and store a file; ``again`` matches a known one anew.

        Raises
        ------
        FileUnreadable, FormatUnknown, LimitExceeded
            It is no file of a bank.
        EnvelopeMismatch
            It does not add up, or does not follow what is known.
        """
        digest = await asyncio.to_thread(_digest, path)
        self.tell(f"reading {path.name}")
        message = await self._ours(await asyncio.to_thread(bank_file_reader.read, path))
        before = await bank_queries.stored(self.connection, digest)
        if before is not None and not (again or await bank_queries.is_late(self.connection, before.message)):
            return await self._known(path, message, before)
        attempt = before.attempt + 1 if before else 1
        target = self._target(digest, attempt)
        self.tell(f"matching {path.name}")
        made = await self._made(message, target)
        self.tell(f"storing {path.name}")
        number = await self._store(path, digest, (before.message if before else 0, attempt), made)
        self.tell(f"{path.name} stored")
        waits = bool((made.matched.why == Mismatch.NOT_DEBITED).any())
        found = Imported(path, number, attempt, False, message, made.counts, target, True, waits)
        return await self._due(found, made.acts_hash)

    async def _due(self, found: Imported, acts_hash: bytes | None) -> Imported:
        """A message matched anew: acts that the journal has had are given to it only where it refused some."""
        found.acts_hash = acts_hash
        state = await bank_queries.posting(self.connection, acts_hash) if acts_hash else "done"
        if acts_hash and state == "done":
            found.was_refused = bool(await bank_queries.refused(self.connection, [acts_hash]))
        found.is_pending = state != "done" or found.was_refused
        if not found.is_pending and found.acts_path:
            found.acts_path.unlink(missing_ok=True)
        found.acts_path = found.acts_path if found.is_pending else None
        return found

    async def _known(self, path: Path, message: Message, before: bank_queries.Stored) -> Imported:
        """A message that was stored; its acts are made again if the engine never had them."""
        state = await bank_queries.posting(self.connection, before.acts_hash) if before.acts_hash else "done"
        target = None
        if before.acts_hash and state == "unknown":
            digest = await asyncio.to_thread(_digest, path)
            target = self._target(digest, before.attempt)
            made = await self._made(message, target)
            if made.acts_hash != before.acts_hash:
                found = "It was taken in before; what it names, or the table of reasons, changed since"
                raise EnvelopeMismatch(path.name, found, "Match it anew with --again")
        counts = Counts(*before.counts)
        which = (path, before.message, before.attempt, True, message, counts)
        return Imported(*which, target, state != "done", acts_hash=before.acts_hash)

    def _target(self, digest: bytes, attempt: int) -> Path:
        return self.folder / f"{digest.hex()[:16]}-{attempt}.arrow"

    async def _ours(self, message: Message) -> Message:
        """The message with our accounts by their IBAN: a statement of 120 characters tells all but the key of a RIB."""
        if message.format is not Format.CFONB120:
            return message
        ibans = {one.iban for each in self.known.accountants.values() for one in each.accountants.values()}
        ibans.update(await bank_queries.accounts(self.connection))
        known = {_national(iban): iban for iban in sorted(ibans)}
        told = [
            each._replace(account=known.get(_national(each.account), each.account))
            for each in message.statements
        ]
        return message._replace(statements=told)

    async def _made(self, message: Message, target: Path) -> Made:
        message, unknown = await self._named(message)
        entries = named(message)
        sent = await bank_queries.read_sent(self.connection, entries)
        found = matched(message, entries, sent, await self._accounts(message, sent))
        answered = await self._followed(bank_acts.Answered(message, found, sent, self.known.reasons, {}, {}))
        found = answered.matched
        payees = await bank_queries.payee_codes(self.connection, bank_acts.payees_to_block(answered))
        batch_id = batch_id_of(message)
        whole = answered._replace(payees=payees)
        table = await asyncio.to_thread(bank_acts.table, whole, batch_id)
        acts_hash = await asyncio.to_thread(_written, table, target) if table is not None else None
        rows = table.num_rows if table is not None else 0
        return Made(
            message, tuple(unknown), found, counted(message, found, len(unknown)), batch_id, rows, acts_hash
        )

    async def _followed(self, answered: bank_acts.Answered) -> bank_acts.Answered:
        """With the debits of years before: our names for acts reach no further than an exercise."""
        debits = await bank_queries.debits(self.connection, year_crossing.lines(answered))
        return year_crossing.followed(answered, debits)

    async def _named(self, message: Message) -> bulk_rejections.Expanded:
        """Every transfer that is refused, also where the bank refuses a whole message."""
        file = None
        if message.verdicts:
            file = await bank_queries.payment_file(self.connection, message.statements[0].identity)
        return bulk_rejections.expanded(message, lambda _: self.known.lots(*file) if file else None)

    async def _accounts(self, message: Message, sent: Transfers) -> NDArray[np.int64]:
        """The place of each transfer's account among those of the message; -2 where it is none of them."""
        numbers = account_numbers(message)
        centres = await bank_queries.centres(self.connection, sent.lines.cell[sent.head])
        leaving = await bank_queries.leaving(self.connection)
        found = np.full(len(sent.head), -2, np.int64)
        heads = take(sent.lines, sent.head)
        for rows in _alike(heads.submission, heads.exercise):
            first = rows[0]
            year = int(heads.exercise[first])
            if stored := leaving.get((int(heads.submission[first]), year)):
                at = np.searchsorted(stored.firsts, heads.line[rows], "right") - 1
                found[rows] = np.array([numbers.get(iban or "", -2) for iban in stored.accounts])[at]
            else:
                cells, at = np.unique(heads.cell[rows], return_inverse=True)
                ibans = [self._iban(year, centres.get(cell, "")) for cell in cells.tolist()]
                found[rows] = np.array([numbers.get(iban, -2) for iban in ibans])[at]
        return found

    def _iban(self, year: int, centre: str) -> str:
        """The account that is assigned to a fund centre now: of what no run sent."""
        assigned = self.known.accountants.get(year)
        code = assigned.assigned.get(centre, "") if assigned else ""
        return assigned.accountants[code].iban if assigned and code else ""

    async def _store(self, path: Path, digest: bytes, which: tuple[int, int], made: Made) -> int:
        number, attempt = which
        async with self.connection.transaction():
            await bank_queries.lock(self.connection)
            if attempt == 1:
                statements = await self._new_statements(made.message, path.name)
                message = made.message
                told = (message.format, message.identity[:140], path.name, digest, path.stat().st_size)
                counted = (len(message.statements), int(message.movements.amount.size))
                number = await bank_queries.insert_message(self.connection, (*told, *counted), statements)
            row = (number, attempt, *made.counts, made.acts, made.acts_hash, made.batch_id)
            await bank_queries.insert_attempt(self.connection, row, items_of((number, attempt), made))
        return number

    async def _new_statements(self, message: Message, name: str) -> list[tuple]:
        """The rows of statements that are not known already from another file.

        Raises
        ------
        EnvelopeMismatch
            One does not follow the last of its account, or is known with other figures.
        """
        found: list[tuple] = []
        last: dict[str, tuple[str, int]] = {}
        for statement, row in zip(message.statements, statement_rows(message), strict=True):
            if statement.closing is not None:
                same = await bank_queries.same_statement(
                    self.connection, statement.account, statement.identity
                )
                if same is not None:
                    _check_repeated(same, row, name)
                    continue
                before = last.get(statement.account) or await bank_queries.last_closing(
                    self.connection, statement.account
                )
                if before:
                    statement_checks.follows(statement, before, name)
                last[statement.account] = (statement.identity, statement.closing)
            if message.format is not Format.PAIN002:
                found.append(row)
        return found


def _alike(*columns: NDArray[np.integer]) -> list[NDArray[np.int64]]:
    """The rows that agree in all ``columns``, group by group."""
    if not len(columns[0]):
        return []
    order = np.lexsort(columns)
    differs = np.any([np.diff(column[order]) != 0 for column in columns], axis=0)
    return np.split(order, np.flatnonzero(differs) + 1)


def _national(iban: str) -> str:
    """What an account is called within its country: of a French one bank, branch and number, without the key."""
    return iban[4:25] if iban.startswith("FR") else iban


def _check_repeated(same: Mapping[str, object], row: tuple, name: str) -> None:
    """The same statement in another file says the same."""
    _, identity, account, day, opening, closing, _, _, debits, credits_ = row
    if tuple(same.values()) != (opening, closing, day, debits, credits_):
        place = f"{name}, statement {identity} of {account}"
        raise EnvelopeMismatch(place, "A statement of that name is known with other figures", _AGAIN)


def _written(table: pa.Table, target: Path) -> bytes:
    """Write the acts; the SHA-256 of the file."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(target), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table.combine_chunks(), max_chunksize=1 << 16)
    return _digest(target)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
