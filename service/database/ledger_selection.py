"""The ledger that the settings name: it must exist, unless the command may create one, and have the name they demand."""

from collections.abc import Callable
from dataclasses import dataclass

from core.errors import CrescendoError
from posting.store.layout import check_layout
from posting.store.ledger_identity import LedgerIdentity, StoredLedger
from service.configuration.settings import Settings
from service.database.addresses import hide_password


class DatabaseMissing(CrescendoError):
    """The folder or the database contains no ledger."""


class LedgerExists(CrescendoError):
    """There is a ledger already where one is to be created."""


class LedgerMismatch(CrescendoError):
    """The ledger has another name than the settings demand."""


@dataclass(slots=True)
class LedgerCreation:
    """Permission to create the ledger if it is missing."""

    announce: Callable[[str], None]
    """Receives one line, before anything is created."""
    identity: LedgerIdentity | None = None
    """The identity of the new ledger; None to name it for its folder or database."""
    is_demanded: bool = False
    """Whether an existing ledger is an error."""
    _is_announced: bool = False

    def announce_once(self, identity: LedgerIdentity, place: str) -> None:
        """Announce the new ledger, unless it is announced already."""
        if not self._is_announced:
            self.announce(f"This is a new ledger: {identity}, in {place}.")
        self._is_announced = True


def permit_creation(
    settings: Settings, announce: Callable[[str], None], *, requires_existing: bool
) -> LedgerCreation | None:
    """Return the permission to create a missing ledger; None if an existing one is demanded, or one of a certain name."""
    return None if requires_existing or settings.ledger else LedgerCreation(announce)


def check_folder(settings: Settings, creation: LedgerCreation | None) -> None:
    """Check the data folder before a server is started in it.

    Raises
    ------
    DatabaseMissing
        It contains no database, and none may be created.
    """
    if not settings.database and not (settings.data / "postgres" / "cluster").exists():
        _handle_missing(settings, _derive_identity(settings, ""), creation)


def check_ledger(settings: Settings, stored: StoredLedger, creation: LedgerCreation | None) -> LedgerIdentity:
    """Check what the database contains; return the identity of the ledger in it, or of the one to create.

    Raises
    ------
    DatabaseMissing
        It contains no ledger, and none may be created.
    LedgerOutdated
        It contains one with the layout of an earlier version.
    LedgerExists
        It contains one, and must not.
    LedgerMismatch
        It contains one of another name than the settings demand.
    """
    identity = stored.identity or _derive_identity(settings, stored.database)
    if not stored.has_journal:
        return _handle_missing(settings, identity, creation)
    place = describe_place(settings)
    check_layout(stored.layout, place)
    if creation and creation.is_demanded:
        raise LedgerExists(f"{place} contains the ledger {identity} already: name another folder or database")
    if settings.ledger and settings.ledger != identity.name:
        raise LedgerMismatch(
            f"{place} contains the ledger {identity}, and the ledger {settings.ledger} is demanded: name its folder with "
            "--data, or its database with --database"
        )
    return identity


def describe_place(settings: Settings) -> str:
    """Return the folder or the database, without a password."""
    return f"the database {hide_password(settings.database)}" if settings.database else str(settings.data)


def _handle_missing(
    settings: Settings, default: LedgerIdentity, creation: LedgerCreation | None
) -> LedgerIdentity:
    place = describe_place(settings)
    if creation is None:
        raise DatabaseMissing(
            f"{place} contains no ledger: name the right folder with --data, or the right database with --database; "
            "crescendo db create makes a new ledger"
        )
    identity = creation.identity or default
    creation.announce_once(identity, place)
    return identity


def _derive_identity(settings: Settings, database: str) -> LedgerIdentity:
    """Return the identity of a ledger that nobody named: its folder or database, and number 01."""
    return LedgerIdentity.derive_from(database if settings.database else settings.data.absolute().name)
