"""Hypothesis strategies for persons: what each may do on the places of a small budget, and who signs its acts.

Two persons may do everything, so that most acts are accepted; what the others may do is drawn.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from core.directory import Hand
from core.money import AMOUNT_MAX
from core.roles import Role
from tests.oracle.model import Cell, Grant, Node, Signature

_ABLE = (1, 2)
_OTHERS = (3, 4, 5)
_PERSONS = (*_ABLE, *_OTHERS, 6)
"""The last may do nothing."""
_FIRST_DAY, _LAST_DAY = -(2**31), 2**31 - 1
_DAYS = (199, 200, 201, 310, 340)
_CEILINGS = (None, None, 1, 20, 30, 60, AMOUNT_MAX)
_ABLE_ROLES = (
    Role.BUDGET_DIRECTORATE,
    Role.PROGRAMME_MANAGER,
    Role.AUTHORISING_OFFICER,
    Role.ASSIGNED_ACCOUNTANT,
)
_ROLES = (*_ABLE_ROLES, *_ABLE_ROLES[2:] * 3, *Role)
_EVERYTHING = tuple(
    Grant(person, role, Hand.BOTH, _FIRST_DAY, _LAST_DAY) for person in _ABLE for role in _ABLE_ROLES
)


class DrawnDirectory(NamedTuple):
    """Who signs, by number, and what the persons may do."""

    signatures: Mapping[int, Signature]
    grants: tuple[Grant, ...]


@st.composite
def directories(draw: st.DrawFn, nodes: Mapping[int, Node], cells: Mapping[int, Cell]) -> DrawnDirectory:
    """Draw grants and delegations of some persons, and up to four signatures; in a third of the cases nobody signs."""
    if draw(st.integers(0, 2)) == 0:
        return DrawnDirectory({}, ())
    centres = sorted({nodes[cell.centre_node].centre for cell in cells.values()})
    own = draw(st.lists(_grants(centres, _OTHERS), max_size=6))
    delegations = draw(st.lists(_delegations(centres), max_size=2))
    delegated = [
        grant._replace(delegation=number) for number, grants in enumerate(delegations, 1) for grant in grants
    ]
    signatures = draw(st.lists(_signatures((*own, *delegated)), min_size=1, max_size=4))
    return DrawnDirectory(
        dict(enumerate(signatures, 1)), tuple(draw(st.permutations([*_EVERYTHING, *own, *delegated])))
    )


@st.composite
def _grants(draw: st.DrawFn, centres: Sequence[int], persons: Sequence[int]) -> Grant:
    is_dated = draw(st.integers(0, 2)) == 0
    return Grant(
        draw(st.sampled_from(persons)),
        draw(st.sampled_from(_ROLES)),
        draw(st.sampled_from((Hand.BOTH, *Hand))),
        draw(st.sampled_from(_DAYS)) if is_dated else _FIRST_DAY,
        draw(st.sampled_from(_DAYS)) if is_dated else _LAST_DAY,
        draw(st.sampled_from((0, 0, -1, *centres))),
        draw(st.sampled_from((0, 0, 0, 1, 2, 3, -1))),
        draw(st.sampled_from(_CEILINGS)),
    )


@st.composite
def _delegations(draw: st.DrawFn, centres: Sequence[int]) -> list[Grant]:
    """Draw what one person lets another validate, at one or two fund centres."""
    first = draw(_grants(centres, _PERSONS))
    owner = draw(st.sampled_from([person for person in _PERSONS if person != first.person]))
    first = first._replace(hand=Hand.VALIDATION, accountant=0, owner=owner)
    others = draw(st.lists(st.sampled_from((0, *centres)), max_size=1))
    return [first, *(first._replace(centre=centre) for centre in others)]


@st.composite
def _signatures(draw: st.DrawFn, grants: Sequence[Grant]) -> Signature:
    """Draw two persons, mostly at least one of whom may do everything; or the holder of a delegation."""
    entered, validated = draw(
        st.permutations(_ABLE)
        | st.tuples(st.sampled_from(_PERSONS), st.sampled_from(_ABLE))
        | st.tuples(st.sampled_from(_ABLE), st.sampled_from(_PERSONS))
        | st.tuples(st.sampled_from(_PERSONS), st.sampled_from(_PERSONS))
    )
    held = [grant for grant in grants if grant.delegation]
    if held and draw(st.booleans()):
        grant = draw(st.sampled_from(held))
        holder = grant.person if draw(st.integers(0, 4)) else validated
        return Signature(entered, holder, grant.delegation)
    return Signature(entered, validated, draw(st.sampled_from((0, 0, 0, 0, 0, 3))))
