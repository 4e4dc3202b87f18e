"""The roles of keys, systems and signers, as an operator names them; ``core.roles`` says what each may do."""

from collections.abc import Iterable

from core.roles import Role, find_exclusion
from service.configuration.settings import UsageError


def parse_roles(names: Iterable[str]) -> frozenset[Role]:
    """Return the roles with these names.

    Raises
    ------
    UsageError
        A role does not exist, there is none at all, or two exclude each other.
    """
    try:
        roles = frozenset(Role(name) for name in names)
    except ValueError as error:
        raise UsageError(f"{error}. The roles are {', '.join(Role)}") from error
    if not roles:
        raise UsageError(f"a key needs a role: give one or more of {', '.join(Role)}")
    if exclusion := find_exclusion(roles):
        raise UsageError(
            f"one key cannot be both {' and '.join(sorted(exclusion))}: make two keys of two senders"
        )
    return roles
