"""Rights that keys, and the roles of unsigned files, have lost with a version: the start of the service names them."""

from collections.abc import Callable, Sequence
from datetime import datetime

from core.senders import RESERVED_SENDERS
from service.auth import access_queries
from service.auth.roles import Role

_MIGRATION = "0017_directorate.sql"
"""Brought the role of the budget directorate."""
_NAMES_MAX = 10


async def report_lost_rights(
    pool: access_queries.Pool, report: Callable[[str], None], unsigned: frozenset[Role]
) -> None:
    """Report, in a line for each right, the live keys, systems and signers that have lost it; and unsigned files.

    ``unsigned`` are the roles in which unsigned files of drop folders are accepted.
    """
    changed_at = await access_queries.find_migration_time(pool, _MIGRATION)
    holders = await access_queries.list_holders(pool)
    openers = [
        holder.name
        for holder in holders
        if Role.PROGRAMME_MANAGER in holder.roles and holder.created_at < changed_at
    ]
    if openers:
        report(
            f"programme_manager no longer opens credits, and these had it before: {_join_names(openers)}. Whoever"
            " opens credits needs a key of its own: crescendo access create SENDER --role budget_directorate"
        )
    if Role.PROGRAMME_MANAGER in unsigned and await _was_used_before(pool, changed_at):
        report(
            "programme_manager no longer opens credits, and unsigned files had it before (--drop-unsigned"
            " programme_manager). Whoever opens credits by files needs a signer of its own: crescendo access signer add"
            " SENDER --key FILE --role budget_directorate"
        )
    reserved = [holder.name for holder in holders if holder.sender in RESERVED_SENDERS]
    if reserved:
        report(
            f"the senders {', '.join(sorted(RESERVED_SENDERS))} are reserved, and these are no longer accepted:"
            f" {_join_names(reserved)}. Create others for another sender: crescendo access create SENDER"
        )


async def _was_used_before(pool: access_queries.Pool, time: datetime) -> bool:
    """Return whether the ledger had a batch before ``time``: an option has no date, and lost nothing in a new ledger."""
    committed_at = await access_queries.find_first_commit(pool)
    return committed_at is not None and committed_at < time


def _join_names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_MAX:,} more" if len(names) > _NAMES_MAX else ""
    return f"{', '.join(names[:_NAMES_MAX])}{more}"
