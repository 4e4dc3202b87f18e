"""Roles, the kinds of act that each may send, and the roles that exclude each other (who orders must not pay)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from core.catalog import CATALOG, KIND_NUMBERS, Family
from core.senders import OPENINGS, SENDER_OF_KIND
from service.configuration.settings import UsageError


class Role(StrEnum):
    """The role of a key."""

    AUTHORISING_OFFICER = "authorising_officer"
    BUDGET_DIRECTORATE = "budget_directorate"
    PROGRAMME_MANAGER = "programme_manager"
    ASSIGNED_ACCOUNTANT = "assigned_accountant"
    AUDITOR = "auditor"
    OPERATOR = "operator"


FAMILIES_BY_ROLE: Mapping[Role, frozenset[Family]] = {
    # Commits, certifies service, orders payments and late interest.
    Role.AUTHORISING_OFFICER: frozenset(
        {
            Family.COMMITMENT,
            Family.COMMITMENT_CHANGE,
            Family.SERVICE,
            Family.SERVICE_CANCELLATION,
            Family.PAYMENT_REQUEST,
        }
    ),
    # Opens the credits that Parliament has voted, and does nothing else.
    Role.BUDGET_DIRECTORATE: frozenset(),
    # Allots and moves credits inside a programme, and earmarks them.
    Role.PROGRAMME_MANAGER: frozenset({Family.BUDGET}),
    # Is liable for the right creditor and account, suspends payments, rejects, and settles debts; payment runs pay.
    Role.ASSIGNED_ACCOUNTANT: frozenset(
        {Family.THIRD_PARTY, Family.THIRD_PARTY_CHANGE, Family.REJECTION, Family.SETTLEMENT, Family.TERM}
    ),
    # Reads the acts of all senders, and sends none.
    Role.AUDITOR: frozenset(),
    # Operates the service, and sends no acts.
    Role.OPERATOR: frozenset(),
}
SERVED_ON_ACCOUNTANT = frozenset({"attachment", "assignment"})
"""Kinds of the payment request family that are not orders to pay: creditors serve them on the accountant (GBCP art. 37)."""
WITHOUT_ORDER = frozenset({"payroll"})
"""Kinds of the payment request family that the accountant pays without a prior order (GBCP art. 32)."""
KINDS_OF_ONE_ROLE: Mapping[Role, frozenset[str]] = {
    Role.BUDGET_DIRECTORATE: OPENINGS,
    Role.ASSIGNED_ACCOUNTANT: SERVED_ON_ACCOUNTANT | WITHOUT_ORDER,
}
"""Kinds that this role alone may send, whatever other roles may send of their family."""

INCOMPATIBLE: tuple[frozenset[Role], ...] = (
    *(frozenset({Role.BUDGET_DIRECTORATE, role}) for role in Role if role is not Role.BUDGET_DIRECTORATE),
    frozenset({Role.AUTHORISING_OFFICER, Role.ASSIGNED_ACCOUNTANT}),
    frozenset({Role.PROGRAMME_MANAGER, Role.ASSIGNED_ACCOUNTANT}),
    frozenset({Role.AUDITOR, Role.AUTHORISING_OFFICER}),
    frozenset({Role.AUDITOR, Role.PROGRAMME_MANAGER}),
    frozenset({Role.AUDITOR, Role.ASSIGNED_ACCOUNTANT}),
)
"""Pairs of roles that one key must not have; a manager of credits acts for the authorising officer (GBCP art. 9)."""


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
    for pair in INCOMPATIBLE:
        if pair <= roles:
            raise UsageError(f"one key cannot be both {' and '.join(sorted(pair))}: make two keys")
    return roles


def list_roles(kind: str) -> list[Role]:
    """Return the roles that may send a kind of act; none for the kinds that Crescendo itself writes."""
    return [role for role in Role if kind in _find_role_kinds(role)]


def find_kinds(roles: Iterable[Role]) -> frozenset[str]:
    """Return the kinds of act that these roles may send."""
    return frozenset().union(*(_find_role_kinds(role) for role in roles))


def _find_role_kinds(role: Role) -> frozenset[str]:
    kinds = frozenset(
        name for name, number in KIND_NUMBERS.items() if CATALOG[number].family in FAMILIES_BY_ROLE[role]
    )
    reserved = frozenset(SENDER_OF_KIND).union(*KINDS_OF_ONE_ROLE.values())
    return (kinds - reserved) | KINDS_OF_ONE_ROLE.get(role, frozenset())
