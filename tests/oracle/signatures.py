"""Who may enter and who may validate an act, by the table of roles (rules A41, A42)."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from core.catalog import CATALOG, BudgetAction
from core.directory import Hand
from core.outcome_codes import Outcome
from core.roles import get_rights
from tests.oracle.lines import Line
from tests.oracle.model import NONE, Grant, LineRefused, Signature, World


class _Need(NamedTuple):
    """What a line asks of a person."""

    world: World
    kind: str
    day: int
    cell: int
    node: int
    """The budget node at which the persons are judged."""
    act_cents: int

    def may_enter(self, grant: Grant) -> bool:
        return grant.hand in {Hand.ENTRY, Hand.BOTH} and self.kind in get_rights(grant.role).entered

    def may_validate(self, grant: Grant) -> bool:
        return grant.hand in {Hand.VALIDATION, Hand.BOTH} and self.kind in get_rights(grant.role).validated

    def is_in_time(self, grant: Grant) -> bool:
        return grant.first_day <= self.day <= grant.last_day

    def is_at_place(self, grant: Grant) -> bool:
        """Return whether the grant covers the accountant of the line, and the fund centre of the node or one above it."""
        if self.cell <= 0:
            return True
        cell, node, centres = self.world.cells[self.cell], self.node, {0}
        while node != NONE:
            centres.add(self.world.nodes[node].centre)
            node = self.world.nodes[node].parent
        return grant.accountant in {0, cell.accountant} and grant.centre in centres

    def is_within(self, grant: Grant) -> bool:
        return grant.ceiling is None or self.act_cents <= grant.ceiling


_Check = tuple[Callable[[_Need, Grant], bool], Outcome]
_ENTRY: tuple[_Check, ...] = (
    (_Need.may_enter, Outcome.ENTRY_ROLE_MISSING),
    (_Need.is_in_time, Outcome.ENTRY_DAY),
    (_Need.is_at_place, Outcome.ENTRY_PLACE),
)
_VALIDATION: tuple[_Check, ...] = (
    (_Need.may_validate, Outcome.VALIDATION_ROLE_MISSING),
    (_Need.is_in_time, Outcome.VALIDATION_DAY),
    (_Need.is_at_place, Outcome.VALIDATION_PLACE),
    (_Need.is_within, Outcome.VALIDATION_CEILING),
)


def check_signature(world: World, line: Line, *, cell: int, act_cents: int) -> None:
    """Refuse a line whose persons may not enter or validate it; one that names nobody is not refused here.

    Credits that are moved or allotted have two places: where they arrive, and where they leave.
    """
    if not line.signature:
        return
    signature, kind = world.signatures[line.signature], CATALOG[line.kind]
    arrival = world.cells[cell].centre_node if cell > 0 else NONE
    for node in (arrival, *_list_givers(world, line, arrival)):
        need = _Need(world, kind.name, line.day, cell, node, act_cents)
        _require(need, _list_grants(world, signature.entered), _ENTRY)
        _check_validation(need, signature)


def _list_givers(world: World, line: Line, arrival: int) -> Sequence[int]:
    """Return the node that the credits of a line leave, if it has one: an allotment takes them from the level above."""
    action = CATALOG[line.kind].budget
    if action in (BudgetAction.MOVE, BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER):
        return (line.source,)
    above = world.nodes[arrival].parent if action is BudgetAction.ALLOT else NONE
    return () if above == NONE else (above,)


def _check_validation(need: _Need, signature: Signature) -> None:
    grants = _list_grants(need.world, signature.validated, signature.delegation)
    if not signature.delegation:
        return _require(need, grants, _VALIDATION)
    if not grants:
        raise LineRefused(Outcome.DELEGATION_NOT_HELD)
    _require(need, grants, _VALIDATION)
    try:
        _require(need, _list_grants(need.world, grants[0].owner), _VALIDATION)
    except LineRefused:
        raise LineRefused(Outcome.DELEGATION_OWNER) from None


def _list_grants(world: World, person: int, delegation: int = 0) -> list[Grant]:
    """Return what a person may do by a delegation, or of his own."""
    return [grant for grant in world.grants if (grant.person, grant.delegation) == (person, delegation)]


def _require(need: _Need, grants: Sequence[Grant], checks: Sequence[_Check]) -> None:
    """Refuse by the first check after which no grant is left."""
    for passes, refusal in checks:
        grants = [grant for grant in grants if passes(need, grant)]
        if not grants:
            raise LineRefused(refusal)
