"""The accounts that are closed to entries by hand: those of the roles, and those that a file names by their first digits."""

from pathlib import Path

import pytest

from core.catalog import Role
from core.errors import ReferenceDataError
from core.restricted_accounts import list_restricted_accounts, read_named_accounts

_ACCOUNTS = ("4011100000", "4081000000", "5121100000", "5126410000", "6188000000", "6221000000")
_ROLES = {Role.EXPENSE: "6188000000", Role.ACCRUED: "4081000000", Role.LATE_INTEREST: "6221000000"}


def _write(folder: Path, *lines: str) -> Path:
    path = folder / "restricted.csv"
    path.write_text("\n".join(("account,source", *lines, "")))
    return path


def test_a_file_adds_to_the_accounts_of_the_roles(tmp_path: Path) -> None:
    """Charges and late interest hold no open items, so they stay open."""
    path = _write(tmp_path, "512,ours")
    restricted = list_restricted_accounts(path, _ACCOUNTS, role_accounts=[_ROLES], creditors=["4011100000"])
    assert restricted == {"4011100000", "4081000000", "5121100000", "5126410000"}


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert read_named_accounts(tmp_path / "liaison.csv", _ACCOUNTS) == frozenset()


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("999,ours", "no account begins with '999'"),
        (",ours", "no account begins with ''"),
        ("512,", "the line has no source"),
    ],
)
def test_a_faulty_line_is_named(tmp_path: Path, line: str, finding: str) -> None:
    with pytest.raises(ReferenceDataError, match=finding):
        read_named_accounts(_write(tmp_path, line), _ACCOUNTS)
