"""The kinds of acts that change a commitment, and how each changes what it engaged and has left."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, Family, Remainder, list_kinds

_ENGAGING = frozenset({Family.COMMITMENT, Family.COMMITMENT_CHANGE})
CARRYING = list_kinds(lambda kind: kind.carries and not kind.inherits)
"""The kinds that carry a commitment or a service into the next year."""
COMMITTING = list_kinds(lambda kind: kind.family is Family.COMMITMENT)
_DRAWING = list_kinds(
    lambda kind: (
        not (kind.inherits or kind.takes_off_suspense or kind.opens_item or kind.opens_fund)
        and {kind.draws, kind.feeds} & {Remainder.OPEN, Remainder.UNBILLED, Remainder.CARRIED}
    )
)
CHANGING = tuple(
    number for number in _DRAWING if number not in CARRYING or CATALOG[number].family in _ENGAGING
)
"""The kinds that change a commitment by themselves."""
MIRRORING = list_kinds(lambda kind: kind.mirrors)
SETTLING = list_kinds(lambda kind: kind.settles or kind.cp_consumed > 0)  # a confirmed penalty is paid
INHERITING = list_kinds(lambda kind: kind.inherits)
REQUESTING = list_kinds(lambda kind: kind.pays and kind.follows is Family.COMMITMENT)
"""Requests and penalties on commitments."""
_SERVING = list_kinds(lambda kind: kind.family is Family.SERVICE)
READ_KINDS: frozenset[int] = frozenset(
    {*CHANGING, *MIRRORING, *SETTLING, *INHERITING, *REQUESTING, *CARRYING, *COMMITTING, *_SERVING}
)


def _find_sign(kind: int, remainder: Remainder) -> int:
    if CATALOG[kind].carries:
        return int(remainder is Remainder.OPEN)
    return (CATALOG[kind].feeds is remainder) - (CATALOG[kind].draws is remainder)


def _find_engaged_sign(kind: int) -> int:
    return int(CATALOG[kind].carries) or CATALOG[kind].ae_consumed * (CATALOG[kind].family in _ENGAGING)


def compute_effect(kind: int, cents: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Return what lines of a kind with these amounts add to each sum that they change."""
    engaged = _find_engaged_sign(kind)
    signs = {
        "open": _find_sign(kind, Remainder.OPEN),
        "unbilled": _find_sign(kind, Remainder.UNBILLED),
        "engaged": max(engaged, 0),
        "withdrawn": max(-engaged, 0),
    }
    return {name: cents * sign for name, sign in signs.items() if sign}


def list_effects() -> Iterator[Sequence[int]]:
    """Yield the kinds that the statements of the follow-up read and their signs, in the order of their parameters."""
    yield CHANGING
    for remainder in (Remainder.OPEN, Remainder.UNBILLED):
        yield [_find_sign(number, remainder) for number in CHANGING]
    yield [_find_engaged_sign(number) for number in CHANGING]
    yield from (MIRRORING, COMMITTING, SETTLING)
    yield [CATALOG[number].settles + CATALOG[number].cp_consumed for number in SETTLING]
    yield from (INHERITING, REQUESTING)
