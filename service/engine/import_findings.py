"""What the database says of imported bank files: what is refused, what matches nothing, and what is on suspense."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.accountants import Accountants
from core.outcome_codes import Outcome
from service.database import command_queries
from settlement.reconciliation import bank_queries as bank
from settlement.reconciliation.bank_queries import UnmatchedSum
from settlement.reconciliation.importer import ImportedMessage
from settlement.reconciliation.transfer_accounts import load_own_accounts


class ImportFindings(NamedTuple):
    """What the database says of imported messages."""

    refused: Mapping[bytes, Mapping[str, int]]
    """Lines that the engine refused, by hash of the file of acts and by code."""
    reasons: Mapping[int, dict[str, UnmatchedSum]]
    """What matched nothing, by number of the message and name of the reason."""
    suspense_types: Mapping[int, dict[str, UnmatchedSum]]
    """What is on suspense, by number of the message and type of the movement."""
    own: frozenset[str]
    """The operations accounts that are ours."""


async def load_findings(
    dsn: str, messages: Sequence[ImportedMessage], accountants: Mapping[int, Accountants]
) -> ImportFindings:
    """Load what is refused of the acts of ``messages``, what of them matched nothing, and the accounts that are ours."""
    refused: dict[bytes, Counter[str]] = {}
    files = [message.acts_hash for message in messages if message.acts_hash]
    numbers = [message.number for message in messages]
    with command_queries.translate_database_errors(dsn):
        async with command_queries.connect(dsn) as connection:
            for row in await bank.load_refused_acts(connection, files) if files else ():
                refused.setdefault(row["file_hash"], Counter())[Outcome(row["code"]).name] += 1
            return ImportFindings(
                refused,
                await bank.load_unmatched_reasons(connection, numbers),
                await bank.load_suspense_types(connection, numbers),
                await load_own_accounts(connection, accountants),
            )
