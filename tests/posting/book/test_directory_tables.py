"""The directory as tables: the rows of each person are those of the person's roles and delegations, one for each place."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from core.act_fields import ACT_LINES_MAX
from core.directory import EMPTY_DIRECTORY, Delegation, Directory, Hand, RoleGrant
from core.money import AMOUNT_MAX
from core.roles import Role
from core.tables.signatures import Grants
from posting.book.code_numbers import CodeKind, NumbersByCode
from posting.book.directory_tables import GrantTables, build_grants

_EPOCH = date(1970, 1, 1)
NUMBERS: NumbersByCode = {
    CodeKind.CENTRE: {"0177": 1, "0177-0001": 2, "0177-0001-0003": 9},
    CodeKind.ACCOUNTANT: {"CBCM": 1, "DRFiP": 4},
}
_PERSONS = range(1, 6)
_persons = st.sampled_from(_PERSONS)
_roles = st.sampled_from(list(Role))
_centres = st.sampled_from(("", "0177", "0177-0001", "0177-0001-0003", "9999"))
_accountants = st.sampled_from(("", "CBCM", "DRFiP", "gone"))
_days = st.sampled_from((date(2000, 1, 1), date(2018, 3, 1), date(2018, 3, 2), date(2126, 12, 31)))
_ceilings = st.sampled_from((None, 1, AMOUNT_MAX))
_grants = st.builds(
    RoleGrant,
    *(
        _persons,
        _roles,
        st.sampled_from(list(Hand)),
        _centres,
        _accountants,
        _days,
        st.none() | _days,
        _ceilings,
    ),
)
_delegations = st.builds(
    Delegation,
    st.integers(1, 9),
    st.just("D"),
    *(_persons, _persons, _roles),
    st.lists(_centres.filter(bool), max_size=3).map(tuple),
    *(_days, st.none() | _days, _ceilings),
)
directories = st.builds(
    lambda grants, delegations: Directory(
        {f"P{number}": number for number in _PERSONS}, tuple(grants), tuple(delegations), (), 1
    ),
    st.lists(_grants, max_size=8),
    st.lists(_delegations, max_size=4),
)


def _number_code(kind: CodeKind, code: str) -> int:
    """Return the number of a code: 0 for every place, -1 for one that no year has."""
    return NUMBERS[kind].get(code, -1) if code else 0


def _list_days(first: date, last: date | None) -> dict[str, int]:
    return {"first_day": (first - _EPOCH).days, "last_day": ((last or date.max) - _EPOCH).days}


def _list_expected(directory: Directory, person: int) -> list[dict[str, int | None]]:
    """List what a person may do, without the order of the rows; a missing ceiling is None."""
    own: list[dict[str, int | None]] = [
        {
            "ceiling": grant.ceiling,
            "centre": _number_code(CodeKind.CENTRE, grant.centre),
            "accountant": _number_code(CodeKind.ACCOUNTANT, grant.accountant),
            "delegation": 0,
            "owner": 0,
            "role": list(Role).index(grant.role),
            "hand": int(grant.hand),
            **_list_days(grant.first_day, grant.last_day),
        }
        for grant in directory.grants
        if grant.person == person
    ]
    delegated: list[dict[str, int | None]] = [
        {
            "ceiling": item.ceiling,
            "centre": _number_code(CodeKind.CENTRE, centre),
            "accountant": 0,
            "delegation": item.delegation,
            "owner": item.owner,
            "role": list(Role).index(item.role),
            "hand": int(Hand.VALIDATION),
            **_list_days(item.first_day, item.last_day),
        }
        for item in directory.delegations
        if item.delegate == person
        for centre in item.centres or ("",)
    ]
    return own + delegated


def _list_rows(tables: GrantTables, person: int) -> list[dict[str, int | None]]:
    start, end = tables.grant_starts[person : person + 2].tolist()
    rows = [dict(zip(Grants._fields, row, strict=True)) for row in tables.grants[start:end].tolist()]
    most = AMOUNT_MAX * ACT_LINES_MAX
    return [row | {"ceiling": None if row["ceiling"] >= most else row["ceiling"]} for row in rows]


@given(directories)
def test_each_person_has_the_rows_of_the_directory(directory: Directory) -> None:
    tables = build_grants(directory, NUMBERS)
    for person in _PERSONS:
        expected = _list_expected(directory, person)
        assert sorted(map(_sort_key, _list_rows(tables, person))) == sorted(map(_sort_key, expected))
    assert len(tables.grants) == sum(len(_list_expected(directory, person)) for person in _PERSONS)


def _sort_key(row: dict[str, int | None]) -> str:
    return repr(sorted(row.items(), key=lambda item: item[0]))


@given(directories)
def test_the_tables_do_not_depend_on_the_order_of_the_directory(directory: Directory) -> None:
    turned = replace(directory, grants=directory.grants[::-1], delegations=directory.delegations[::-1])
    assert build_grants(turned, NUMBERS).grants.tolist() == build_grants(directory, NUMBERS).grants.tolist()


def test_an_empty_directory_has_no_rows() -> None:
    tables = build_grants(EMPTY_DIRECTORY, NUMBERS)
    assert len(tables.grants) == 0
    assert not tables.grant_starts.any()


def test_the_tables_cannot_be_written() -> None:
    grant = RoleGrant(1, Role.CERTIFIER, Hand.ENTRY, "", "", date(2018, 1, 1), None, None)
    tables = build_grants(replace(EMPTY_DIRECTORY, persons={"P1": 1}, grants=(grant,)), NUMBERS)
    assert not tables.grants.flags.writeable
