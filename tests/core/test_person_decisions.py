"""Which role a decision of a person needs, and which credential says who decides."""

from datetime import date
from typing import Any

import pytest

from core.directory import Hand, RoleGrant
from core.person_decisions import Decision, DecisionKind, StatedPerson, find_missing_right
from core.roles import Role

DAY = date(2018, 6, 15)
ACCOUNTANT = RoleGrant(1, Role.ASSIGNED_ACCOUNTANT, Hand.BOTH, "", "", date(2018, 1, 1), None, None)
OPERATOR = ACCOUNTANT._replace(role=Role.OPERATOR)
RELEASE = Decision(DecisionKind.RELEASE, cents=500)


@pytest.mark.parametrize("kind", DecisionKind)
def test_each_decision_has_its_side(kind: DecisionKind) -> None:
    is_of_operator = kind in (DecisionKind.DIRECTORY, DecisionKind.CLOCK, DecisionKind.REFERENCE)
    assert bool(find_missing_right([OPERATOR], Decision(kind), DAY)) is not is_of_operator
    assert bool(find_missing_right([ACCOUNTANT], Decision(kind), DAY)) is is_of_operator
    officer = ACCOUNTANT._replace(role=Role.AUTHORISING_OFFICER)
    assert "has no role" in find_missing_right([officer], Decision(kind), DAY)
    assert "has no role" in find_missing_right([], Decision(kind), DAY)


@pytest.mark.parametrize(
    ("change", "lack"),
    [
        ({"first_day": date(2018, 6, 16)}, "on 2018-06-15"),
        ({"last_day": date(2018, 6, 14)}, "on 2018-06-15"),
        ({"hand": Hand.ENTRY}, "for validation"),
        ({"centre": "0217"}, "at every fund centre and at every accountant"),
        ({"accountant": "PACA"}, "at every accountant"),
        ({"ceiling": 499}, "up to 5.00 euros"),
    ],
)
def test_a_role_that_does_not_cover_the_decision(change: dict[str, Any], lack: str) -> None:
    grant = ACCOUNTANT._replace(**change)
    assert find_missing_right([grant], RELEASE, DAY).endswith(lack)
    assert find_missing_right([grant, ACCOUNTANT], RELEASE, DAY) == ""


def test_one_role_fulfils_all_conditions_at_once() -> None:
    validation_of_less = ACCOUNTANT._replace(hand=Hand.VALIDATION, ceiling=1)
    entry_of_all = ACCOUNTANT._replace(hand=Hand.ENTRY)
    assert find_missing_right([validation_of_less, entry_of_all], RELEASE, DAY).endswith("up to 5.00 euros")
    assert find_missing_right([entry_of_all], Decision(DecisionKind.PROPOSAL), DAY) == ""


def test_a_month_of_one_accountant_needs_a_role_there() -> None:
    grant = ACCOUNTANT._replace(accountant="PACA")
    assert find_missing_right([grant], Decision(DecisionKind.PERIOD, "PACA"), DAY) == ""
    assert find_missing_right([grant], Decision(DecisionKind.PERIOD, "ECOL"), DAY).endswith("at ECOL")


def test_the_last_day_is_included() -> None:
    assert find_missing_right([ACCOUNTANT._replace(last_day=DAY)], RELEASE, DAY) == ""


def test_who_orders_and_accounts_decides_nothing() -> None:
    officer = ACCOUNTANT._replace(role=Role.AUTHORISING_OFFICER)
    assert "which exclude each other" in find_missing_right([officer, ACCOUNTANT], RELEASE, DAY)
    ended = officer._replace(last_day=date(2018, 6, 14))
    assert find_missing_right([ended, ACCOUNTANT], RELEASE, DAY) == ""


def test_a_key_counts_more_than_the_user() -> None:
    assert StatedPerson("alice", "key1", "root").login == ("key", "key1")
    assert StatedPerson("alice", user="root").login == ("user", "root")
    names = [StatedPerson(name, key, "root").recorded_name for name, key in (("a", "k"), ("", "k"), ("", ""))]
    assert names == ["a", "k", "root"]
