"""The perimeter check of files and forms, for all types that columns may have."""

from contextlib import nullcontext

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import KIND_NUMBERS
from core.roles import Role
from service.auth.credentials import Caller, build_caller
from service.auth.failures import PermissionDenied
from service.auth.perimeter import PerimeterCheck
from service.http.remedy_texts_fr import translate_remedy

_PAYEE_KINDS = frozenset({"third_party", "bank_details", "payee_block", "payee_release"})
ORDERS = frozenset({Role.AUTHORISING_OFFICER, Role.PROGRAMME_MANAGER})
_TYPES = (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()))
_TEXTS = {
    "kind": st.sampled_from(["", "nonsense", *KIND_NUMBERS]),
    "fund_centre": st.sampled_from(["", "0177", "0177-D013-DD13", "0217-SGAC-ASPR", "01", "9999"]),
    "counterpart": st.sampled_from(["", "0177-D013", "0217/T2", "0217"]),
}


def _build_check(roles: frozenset[Role], *programmes: str) -> PerimeterCheck:
    return PerimeterCheck(build_caller("k", "MIN-09", roles, programmes=frozenset(programmes)))


@st.composite
def _draw_lines(draw: st.DrawFn) -> pa.RecordBatch:
    count = draw(st.integers(0, 6))
    names = draw(st.lists(st.sampled_from(sorted(_TEXTS)), unique=True))
    columns = {}
    for name in names:
        values = draw(st.lists(st.none() | _TEXTS[name], min_size=count, max_size=count))
        columns[name] = pa.array(values, pa.string()).cast(draw(st.sampled_from(_TYPES)))
    return pa.RecordBatch.from_pydict(columns) if columns else pa.RecordBatch.from_pylist([])


def _find_expected(row: dict[str, str | None], roles: frozenset[Role], programmes: set[str]) -> bool:
    """Return whether a line is allowed, by the text of the rule."""
    kind, centre, other = (row.get(name) or "" for name in ("kind", "fund_centre", "counterpart"))
    allowed = build_caller("k", "s", roles, programmes=frozenset()).kinds
    if kind in KIND_NUMBERS and kind not in allowed:
        return False
    if not programmes:
        return True
    return (centre[:4] in programmes or kind in _PAYEE_KINDS) and (other == "" or other[:4] in programmes)


@given(
    _draw_lines(),
    st.sampled_from([ORDERS, frozenset({Role.ASSIGNED_ACCOUNTANT}), frozenset({Role.AUDITOR})]),
    st.sets(st.sampled_from(["0177", "0217"])),
)
def test_a_file_is_accepted_if_all_its_lines_are(
    lines: pa.RecordBatch, roles: frozenset[Role], programmes: set[str]
) -> None:
    may_send = Role.AUDITOR not in roles
    passes = may_send and all(_find_expected(row, roles, programmes) for row in lines.to_pylist())
    with nullcontext() if passes else pytest.raises(PermissionDenied, match=r"role|limited"):
        _build_check(roles, *programmes).check_lines(lines)


def _find_programmes(rows: list[dict[str, str | None]]) -> list[str] | None:
    """Return the programmes of some lines, by the text of the rule."""
    names = set[str]()
    for row in rows:
        kind, centre, other = (row.get(name) or "" for name in ("kind", "fund_centre", "counterpart"))
        if not (centre or kind in _PAYEE_KINDS):
            return None
        names |= {text[:4] for text in (centre, other) if text}
    return sorted(names)


@given(st.lists(_draw_lines(), max_size=3))
def test_programmes_are_collected_if_all_lines_name_theirs(batches: list[pa.RecordBatch]) -> None:
    perimeter = PerimeterCheck(Caller("k", "MIN-09", frozenset(), frozenset(), frozenset(KIND_NUMBERS)))
    for lines in batches:
        perimeter.check_lines(lines)
    assert perimeter.programmes == _find_programmes([row for lines in batches for row in lines.to_pylist()])


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"kind": "third_party"}, "role-not-held"),
        ({"kind": "commitment", "fund_centre": "0217-SGAC-ASPR"}, "perimeter-not-held"),
        ({"kind": "service", "predecessor": "EJ-1"}, "perimeter-not-held"),
        (
            {"kind": "budget_move_ae", "fund_centre": "0177", "counterpart": "0217"},
            "perimeter-not-held",
        ),
    ],
)
def test_the_refusal_has_the_code_of_the_rule(row: dict[str, str], code: str) -> None:
    with pytest.raises(PermissionDenied) as raised:
        _build_check(ORDERS, "0177").check_lines(pa.RecordBatch.from_pylist([row]))
    assert raised.value.code == code


@given(
    st.lists(st.fixed_dictionaries({}, optional=_TEXTS), max_size=6),
    st.sampled_from([ORDERS, frozenset({Role.ASSIGNED_ACCOUNTANT}), frozenset({Role.AUDITOR})]),
    st.sets(st.sampled_from(["0177", "0217"])),
)
def test_a_form_is_accepted_if_all_its_lines_are(
    rows: list[dict[str, str]], roles: frozenset[Role], programmes: set[str]
) -> None:
    passes = Role.AUDITOR not in roles and all(_find_expected({**row}, roles, programmes) for row in rows)
    with nullcontext() if passes else pytest.raises(PermissionDenied, match=r"role|limited"):
        _build_check(roles, *programmes).check_form(rows)


def test_the_refusal_of_a_kind_names_line_role_and_remedy() -> None:
    """The line is counted over all batches of the file; who pays must not order, so another sender is needed."""
    caller = build_caller("k", "MIN-09", frozenset({Role.AUTHORISING_OFFICER}), programmes=frozenset())
    check = PerimeterCheck(caller, "acts.csv")
    check.check_lines(pa.RecordBatch.from_pydict({"kind": ["commitment"] * 3}))
    with pytest.raises(PermissionDenied) as raised:
        check.check_lines(pa.RecordBatch.from_pydict({"kind": ["service", "payment_request_rejection"]}))
    members = raised.value.members
    assert (members["where"], members["kind"]) == ("acts.csv, line 5", "payment_request_rejection")
    assert members["roles"] == [Role.ASSIGNED_ACCOUNTANT, Role.CENTRAL_ACCOUNTANT]
    assert "crescendo access create SENDER --role assigned_accountant" in members["remedy"]
    assert "another sender than MIN-09" in members["remedy"]
    assert "acts.csv, line 5: " in raised.value.detail
    assert raised.value.detail.endswith("which needs the role assigned_accountant or central_accountant")


_OTHER_ROLE = {
    kind: next(
        role
        for role in (Role.ASSIGNED_ACCOUNTANT, Role.AUTHORISING_OFFICER)
        if kind not in build_caller("k", "s", frozenset({role}), programmes=frozenset()).kinds
    )
    for kind in KIND_NUMBERS
}
"""For each kind a role that may not send it."""


@pytest.mark.parametrize("kind", sorted(KIND_NUMBERS))
def test_every_kind_that_is_denied_has_a_remedy(kind: str) -> None:
    with pytest.raises(PermissionDenied) as raised:
        _build_check(frozenset({_OTHER_ROLE[kind]})).check_form([{"kind": kind}])
    assert raised.value.members["where"] == "form, line 1"
    assert raised.value.members["remedy"] != translate_remedy(raised.value.members["remedy"])
