"""Which kinds of acts each step carries by, and which kinds of entries it needs to find what is open.

A step reads no other entries: those of payments and of third parties are the larger part of a year, and what they leave of
commitments and services is nothing.
"""

from collections.abc import Callable, Collection, Mapping

import numpy as np
from numpy.typing import NDArray

from closing.open_year import (
    COMMITMENT_CARRY,
    PENALTY_CARRY,
    REQUEST_CARRY,
    RETENTION_CARRY,
    SERVICE_CARRY,
    OpenEntries,
    OpenYear,
)
from closing.steps import Step
from core.catalog import ActKind, Family, Remainder, list_kinds

STEP_OF_KIND: Mapping[str, Step] = {
    COMMITMENT_CARRY: Step.COMMITMENTS,
    SERVICE_CARRY: Step.COMMITMENTS,
    REQUEST_CARRY: Step.REQUESTS,
    RETENTION_CARRY: Step.REQUESTS,
    PENALTY_CARRY: Step.REQUESTS,
}
CARRYING_STEPS = tuple(dict.fromkeys(STEP_OF_KIND.values()))
_SERVED, _PAID = (Family.COMMITMENT, Family.SERVICE), (Family.PAYMENT_REQUEST, Family.RETENTION)
_NOTHING = OpenEntries(np.zeros(0, np.int64), np.zeros(0, np.int64))


def _changes_commitments(kind: ActKind) -> bool:
    """Whether a kind is a commitment or a service, or changes what is open of one."""
    return kind.family in _SERVED or kind.follows in _SERVED or bool(kind.mirrors)


def _changes_requests(kind: ActKind) -> bool:
    """Whether a kind is a request or guarantee, changes what is open of one, or is a commitment that requests follow."""
    is_part = kind.follows in _PAID and bool(kind.inherits) and kind.draws is Remainder.OPEN
    return kind.family in (*_PAID, Family.COMMITMENT) or is_part or bool(kind.mirrors)


_NEEDS: Mapping[Step, Callable[[ActKind], bool]] = {
    Step.COMMITMENTS: _changes_commitments,
    Step.REQUESTS: _changes_requests,
}


def list_needed_kinds(steps: Collection[Step]) -> NDArray[np.int64]:
    """List the numbers of the kinds of entries that ``steps`` need."""
    return np.array(list_kinds(lambda kind: any(_NEEDS[step](kind) for step in steps)), np.int64)


def select_steps(opened: OpenYear, steps: Collection[Step]) -> OpenYear:
    """Keep what ``steps`` carry: of entries that they do not need, nothing is known."""
    obstacles = tuple(obstacle for obstacle in opened.obstacles if STEP_OF_KIND[obstacle.kind] in steps)
    opened = opened._replace(obstacles=obstacles)
    if Step.COMMITMENTS not in steps:
        opened = opened._replace(commitments=_NOTHING, unbilled=_NOTHING.amount, services=_NOTHING)
    if Step.REQUESTS not in steps:
        opened = opened._replace(requests=_NOTHING, retentions=_NOTHING, penalties=_NOTHING)
    return opened
