"""All hashes made again over changed rows, as somebody would who changes rows and hides it: only the rules find the change."""

import asyncpg

from reporting.verification import Verification
from reporting.verification.chain import find_first_entries, hash_batch
from reporting.verification.copy_reader import HASHED_TABLES, StoredTable
from reporting.verification.evidence import COVERED_TABLES
from reporting.verification.snapshot_queries import BatchRow, JournalSnapshot, WindowSpan

HASH_CHECKS = frozenset({"chain", "evidence"})
"""The checks that compare rows with hashes; every other check reads the rows alone."""

_COVER = """insert into evidence (batch, position, relation, columns, digest)
    select (select min(batch) from batch), $1 + row_number() over (), '{table}', n.columns,
        sha256(convert_to('{table}', 'UTF8') || '\\x00'::bytea || record_send(t))
    from {table} t cross join (
        select count(*)::smallint as columns from pg_attribute
        where attrelid = '{table}'::regclass and attnum > 0 and not attisdropped
    ) n"""
_DIGESTS = "select string_agg(digest, ''::bytea order by position) from evidence where batch = $1"
_COLUMNS = """select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
    where attrelid = 'batch'::regclass and attnum > 0
    and attnum < (select attnum from pg_attribute where attrelid = 'batch'::regclass and attname = 'evidence')"""
_LINK = """update batch set evidence = sha256(
        coalesce($2::bytea, ''::bytea) || (select record_send(r) from (select {columns} from batch where batch = $1) r) || $3
    ) where batch = $1 returning evidence"""


async def remake_hashes(connection: asyncpg.Connection) -> None:
    """Hash every batch again, then all that is covered beside the journal; the connection has its triggers off."""
    await remake_chain(connection)
    await _remake_evidence(connection)


async def remake_chain(connection: asyncpg.Connection) -> None:
    """Hash the rows of every batch again, with the rows that verification assigns to it."""
    snapshot, previous = JournalSnapshot(connection), bytes(32)
    batches = await snapshot.read_batches()
    firsts = find_first_entries(batches)
    ends = [*(batch.batch for batch in batches[1:]), batches[-1].batch + 1] if batches else []
    for position, (batch, end) in enumerate(zip(batches, ends, strict=True)):
        span = WindowSpan(batch.batch, end, firsts[position], firsts[position + 1])
        streams = [await snapshot.copy_rows(stored, span) for stored in _list_stated_tables(batches)]
        previous = hash_batch(streams, previous)
        await connection.execute("update batch set chain = $2 where batch = $1", batch.batch, previous)


def _list_stated_tables(batches: list[BatchRow]) -> list[StoredTable]:
    """Return the tables of which some batch states rows; verification reads no other, as all of their rows are strays."""
    return [
        stored
        for stored in HASHED_TABLES
        if not stored.count_column or any(getattr(batch, stored.count_column) for batch in batches)
    ]


async def _remake_evidence(connection: asyncpg.Connection) -> None:
    """Cover all rows as they are now by the first batch, and hash the evidence of every batch again."""
    await connection.execute("delete from evidence; delete from pending_evidence")
    covered = 0
    for table in sorted(COVERED_TABLES):
        status = await connection.execute(_COVER.format(table=table), covered)
        covered += int(status.split()[-1])
    columns, previous = await connection.fetchval(_COLUMNS), bytes(32)
    for (batch,) in await connection.fetch("select batch from batch order by batch"):
        digests = await connection.fetchval(_DIGESTS, batch)
        previous = await connection.fetchval(_LINK.format(columns=columns), batch, digests, previous)


def list_hash_findings(verification: Verification) -> list[str]:
    """Return the places where rows and hashes differ: none, once the hashes are made again."""
    return [finding.place for finding in verification.findings if finding.check in HASH_CHECKS]
