"""The check of a file's sender: who may use a reserved name, and send what needs a role, such as settlements and openings.

Files that arrive over HTTP or in drop folders are also checked against the roles of their key.  Files given to a command
have no key: their sender may settle debts if it has one with the role of the accountant, request as invoice service with one
of that role, decide on visas with one of the budget controller, and open credits if it has one with the role of the budget
directorate, or as long as the ledger has none with that role.

A command checks its arguments with this module before it starts the database; the store, which loads the kernels, is
imported for types alone.
"""

from collections.abc import Container, Iterable, Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from core.act_fields import Field
from core.errors import SenderForbidden
from core.roles import Role, list_roles
from core.senders import (
    ACCOUNTANT_SETTLEMENTS,
    CONTROLLER_KINDS,
    DIRECTORATE_KINDS,
    INVOICE_SERVICE_KINDS,
    RESERVED_SENDERS,
    SENDER_OF_KIND,
)

if TYPE_CHECKING:
    from ingest.spool.spooled_file import SpooledFile
    from posting.store.journal_store import PostgresStore

_ROLES_OF_KIND: Mapping[str, tuple[Role, ...]] = {
    kind: tuple(list_roles(kind))
    for kind in sorted(ACCOUNTANT_SETTLEMENTS | CONTROLLER_KINDS | DIRECTORATE_KINDS | INVOICE_SERVICE_KINDS)
}
"""The roles of which a sender needs one for some kinds, also where no key is asked for."""
_JUDGED_KINDS = frozenset(SENDER_OF_KIND) | _ROLES_OF_KIND.keys()
_KIND = Field.KIND.column
_COMMANDS = (
    "crescendo pay issue posts payments and re-issues, crescendo bank import the movements of the bank"
)


def check_sender_name(sender: str, place: str, *, is_internal: bool) -> None:
    """Check that a file of this sender may come from where it comes.

    Raises
    ------
    SenderForbidden
        The name is reserved, and the file does not come from a command of our own.
    """
    if sender in RESERVED_SENDERS and not is_internal:
        names = ", ".join(sorted(RESERVED_SENDERS))
        raise SenderForbidden(
            place, f"Its sender is {sender}, and {names} are reserved", f"Name another sender: {_COMMANDS}"
        )


class SenderCheck:
    """Checks that the sender of a file may send its kinds of act; knows nothing of programmes."""

    programmes = None

    def __init__(self, sender: str, place: str, roles: Container[str]) -> None:
        """``roles``: those of the roles that some kinds need that the sender has."""
        self._sender, self._place, self._roles = sender, place, roles

    def check_lines(self, lines: pa.RecordBatch) -> None:
        """Check some lines of the file.

        Raises
        ------
        SenderForbidden
            A line is of a kind that another sender alone may send, or that needs a role that the sender does not have.
        """
        for kind in _list_kinds(lines):
            if SENDER_OF_KIND.get(kind, self._sender) != self._sender:
                finding = f"It contains a {kind}, which only the sender {SENDER_OF_KIND[kind]} may send"
                raise SenderForbidden(self._place, finding, f"Remove the line: {_COMMANDS}")
            roles = _ROLES_OF_KIND.get(kind, ())
            if roles and not any(role in self._roles for role in roles):
                needed = " or ".join(roles)
                finding = (
                    f"It contains a {kind}, and the sender {self._sender} has no key with the role {needed}"
                )
                remedy = (
                    "Send it as a sender that has one, or create one: "
                    f"crescendo access create SENDER --role {roles[0]}"
                )
                raise SenderForbidden(self._place, finding, remedy)


async def create_sender_check(
    store: "PostgresStore", spooled: "SpooledFile", *, is_internal: bool = False
) -> SenderCheck:
    """Create the check of a file that is given to a command.

    Raises
    ------
    SenderForbidden
        The name is reserved, and the file does not come from a command of our own.
    """
    sender, place = spooled.envelope.sender, spooled.name
    check_sender_name(sender, place, is_internal=is_internal)
    needed = frozenset[Role]().union(*_ROLES_OF_KIND.values())
    if is_internal:
        return SenderCheck(sender, place, needed)
    roles = {role for role in needed if await store.fetch("holders_of_role", sender, role)}
    if not await store.fetch("directorates"):
        roles.add(Role.BUDGET_DIRECTORATE)
    return SenderCheck(sender, place, roles)


def _list_kinds(lines: pa.RecordBatch) -> Iterable[str]:
    """Return the distinct kinds of some lines; a dictionary may list kinds that no line has."""
    if _KIND not in lines.schema.names:
        return ()
    column = lines.column(_KIND)
    if pa.types.is_dictionary(column.type):
        if not _JUDGED_KINDS & set(column.dictionary.to_pylist()):
            return ()
        column = column.dictionary_decode()
    return column.cast(pa.string()).unique().to_pylist()
