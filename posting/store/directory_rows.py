"""The directory of persons as people read it: every row with its codes, and who changed what."""

from typing import Any, NamedTuple

from posting.store.directory_store import SQL, Connection

_PARTS = ("persons", "roles", "delegations", "agreements", "logins", "couples", "changes")
DirectoryRows = dict[str, list[dict[str, Any]]]


class ListingPage(NamedTuple):
    """Some rows of the directory, by part."""

    parts: DirectoryRows
    rows_after: int
    """How many rows follow."""


async def load_directory(connection: Connection) -> DirectoryRows:
    """Load all parts of the directory in the order of their numbers, and the changes, the last one first."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return {part: await _load_part(connection, part) for part in _PARTS}


async def load_page(connection: Connection, after: int, limit: int) -> ListingPage:
    """Load ``limit`` rows after the first ``after`` ones of all parts, which follow each other as in ``load_directory``."""
    listing: DirectoryRows = {}
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        sizes = await connection.fetchrow(SQL["part_sizes"])
        skipped, room = after, limit
        for part in _PARTS:
            first = min(skipped, sizes[part])
            listing[part] = await _load_part(connection, part, limit=room, first=first) if room else []
            skipped, room = skipped - first, room - len(listing[part])
    return ListingPage(listing, max(sum(sizes) - after - limit, 0))


async def _load_part(
    connection: Connection, part: str, *, limit: int | None = None, first: int = 0
) -> list[dict[str, Any]]:
    return [dict(row) for row in await connection.fetch(SQL[f"list_{part}"], limit, first)]
