"""The exclusion by sender: who opens credits neither spends, allots nor pays them, with whatever key."""

from service.auth.access_queries import Connection, list_holders
from service.auth.roles import Role, find_kinds
from service.configuration.settings import UsageError


async def require_compatible_sender(connection: Connection, sender: str, roles: frozenset[Role]) -> None:
    """Check that a sender does not both open credits and send other acts, by its live keys, systems and signers.

    Raises
    ------
    UsageError
        It would do both.
    """
    if not find_kinds(roles):
        return
    opens = Role.BUDGET_DIRECTORATE in roles
    for holder in await list_holders(connection):
        holder_roles = frozenset(Role(role) for role in holder.roles)
        if (
            holder.sender == sender
            and find_kinds(holder_roles)
            and (Role.BUDGET_DIRECTORATE in holder_roles) != opens
        ):
            raise UsageError(
                f"the sender {sender} has the {holder.name} with {' and '.join(sorted(holder_roles))}: who opens credits sends"
                " nothing else. Name another sender, or end that one first"
            )
