"""The engine that owns the lease, as other processes see it: whose spool it decides files of, and how they announce them."""

from typing import NamedTuple

from posting.store.journal_store import PostgresStore

FILES_CHANNEL = "crescendo_files"
"""The channel on which registered files are announced."""


class RunningEngine(NamedTuple):
    """An engine that owns the lease."""

    owner: str
    spool: str | None
    """The identity of the spool whose registered files it decides; None if it decides only its own files."""


async def find_running_engine(store: PostgresStore) -> RunningEngine | None:
    """Return the engine that owns the lease; None if there is none."""
    rows = await store.fetch("running_engine")
    return RunningEngine(rows[0]["holder"], rows[0]["spool"]) if rows else None


async def offer_spool(store: PostgresStore, identity: str) -> None:
    """State that this engine decides the files that other processes register in the spool of that identity."""
    await store.fetch("offer_spool", store.epoch, identity)


async def announce_files(store: PostgresStore) -> None:
    """Tell the engine at work that files are registered."""
    await store.fetch("announce_files")
