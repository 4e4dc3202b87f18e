"""The exclusion by sender: who orders does not account, and who opens credits does nothing else, with whatever key."""

from core.roles import Role, find_sender_exclusion
from service.auth.access_queries import Connection, list_holders
from service.configuration.settings import UsageError


async def require_compatible_sender(connection: Connection, sender: str, roles: frozenset[Role]) -> None:
    """Check that no live key, system or signer of a sender has a role that excludes one of these.

    Raises
    ------
    UsageError
        One has; the message names it.
    """
    for holder in await list_holders(connection):
        if holder.sender != sender:
            continue
        if reason := find_sender_exclusion(roles, map(Role, holder.roles)):
            raise UsageError(
                f"the sender {sender} has the {holder.name} with {' and '.join(sorted(holder.roles))}: {reason}."
                " Name another sender, or end that one first"
            )
