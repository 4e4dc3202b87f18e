"""Roles, what each may send, and which two may never meet (two hands: who orders does not pay)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from core.catalog import CATALOG, KIND_NUMBERS, Family
from service.configuration.settings import UsageError


class Role(StrEnum):
    """What a key is for."""

    AUTHORISING_OFFICER = "authorising_officer"
    PROGRAMME_MANAGER = "programme_manager"
    ASSIGNED_ACCOUNTANT = "assigned_accountant"
    AUDITOR = "auditor"
    OPERATOR = "operator"


FAMILIES_BY_ROLE: Mapping[Role, frozenset[Family]] = {
    # engages, certifies service, orders payment, late interest too, and suspends the term of what is incomplete
    Role.AUTHORISING_OFFICER: frozenset(
        {
            Family.COMMITMENT,
            Family.COMMITMENT_CHANGE,
            Family.SERVICE,
            Family.SERVICE_CANCELLATION,
            Family.PAYMENT_REQUEST,
            Family.TERM,
        }
    ),
    # opens, allots and moves credits
    Role.PROGRAMME_MANAGER: frozenset({Family.BUDGET}),
    # answers for the right creditor and the right account, and pays or refuses to
    Role.ASSIGNED_ACCOUNTANT: frozenset(
        {Family.THIRD_PARTY, Family.THIRD_PARTY_CHANGE, Family.REJECTION, Family.SETTLEMENT}
    ),
    # reads what everybody sends, and sends nothing
    Role.AUDITOR: frozenset(),
    # keeps the service running, and sends nothing
    Role.OPERATOR: frozenset(),
}
SERVED_ON_ACCOUNTANT = frozenset({"attachment", "assignment"})
"""Payment requests by family that are no order to pay: they are served on the accountant (GBCP art. 37)."""

INCOMPATIBLE: tuple[frozenset[Role], ...] = (
    frozenset({Role.AUTHORISING_OFFICER, Role.ASSIGNED_ACCOUNTANT}),
    frozenset({Role.AUDITOR, Role.AUTHORISING_OFFICER}),
    frozenset({Role.AUDITOR, Role.PROGRAMME_MANAGER}),
    frozenset({Role.AUDITOR, Role.ASSIGNED_ACCOUNTANT}),
)
"""Roles that no key holds together."""


def parse_roles(names: Iterable[str]) -> frozenset[Role]:
    """The roles of these names.

    Raises
    ------
    Misuse
        No such role, none at all, or two that exclude each other.
    """
    try:
        roles = frozenset(Role(name) for name in names)
    except ValueError as error:
        raise UsageError(f"{error}. The roles are {', '.join(Role)}") from error
    if not roles:
        raise UsageError(f"a key needs a role: {', '.join(Role)}")
    for pair in INCOMPATIBLE:
        if pair <= roles:
            raise UsageError(f"one key cannot be both {' and '.join(sorted(pair))}: make two")
    return roles


def find_kinds(roles: Iterable[Role]) -> frozenset[str]:
    """The kinds of act that these roles may send."""
    return frozenset().union(*(_find_role_kinds(role) for role in roles))


def _find_role_kinds(role: Role) -> frozenset[str]:
    found = {
        name for name, number in KIND_NUMBERS.items() if CATALOG[number].family in FAMILIES_BY_ROLE[role]
    }
    is_accountant = role is Role.ASSIGNED_ACCOUNTANT
    return frozenset(found | SERVED_ON_ACCOUNTANT if is_accountant else found - SERVED_ON_ACCOUNTANT)
