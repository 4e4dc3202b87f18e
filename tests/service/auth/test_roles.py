"""The roles of one key, as an operator names them."""

from itertools import combinations

import pytest

from core.roles import Role, get_exclusion
from service.auth.roles import parse_roles
from service.configuration.settings import UsageError


@pytest.mark.parametrize("pair", list(combinations(Role, 2)), ids="-".join)
def test_roles_that_exclude_each_other(pair: tuple[Role, Role]) -> None:
    if get_exclusion(*pair):
        with pytest.raises(UsageError, match="make two"):
            parse_roles(pair)
    else:
        assert parse_roles(pair) == set(pair)


@pytest.mark.parametrize("role", Role)
def test_a_role_goes_alone(role: Role) -> None:
    assert parse_roles([role]) == {role}


@pytest.mark.parametrize("names", [[], ["minister"], ["authorising_officer", "nobody"]])
def test_an_unknown_role_is_a_usage_error(names: list[str]) -> None:
    with pytest.raises(UsageError):
        parse_roles(names)
