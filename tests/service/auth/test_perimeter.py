"""What a file asks for against what its key may ask for, whatever types its columns have."""

from contextlib import nullcontext

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import KIND_NUMBER
from service.auth import api_keys
from service.auth.perimeter import Perimeter
from service.auth.roles import Role
from service.http.problems import Problem

_OF_PAYEES = frozenset({"third_party", "bank_details", "payee_block", "payee_release"})
ORDERS = frozenset({Role.AUTHORISING_OFFICER, Role.PROGRAMME_MANAGER})
_TYPES = (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()))
_TEXTS = {
    "kind": st.sampled_from(["", "nonsense", *KIND_NUMBER]),
    "fund_centre": st.sampled_from(["", "0177", "0177-D013-DD13", "0217-SGAC-ASPR", "01", "9999"]),
    "counterpart": st.sampled_from(["", "0177-D013", "0217/T2", "0217"]),
}


def _perimeter(roles: frozenset[Role], *programmes: str) -> Perimeter:
    return Perimeter(api_keys.caller("k", "MIN-09", roles, frozenset(programmes)))


@st.composite
def _lines(draw: st.DrawFn) -> pa.RecordBatch:
    count = draw(st.integers(0, 6))
    names = draw(st.lists(st.sampled_from(sorted(_TEXTS)), unique=True))
    columns = {}
    for name in names:
        values = draw(st.lists(st.none() | _TEXTS[name], min_size=count, max_size=count))
        columns[name] = pa.array(values, pa.string()).cast(draw(st.sampled_from(_TYPES)))
    return pa.RecordBatch.from_pydict(columns) if columns else pa.RecordBatch.from_pylist([])


def _expected(row: dict[str, str | None], roles: frozenset[Role], programmes: set[str]) -> bool:
    """One line at a time, as the rule reads."""
    kind, centre, other = (row.get(name) or "" for name in ("kind", "fund_centre", "counterpart"))
    allowed = api_keys.caller("k", "s", roles, frozenset()).kinds
    if kind in KIND_NUMBER and kind not in allowed:
        return False
    if not programmes:
        return True
    return (centre[:4] in programmes or kind in _OF_PAYEES) and (other == "" or other[:4] in programmes)


@given(
    _lines(),
    st.sampled_from([ORDERS, frozenset({Role.ASSIGNED_ACCOUNTANT}), frozenset({Role.AUDITOR})]),
    st.sets(st.sampled_from(["0177", "0217"])),
)
def test_a_file_passes_when_each_of_its_lines_does(
    lines: pa.RecordBatch, roles: frozenset[Role], programmes: set[str]
) -> None:
    passes = all(_expected(row, roles, programmes) for row in lines.to_pylist())
    with nullcontext() if passes else pytest.raises(Problem, match=r"role|limited"):
        _perimeter(roles, *programmes).see(lines)


def _named(rows: list[dict[str, str | None]]) -> list[str] | None:
    """The programmes of some lines, as the rule reads."""
    found = set[str]()
    for row in rows:
        kind, centre, other = (row.get(name) or "" for name in ("kind", "fund_centre", "counterpart"))
        if not (centre or kind in _OF_PAYEES):
            return None
        found |= {text[:4] for text in (centre, other) if text}
    return sorted(found)


@given(st.lists(_lines(), max_size=3))
def test_the_programmes_that_all_lines_name_are_known(batches: list[pa.RecordBatch]) -> None:
    perimeter = _perimeter(frozenset(Role) - {Role.AUDITOR})
    for lines in batches:
        perimeter.see(lines)
    assert perimeter.programmes == _named([row for lines in batches for row in lines.to_pylist()])


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
def test_the_answer_says_which_rule(row: dict[str, str], code: str) -> None:
    with pytest.raises(Problem) as found:
        _perimeter(ORDERS, "0177").see(pa.RecordBatch.from_pylist([row]))
    assert found.value.code == code


@given(
    st.lists(st.fixed_dictionaries({}, optional=_TEXTS), max_size=6),
    st.sampled_from([ORDERS, frozenset({Role.ASSIGNED_ACCOUNTANT}), frozenset({Role.AUDITOR})]),
    st.sets(st.sampled_from(["0177", "0217"])),
)
def test_a_form_passes_when_each_of_its_lines_does(
    rows: list[dict[str, str]], roles: frozenset[Role], programmes: set[str]
) -> None:
    passes = all(_expected({**row}, roles, programmes) for row in rows)
    with nullcontext() if passes else pytest.raises(Problem, match=r"role|limited"):
        _perimeter(roles, *programmes).see_form(rows)
