"""Queries for the rows that the database contains of a load's forms."""

from collections.abc import Sequence

from bench.load.load_target import StoredForms
from posting.store.limited_connections import open_limited_connection

_STORED = """
select (select count(*) from entry where {forms}), (select count(*) from duplicate where {forms}),
       (select count(*) from refusal where {forms}), (select coalesce(sum(entry_id), 0) from entry where {forms})
"""


async def read_stored_forms(dsn: str, submissions: Sequence[int]) -> StoredForms:
    """Count the rows of these submissions."""
    async with open_limited_connection(dsn) as connection:
        query = _STORED.format(forms="submission = any($1)")
        (row,) = await connection.fetch(query, list(submissions))
        return StoredForms(*map(int, row))
