"""A directory whose persons prove who they are: two accountants, an authorising officer and an operator."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.directory_entries import DirectoryEntry, LoginEntry, PersonEntry, RoleEntry
from core.payment_rules import TIME_ZONE
from core.person_decisions import StatedPerson
from core.roles import Role
from posting.store import directory_store
from posting.store.directory_store import NewChange
from tests.databases import open_connection

FIRST_DAY = date(2018, 1, 1)
OPERATOR = StatedPerson("zoe", user="zoe")
ROLES = {
    "zoe": Role.OPERATOR,
    "Alice": Role.ASSIGNED_ACCOUNTANT,
    "Bruno": Role.ASSIGNED_ACCOUNTANT,
    "Claire": Role.CENTRAL_ACCOUNTANT,
    "david": Role.AUTHORISING_OFFICER,
}
PERSONS: Sequence[DirectoryEntry] = (
    *(PersonEntry(code, f"Madame {code}") for code in ROLES),
    *(RoleEntry(code, role, "both", FIRST_DAY) for code, role in ROLES.items()),
)
"""Roles 1 to 5, in the order of ``ROLES``."""
LOGINS: Sequence[DirectoryEntry] = tuple(LoginEntry(code, "user", code, FIRST_DAY) for code in ROLES)
"""Logins 1 to 5: each person is a user of the operating system with the same name."""


def find_yesterday() -> date:
    """Return the day before today, in Paris."""
    return datetime.now(ZoneInfo(TIME_ZONE)).date() - timedelta(days=1)


async def change_directory(dsn: str, *entries: DirectoryEntry, by: StatedPerson = OPERATOR) -> int:
    """Store a change of the directory; return its number."""
    async with open_connection(dsn) as connection:
        return await directory_store.store_change(connection, NewChange(entries, "Prise de fonctions", by))
