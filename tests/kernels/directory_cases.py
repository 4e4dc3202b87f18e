"""The signatures and grants of a plain model as tables for the decision kernel."""

import numpy as np

from core.roles import Role
from core.tables.columns import allocate_records, to_record_dtype
from core.tables.signatures import Grants, Signatures
from tests.oracle.model import World

_NO_CEILING = 2**62


def build_signatures(world: World) -> np.ndarray:
    signatures = allocate_records(Signatures, len(world.signatures) + 1)
    for number, signature in world.signatures.items():
        signatures[number] = tuple(signature)
    return signatures


def build_grants(world: World) -> np.ndarray:
    """Build the grants, those of a person next to each other."""
    grants = sorted(world.grants, key=lambda grant: grant.person)
    fields = [
        grant._asdict()
        | {
            "role": list(Role).index(grant.role),
            "ceiling": _NO_CEILING if grant.ceiling is None else grant.ceiling,
        }
        for grant in grants
    ]
    rows = [tuple(row[name] for name in Grants._fields) for row in fields]
    return np.array(rows, to_record_dtype(Grants))


def build_grant_starts(world: World) -> np.ndarray:
    signed = [person for signature in world.signatures.values() for person in signature[:2]]
    persons = sorted(grant.person for grant in world.grants)
    last = max([0, *persons, *signed, *(grant.owner for grant in world.grants)])
    return np.searchsorted(persons, np.arange(last + 2)).astype(np.int32)
