"""Fixtures of the tests of databases."""

import pytest


@pytest.fixture
def dsn(empty_dsn: str) -> str:
    """Return the address of a new database without tables, as these tests create their ledger themselves."""
    return empty_dsn
