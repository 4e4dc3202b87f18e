"""Prepare a bank message: expand bulk rejections, match movements, link earlier debits, and write the file of acts."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from core.accountants import Accountants
from core.bank_reasons import BankReasons
from core.tables.bank_messages import BankMessage
from posting.store.ledger_identity import read_number
from settlement.reconciliation import bank_acts, bank_queries, year_crossing
from settlement.reconciliation.bank_acts import MatchedMessage
from settlement.reconciliation.bulk_rejections import (
    ExpandedMessage,
    TransfersByLot,
    expand_bulk_rejections,
)
from settlement.reconciliation.contradictions import ContradictionFinder
from settlement.reconciliation.credit_receipts import ReceiptMatcher
from settlement.reconciliation.matching import match_movements, parse_entries
from settlement.reconciliation.matching_attempts import MatchingAttempt
from settlement.reconciliation.message_rows import PreparedMessage, count_movements, derive_batch_id
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.movement_suspense import MovementMatcher
from settlement.reconciliation.notice_links import NoticeLinker
from settlement.reconciliation.sent_transfer_queries import SentTransferReader
from settlement.reconciliation.transfer_accounts import find_transfer_accounts

_BATCH_ROWS = 1 << 16


class ImportContext(NamedTuple):
    """The reference data and the payment files that bank messages are matched with."""

    accountants: Mapping[int, Accountants]
    """By exercise."""
    reasons: BankReasons
    find_lots: Callable[[int, str], TransfersByLot | None]
    """Returns the transfers of one of our payment files, by run and file name."""
    sent: SentTransferReader


async def prepare_message(
    connection: bank_queries.Connection,
    context: ImportContext,
    message: BankMessage,
    *,
    attempt: MatchingAttempt,
    acts_path: Path,
) -> PreparedMessage:
    """Match a message and write its acts to ``acts_path``, if it has any."""
    expanded = await _expand_rejections(connection, context, message)
    matched = await _match(connection, context, expanded.message, attempt=attempt)
    matcher = ReceiptMatcher(connection, context.accountants, expanded.message, attempt)
    matches, receipts, suspense, hand_receipts = await matcher.match(matched.matches)
    matches = await NoticeLinker(connection, expanded.message, attempt).link(matches)
    suspense = suspense.select(matches.mismatch != Mismatch.NOTICED)
    unknown = MovementMatcher(connection, context.accountants, expanded.message, attempt)
    matches, unknown_suspense = await unknown.match(matches)
    suspense = suspense.join(unknown_suspense)
    matched = matched._replace(matches=matches, receipts=receipts, suspense=suspense)
    payees = await bank_queries.load_payee_codes(connection, bank_acts.list_payees_to_block(matched))
    batch_id = derive_batch_id(expanded.message)
    acts = await asyncio.to_thread(bank_acts.build_acts_table, matched._replace(payees=payees), batch_id)
    return PreparedMessage(
        expanded.message,
        tuple(expanded.unknown),
        matches,
        receipts,
        suspense,
        hand_receipts,
        count_movements(
            expanded.message, matches, receipts, suspense=suspense, unknown=len(expanded.unknown)
        ),
        batch_id,
        acts=acts.num_rows if acts is not None else 0,
        acts_hash=await asyncio.to_thread(_write_acts, acts, acts_path) if acts is not None else None,
    )


async def _expand_rejections(
    connection: bank_queries.Connection, context: ImportContext, message: BankMessage
) -> ExpandedMessage:
    file = None
    if message.bulk_statuses:
        file = await bank_queries.find_payment_file(connection, message.statements[0].identity)
    return expand_bulk_rejections(message, lambda _: context.find_lots(file.run, file.name) if file else None)


async def _match(
    connection: bank_queries.Connection,
    context: ImportContext,
    message: BankMessage,
    *,
    attempt: MatchingAttempt,
) -> MatchedMessage:
    entries = parse_entries(message, await read_number(connection))
    sent = await context.sent.load(entries)
    accounts = await find_transfer_accounts(connection, context.accountants, message, sent=sent)
    matches = match_movements(message, entries, sent, accounts=accounts)
    matched = MatchedMessage(message, matches, sent, context.reasons, payees={}, debits={})
    matched = await ContradictionFinder(connection, attempt).mark(matched)
    debits = await bank_queries.load_debits(connection, year_crossing.select_returned_lines(matched))
    return year_crossing.link_earlier_debits(matched, debits)


def _write_acts(acts: pa.Table, path: Path) -> bytes:
    """Write the acts as an Arrow file; return its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, acts.schema) as writer:
        writer.write_table(acts.combine_chunks(), max_chunksize=_BATCH_ROWS)
    return hash_file(path)


def hash_file(path: Path) -> bytes:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
