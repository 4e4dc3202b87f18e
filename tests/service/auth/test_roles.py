"""Roles: what each may send, and which one key must not have together."""

from itertools import combinations

import pytest

from core.catalog import CATALOG, KIND_NUMBERS, BudgetAction
from core.senders import ACCOUNTANT_SETTLEMENTS, OPENINGS, SENDER_OF_KIND
from service.auth.roles import FAMILIES_BY_ROLE, INCOMPATIBLE, Role, find_kinds, parse_roles
from service.configuration.settings import UsageError

_ALONE = Role.BUDGET_DIRECTORATE


def test_only_the_budget_directorate_opens_credits() -> None:
    assert {kind.name for kind in CATALOG if kind.budget is BudgetAction.OPEN} == OPENINGS
    assert find_kinds([_ALONE]) == OPENINGS == {"budget_opening_ae", "budget_opening_cp"}
    for role in set(Role) - {_ALONE}:
        assert not find_kinds([role]) & OPENINGS, role


def test_a_manager_allots_moves_and_earmarks() -> None:
    assert find_kinds([Role.PROGRAMME_MANAGER]) == {
        *("allotment_ae", "allotment_cp", "budget_move_ae", "budget_move_cp", "earmark"),
    }


def test_every_kind_has_one_role_that_sends_it_unless_the_engine_does() -> None:
    for kind in KIND_NUMBERS:
        assert sum(kind in find_kinds([role]) for role in Role) == (kind not in SENDER_OF_KIND), kind


def test_an_accountant_settles_debts_and_moves_no_money() -> None:
    """He suspends payments and serves oppositions and assignments; late interest is ordered like any payment."""
    of_payees = {"third_party", "bank_details", "payee_block", "payee_release"}
    served = {"attachment", "assignment", "payment_request_rejection"}
    suspensions = {"term_suspension", "term_resumption"}
    assert {"return_identified", "void", "set_off"} == ACCOUNTANT_SETTLEMENTS
    without_order = {"payroll"}
    expected = ACCOUNTANT_SETTLEMENTS | of_payees | served | suspensions | without_order
    assert find_kinds([Role.ASSIGNED_ACCOUNTANT]) == expected
    assert "late_interest" in find_kinds([Role.AUTHORISING_OFFICER])


@pytest.mark.parametrize("role", [role for role in Role if role is not _ALONE])
def test_the_budget_directorate_has_no_other_role(role: Role) -> None:
    with pytest.raises(UsageError, match="one key cannot be both"):
        parse_roles([_ALONE, role])
    assert parse_roles([_ALONE]) == {_ALONE}


def test_roles_that_do_not_exclude_each_other_go_together() -> None:
    for pair in map(frozenset, combinations(Role, 2)):
        if pair not in INCOMPATIBLE:
            assert parse_roles(pair) == pair


def test_roles_that_exclude_each_other() -> None:
    assert not find_kinds([Role.AUTHORISING_OFFICER]) & find_kinds([Role.ASSIGNED_ACCOUNTANT])
    for pair in INCOMPATIBLE:
        with pytest.raises(UsageError, match="make two"):
            parse_roles(pair)
    assert find_kinds([Role.AUDITOR, Role.OPERATOR]) == frozenset()
    assert set(FAMILIES_BY_ROLE) == set(Role)


@pytest.mark.parametrize("names", [[], ["minister"], ["authorising_officer", "nobody"]])
def test_an_unknown_role_is_a_usage_error(names: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_roles(names)
