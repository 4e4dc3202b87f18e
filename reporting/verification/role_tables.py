"""The table of roles, and the days from which lines need agreements, as ``verify`` reads them."""

from collections.abc import Mapping
from itertools import permutations

import pyarrow as pa

from core.calendar import Exercise
from core.catalog import KIND_NUMBERS
from core.roles import ACCOUNTING_ROLES, ORDERING_ROLES, ROLES, Role, find_exclusion

_RIGHTS = pa.schema([("role", pa.string()), ("kind", pa.int32()), ("hand", pa.string())])
_EXCLUSIONS = pa.schema(
    [("first_role", pa.string()), ("second_role", pa.string()), ("binds_sender", pa.bool_())]
)
_DAYS = pa.schema([("exercise", pa.int32()), ("day", pa.date32())])


def build_role_tables(exercises: Mapping[int, Exercise]) -> dict[str, pa.Table]:
    """Return what each role may do with which kind, which roles exclude each other, and the days, by exercise."""
    rights = [
        {"role": row.role.value, "kind": KIND_NUMBERS[kind], "hand": hand}
        for row in ROLES
        for hand, kinds in (("entry", row.entered), ("validation", row.validated))
        for kind in kinds
    ]
    exclusions = [
        {
            "first_role": pair[0].value,
            "second_role": pair[1].value,
            "binds_sender": not ORDERING_ROLES.isdisjoint(pair) and not ACCOUNTING_ROLES.isdisjoint(pair),
        }
        for pair in permutations(Role, 2)
        if find_exclusion(pair)
    ]
    days = [
        {"exercise": year, "day": exercise.agreement_required_from}
        for year, exercise in exercises.items()
        if exercise.agreement_required_from
    ]
    return {
        "role_kind": pa.Table.from_pylist(rights, _RIGHTS),
        "role_exclusion": pa.Table.from_pylist(exclusions, _EXCLUSIONS),
        "agreement_day": pa.Table.from_pylist(days, _DAYS),
    }
