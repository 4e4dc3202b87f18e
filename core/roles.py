"""The roles of persons, keys and senders: what each may do, and which exclude each other.

A role may enter some kinds of act and validate some.  That two persons enter and validate one act is a rule of our own; the
law asks that nobody orders and accounts (decree 2012-1246, GBCP, art. 9).
"""

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from itertools import combinations, product
from typing import TYPE_CHECKING, NamedTuple

from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction, Family
from core.senders import CONTROLLER_KINDS, DIRECTORATE_KINDS, INVOICE_SERVICE_KINDS, SENDER_OF_KIND

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Role(StrEnum):
    """A role; its place in this list is its number in the tables of the kernels: append only."""

    BUDGET_DIRECTORATE = "budget_directorate"
    PROGRAMME_MANAGER = "programme_manager"
    BOP_MANAGER = "bop_manager"
    UO_MANAGER = "uo_manager"
    AUTHORISING_OFFICER = "authorising_officer"
    CERTIFIER = "certifier"
    BUDGET_CONTROLLER = "budget_controller"
    ASSIGNED_ACCOUNTANT = "assigned_accountant"
    CENTRAL_ACCOUNTANT = "central_accountant"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    INVOICE_SERVICE = "invoice_service"


class Side(StrEnum):
    """The function that a role serves; some functions exclude each other."""

    BUDGET_DIRECTORATE = "budget directorate"
    ORDERING = "ordering"
    ACCOUNTING = "accounting"
    CONTROL = "control"
    READING = "reading"
    OPERATION = "operation"


class RoleRights(NamedTuple):
    """One row of the table of roles."""

    role: Role
    side: Side
    french: str
    task: str
    source: str
    """Where the law or our own rule gives it that task."""
    entered: frozenset[str] = frozenset()
    """The kinds of act that it may enter."""
    validated: frozenset[str] = frozenset()
    """The kinds of act that it may validate."""

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds that it may enter or validate: those that a key with the role may send."""
        return self.entered | self.validated


MAY_ENTER = 1
MAY_VALIDATE = 2
"""The bits of ``build_role_kinds``; they are those of ``core.directory.Hand``."""

SERVED_ON_ACCOUNTANT = frozenset({"attachment", "assignment"})
"""Kinds of the payment request family that are not orders to pay: creditors serve them on the accountant (GBCP art. 37)."""
WITHOUT_ORDER = frozenset({"payroll"})
"""Kinds of the payment request family that the accountant pays without a prior order (GBCP art. 32)."""
_OF_ACCOUNTANT = SERVED_ON_ACCOUNTANT | WITHOUT_ORDER


def _select(test: Callable[[ActKind], bool]) -> frozenset[str]:
    """Return the kinds for which ``test`` holds, without those that Crescendo writes itself."""
    return (
        frozenset(kind for kind, number in KIND_NUMBERS.items() if test(CATALOG[number]))
        - SENDER_OF_KIND.keys()
    )


def _select_families(*families: Family) -> frozenset[str]:
    return _select(lambda kind: kind.family in families)


_CREDIT_MANAGEMENT = _select_families(Family.BUDGET) - DIRECTORATE_KINDS
_OF_UNIT = _select(
    lambda kind: kind.budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK, BudgetAction.RETURN)
)
_CERTIFICATION = _select_families(Family.SERVICE, Family.SERVICE_CANCELLATION)
_VISA_REQUESTS = _select_families(Family.VISA) - CONTROLLER_KINDS - DIRECTORATE_KINDS
_EXECUTION = (
    _select_families(Family.COMMITMENT, Family.COMMITMENT_CHANGE, Family.REVERSAL)
    | _CERTIFICATION
    | _VISA_REQUESTS
)
_RECEIVABLES = _select_families(Family.RECEIVABLE, Family.RECEIVABLE_CHANGE)
_REQUESTS = _select_families(Family.PAYMENT_REQUEST) - _OF_ACCOUNTANT - INVOICE_SERVICE_KINDS
_ORDERS = _EXECUTION | _RECEIVABLES | _REQUESTS
ACCOUNTING_KINDS = _OF_ACCOUNTANT | _select_families(
    Family.THIRD_PARTY,
    Family.THIRD_PARTY_CHANGE,
    Family.REJECTION,
    Family.SETTLEMENT,
    Family.TERM,
    Family.JOURNAL,
    Family.RECEIPT,
    Family.RECEIPT_CHANGE,
    Family.RESTORATION,
    Family.REASSIGNMENT,
    Family.JUSTIFICATION,
    Family.RETENTION,
    Family.ASSET,
    Family.INVENTORY,
    Family.INVENTORY_CHANGE,
)
"""The kinds that the accountant sends: about third parties, or on the acts of those who order."""

ROLES: tuple[RoleRights, ...] = (
    RoleRights(Role.BUDGET_DIRECTORATE, Side.BUDGET_DIRECTORATE, "direction du budget",
               "Opens the credits that Parliament has voted, and those of funds by what was collected for them; cancels,"
               " freezes and unfreezes credits, moves them by decree, overrides a refused visa by decision of the minister of"
               " the budget, and does nothing else.",
               "LOLF art. 12 to 14, 17, 44; GBCP art. 103; it stands alone: ours", DIRECTORATE_KINDS, DIRECTORATE_KINDS),
    RoleRights(Role.PROGRAMME_MANAGER, Side.ORDERING, "responsable de programme (RPROG)",
               "Allots, moves and takes back the credits of a programme, and earmarks them.",
               "GBCP art. 70", _CREDIT_MANAGEMENT, _CREDIT_MANAGEMENT),
    RoleRights(Role.BOP_MANAGER, Side.ORDERING, "responsable de BOP (RBOP)",
               "Divides the credits of an operational budget (BOP) among its operational units (UO).",
               "GBCP art. 70 to 73", _CREDIT_MANAGEMENT, _CREDIT_MANAGEMENT),
    RoleRights(Role.UO_MANAGER, Side.ORDERING, "responsable d'UO (RUO)",
               "Prescribes the execution of an operational unit (UO): enters its commitments and services; others validate.",
               "GBCP art. 70 to 73; that they validate none is ours", _EXECUTION | _OF_UNIT),
    RoleRights(Role.AUTHORISING_OFFICER, Side.ORDERING, "ordonnateur",
               "Commits, requests visas, certifies service, orders payments and late interest, and issues receivables.",
               "GBCP art. 10 to 12, 28", _ORDERS, _ORDERS),
    RoleRights(Role.CERTIFIER, Side.ORDERING, "certificateur du service fait",
               "Certifies that the service was rendered as it was ordered.",
               "GBCP art. 31", _CERTIFICATION, _CERTIFICATION),
    RoleRights(Role.BUDGET_CONTROLLER, Side.CONTROL, "contrôleur budgétaire (CB)",
               "Gives or refuses the visa of the commitments that are submitted to it.",
               "GBCP art. 103", CONTROLLER_KINDS, CONTROLLER_KINDS),
    RoleRights(Role.ASSIGNED_ACCOUNTANT, Side.ACCOUNTING, "comptable assignataire",
               "Is liable for the right creditor and account, suspends payments, rejects requests, and settles debts.",
               "GBCP art. 18 to 20, 37", ACCOUNTING_KINDS, ACCOUNTING_KINDS),
    RoleRights(Role.CENTRAL_ACCOUNTANT, Side.ACCOUNTING, "comptable centralisateur",
               "Does what an assigned accountant does, for every accountant of the State.",
               "Order of 28 February 2013 on the office; that its rights are the same is ours",
               ACCOUNTING_KINDS, ACCOUNTING_KINDS),
    RoleRights(Role.AUDITOR, Side.READING, "auditeur (Cour des comptes)",
               "Reads the acts of all senders, and sends none.", "LOLF art. 58"),
    RoleRights(Role.OPERATOR, Side.OPERATION, "exploitant",
               "Operates the service, and sends no acts.", "ours"),
    RoleRights(Role.INVOICE_SERVICE, Side.ACCOUNTING, "service facturier",
               "Receives the invoices under the authority of an accountant, and requests what is certified: the certified"
               " service is the order to pay.",
               "GBCP art. 41; that it neither pays nor does anything else of the accountant is ours",
               INVOICE_SERVICE_KINDS, INVOICE_SERVICE_KINDS),
)  # fmt: skip
"""One row per role, in the order of ``Role``."""

_RIGHTS: Mapping[Role, RoleRights] = {rights.role: rights for rights in ROLES}
ORDERING_ROLES = frozenset(rights.role for rights in ROLES if rights.side is Side.ORDERING)
ACCOUNTING_ROLES = frozenset(rights.role for rights in ROLES if rights.side is Side.ACCOUNTING)
PAYING_ROLES = ACCOUNTING_ROLES - {Role.INVOICE_SERVICE}
"""The accountants themselves, who pay and decide on months and bank files; the invoice service under them does not."""
_ALONE = "who opens credits sends nothing else"
_READS = "who audits acts sends none"
EXCLUSIONS: Mapping[frozenset[Side], str] = {
    # The managers of credits are authorising officers, or hold their signature (GBCP art. 70 to 73).
    frozenset({Side.ORDERING, Side.ACCOUNTING}): "who orders does not account (GBCP art. 9)",
    # In a ministry the controller may be the accountant too (CBCM).
    frozenset({Side.CONTROL, Side.ORDERING}): "who controls commitments orders none",
    frozenset({Side.READING, Side.ORDERING}): _READS,
    frozenset({Side.READING, Side.ACCOUNTING}): _READS,
    **{
        frozenset({Side.BUDGET_DIRECTORATE, side}): _ALONE
        for side in Side
        if side is not Side.BUDGET_DIRECTORATE
    },
}
"""The pairs of sides that nobody may serve, each with the reason; the first is the law's, the others are ours."""
_PASSIVE_SIDES = frozenset({Side.READING, Side.OPERATION})
"""They take no part in acts, so a sender may have keys of them beside any other."""


def get_rights(role: Role) -> RoleRights:
    """Return the row of a role."""
    return _RIGHTS[role]


def get_exclusion(first: Role, second: Role) -> str | None:
    """Return the reason why nobody may have both roles; None if they may go together."""
    return EXCLUSIONS.get(frozenset({_RIGHTS[first].side, _RIGHTS[second].side}))


def find_exclusion(roles: Iterable[Role]) -> tuple[Role, Role] | None:
    """Return the first two of these roles, in the order of ``Role``, that exclude each other; None if none do."""
    role_set = frozenset(roles)
    pairs = combinations((role for role in Role if role in role_set), 2)
    return next((pair for pair in pairs if get_exclusion(*pair)), None)


def excludes_partner(first: Role, second: Role) -> bool:
    """Return whether spouses or partners may not have these roles, one each: who orders, and who accounts (GBCP art. 9)."""
    return {_RIGHTS[first].side, _RIGHTS[second].side} == {Side.ORDERING, Side.ACCOUNTING}


def find_sender_exclusion(roles: Iterable[Role], other_roles: Iterable[Role]) -> str | None:
    """Return the reason why one sender may not have some roles by one key and some by another; None if it may."""
    pairs = product(_list_active(roles), _list_active(other_roles))
    return next((reason for pair in pairs if (reason := get_exclusion(*pair))), None)


def _list_active(roles: Iterable[Role]) -> list[Role]:
    role_set = frozenset(roles)
    return [role for role in Role if role in role_set and _RIGHTS[role].side not in _PASSIVE_SIDES]


def list_roles(kind: str) -> list[Role]:
    """Return the roles that may enter or validate a kind, those that may do both first.

    There are none for the kinds that Crescendo itself writes.
    """
    rows = [rights for rights in ROLES if kind in rights.kinds]
    return [rights.role for rights in sorted(rows, key=lambda rights: kind not in rights.validated)]


def find_kinds(roles: Iterable[Role]) -> frozenset[str]:
    """Return the kinds of act that these roles may enter or validate."""
    return frozenset[str]().union(*(_RIGHTS[role].kinds for role in roles))


def build_role_kinds() -> "NDArray[np.uint8]":
    """Return what each role may do with each kind, of shape (len(Role), len(CATALOG)): ``MAY_ENTER`` | ``MAY_VALIDATE``."""
    import numpy as np  # the commands that give roles do without it

    table = np.zeros((len(Role), len(CATALOG)), np.uint8)
    for number, rights in enumerate(ROLES):
        table[number, [KIND_NUMBERS[kind] for kind in rights.entered]] |= MAY_ENTER
        table[number, [KIND_NUMBERS[kind] for kind in rights.validated]] |= MAY_VALIDATE
    return table
