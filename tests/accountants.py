"""Two accountants of the directory, who enter and validate changes of bank details in tests, and what such a change states."""

import os
import pwd
from datetime import date

from core.directory import Directory, Hand, RoleGrant
from core.directory_entries import DirectoryEntry, LoginEntry, PersonEntry, RoleEntry
from core.person_decisions import StatedPerson
from core.roles import Role
from posting.store import directory_store
from posting.store.directory_store import NewChange
from posting.store.migrate import migrate
from tests.databases import open_connection

_CODES = ("chloe", "david")
_PAYERS = ("Alice", "Bruno", "Claire", "anne", "benoit")
"""Who decides on payment runs in tests; each is a user of the operating system with the same name."""
_SINCE = date(2018, 1, 1)
CHANGE_FIELDS = {
    "evidence_hash": "5e" * 32,
    "call_back": "Mme Durand, 01 02 03 04 05, 2018-05-02",
    "entered_by": "chloe",
    "validated_by": "david",
}
"""What a change of bank details needs beside the details."""
ACCOUNTANTS = Directory(
    {code: number for number, code in enumerate(_CODES, 1)},
    tuple(
        RoleGrant(number, Role.ASSIGNED_ACCOUNTANT, Hand.BOTH, "", "", _SINCE, None, None)
        for number in range(1, len(_CODES) + 1)
    ),
    (),
    (),
    0,
)
"""The directory of an engine without a database; it is of no change, so that no batch states that it follows one."""


async def add_accountants(dsn: str) -> None:
    """Add the accountants to the directory of a database, if they are not in it yet."""
    entries: list[DirectoryEntry] = []
    for code in (*_CODES, *_PAYERS):
        entries += [
            PersonEntry(code, code.capitalize()),
            RoleEntry(code, Role.ASSIGNED_ACCOUNTANT, "both", _SINCE),
            LoginEntry(code, "user", code, _SINCE),
        ]
    if (user := pwd.getpwuid(os.getuid()).pw_name) not in (*_CODES, *_PAYERS):
        entries.append(LoginEntry("Alice", "user", user, _SINCE))  # commands of tests that name nobody
    async with open_connection(dsn) as connection:
        await migrate(connection)
        if not await directory_store.find_last_change(connection):
            await directory_store.store_change(connection, NewChange(entries, "test", StatedPerson("test")))
