"""The directory of persons as people read it: every row with its codes, and who changed what."""

from typing import Any

from posting.store.directory_store import SQL, Connection

_PARTS = ("persons", "roles", "delegations", "agreements", "logins", "changes")


async def load_listing(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Load all parts of the directory in the order of their numbers, and the changes, the last one first."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return {part: [dict(row) for row in await connection.fetch(SQL[f"list_{part}"])] for part in _PARTS}
