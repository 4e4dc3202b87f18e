"""The directory as the kernels read it: the grants of every person, their own and those by delegation."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

import numpy as np

from core.directory import Delegation, Directory, Hand, RoleGrant
from core.roles import Role
from core.tables.columns import allocate_records, seal_array
from core.tables.signatures import Grants
from posting.book.code_numbers import CodeKind, NumbersByCode

_ROLE_NUMBERS: Mapping[Role, int] = {role: number for number, role in enumerate(Role)}
_EPOCH = date(1970, 1, 1)
_LAST_DAY = (date(9999, 12, 31) - _EPOCH).days
_NO_CEILING = 1 << 62
"""More cents than any act has."""
_NOWHERE = -1


class GrantTables(NamedTuple):
    """The tables of ``core.tables.book.Book`` that hold the directory."""

    grants: np.ndarray
    """Records of ``core.tables.signatures.Grants``."""
    grant_starts: np.ndarray


class _GrantRow(NamedTuple):
    """A person, and the values of a row of ``core.tables.signatures.Grants`` in their order."""

    person: int
    ceiling: int
    first_day: int
    last_day: int
    centre: int
    delegation: int
    owner: int
    accountant: int
    role: int
    hand: int


def build_grants(directory: Directory, numbers: NumbersByCode) -> GrantTables:
    """Return the tables of the directory; codes of places that no year has any more cover nothing."""
    rows = sorted(
        [*_list_role_rows(directory.grants, numbers), *_list_delegation_rows(directory.delegations, numbers)]
    )
    grants = allocate_records(Grants, len(rows))
    for place, row in enumerate(rows):
        grants[place] = row[1:]
    persons = np.array([row.person for row in rows], np.int64)
    last = max(directory.persons.values(), default=0)
    starts = np.searchsorted(persons, np.arange(last + 2)).astype(np.int32)
    return GrantTables(seal_array(grants), starts)


def _list_role_rows(grants: Iterable[RoleGrant], numbers: NumbersByCode) -> Iterator[_GrantRow]:
    for grant in grants:
        yield _GrantRow(
            person=grant.person,
            ceiling=_NO_CEILING if grant.ceiling is None else grant.ceiling,
            first_day=_count_days(grant.first_day),
            last_day=_count_last_day(grant.last_day),
            centre=_find_number(numbers, CodeKind.CENTRE, grant.centre),
            delegation=0,
            owner=0,
            accountant=_find_number(numbers, CodeKind.ACCOUNTANT, grant.accountant),
            role=_ROLE_NUMBERS[grant.role],
            hand=grant.hand.value,
        )


def _list_delegation_rows(delegations: Iterable[Delegation], numbers: NumbersByCode) -> Iterator[_GrantRow]:
    """List a row for each fund centre of each delegation: it lets its holder validate, and enter nothing."""
    for delegation in delegations:
        for centre in delegation.centres or ("",):
            yield _GrantRow(
                person=delegation.delegate,
                ceiling=_NO_CEILING if delegation.ceiling is None else delegation.ceiling,
                first_day=_count_days(delegation.first_day),
                last_day=_count_last_day(delegation.last_day),
                centre=_find_number(numbers, CodeKind.CENTRE, centre),
                delegation=delegation.delegation,
                owner=delegation.owner,
                accountant=0,
                role=_ROLE_NUMBERS[delegation.role],
                hand=Hand.VALIDATION.value,
            )


def _find_number(numbers: NumbersByCode, kind: CodeKind, code: str) -> int:
    return numbers[kind].get(code, _NOWHERE) if code else 0


def _count_days(day: date) -> int:
    return (day - _EPOCH).days


def _count_last_day(day: date | None) -> int:
    return _LAST_DAY if day is None else _count_days(day)
