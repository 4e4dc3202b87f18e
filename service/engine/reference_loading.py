"""The load of reference data: a folder is copied, checked and compared; then the copy is accepted and put in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from core import merges
from core.errors import LeaseHeld, ReferenceDataError
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.reference.files import SAMPLE_FOLDER
from posting.book.registry import ReferenceData
from posting.store import person_proof, reference_trial, reference_use
from reporting.reference import folder_comparison, folder_faults, folder_files
from reporting.reference.folder_comparison import FolderComparison
from reporting.reference.folder_faults import FolderCheck
from reporting.reference.row_changes import ChangeType
from service.configuration import loaded_reference
from service.configuration.settings import Settings
from service.database import command_queries, session
from service.database.ledger_selection import DatabaseMissing


class LedgerState(NamedTuple):
    """What a ledger says about the files of a draft."""

    needs_record: bool = False
    """Whether it used other files last, and no acceptance of these is valid."""
    engine: str = ""
    """The engine at work; empty if there is none."""


@dataclass(frozen=True, slots=True)
class FolderDraft:
    """A copy of a folder of reference data without faults, which is not in use yet."""

    settings: Settings
    comparison: FolderComparison
    reference: ReferenceData
    ledger: LedgerState

    @property
    def is_in_use(self) -> bool:
        """Whether these files were loaded last, and the ledger needs no record of them."""
        folder = loaded_reference.find_loaded_folder(self.settings.data)
        is_loaded = folder is not None and folder.name == self.comparison.digest
        return is_loaded and not self.ledger.needs_record

    def check_engine(self, engine: str) -> None:
        """Check that no engine accepts acts on codes that these files remove or change: its next start would be refused.

        Raises
        ------
        LeaseHeld
            An engine is at work.
        """
        count = sum(
            change.change is not ChangeType.ADDED or change.file == merges.FILE
            for change in self.comparison.changes
        )
        if engine and count:
            raise LeaseHeld(
                f"{engine} works on this database, and these files remove, change or merge {count:,} rows, on which it "
                "may accept acts until they are in use. Stop it first; other additions may be loaded beside it"
            )

    async def accept(self, connection: Any, *, reason: str, by: StatedPerson) -> int:
        """Place the files, and record who loads them and why; return the number of the acceptance, 0 if none is needed.

        Raises
        ------
        PersonNotProved
            Who loads them did not prove to be that person, or is no operator.
        ReferenceDataError
            Acts that were accepted since the comparison depend on what the files change.
        LeaseHeld
            An engine is at work, and the files do not only add.
        """
        self.check_engine(await command_queries.find_lease_owner(connection))
        async with connection.transaction():  # a person who may not load them leaves no copy
            await person_proof.prove_under_lock(connection, by, Decision(DecisionKind.REFERENCE))
        breach = await reference_trial.find_breach(connection, self.reference)
        if breach:
            raise breach
        loaded_reference.place_folder(self.reference.folder, self.settings.data, self.comparison.digest)
        try:
            acceptance = await reference_use.accept_files(connection, self.reference, reason=reason, by=by)
        except reference_use.RefusedAcceptance:
            return 0  # the first files of a ledger, or those that it used last
        return acceptance.number

    def use(self) -> None:
        """Have the next start use the files, which ``accept`` has placed."""
        loaded_reference.use_folder(self.settings.data, self.comparison.digest)


@contextmanager
def open_draft(
    settings: Settings, folder: Path, *, needs_ledger: bool
) -> Iterator[FolderDraft | FolderCheck]:
    """Copy a folder, check it, and compare it with the one in use; without a ledger with that one alone, unless it is needed.

    Yields the faults of the folder if it has any.  The copy is deleted at the end of the context.
    """
    with TemporaryDirectory(prefix="crescendo-reference-") as name:
        copy = Path(name) / "files"
        try:
            folder_files.copy_folder(folder, copy)
        except ReferenceDataError as error:
            yield folder_faults.report_unreadable(folder, error)
            return
        check = _find_faults(settings, copy, folder)
        yield check or _build_draft(settings, copy, folder, needs_ledger=needs_ledger)


def _find_faults(settings: Settings, copy: Path, folder: Path) -> FolderCheck | None:
    """Return the check of the folder, or of the one in use, if it has faults."""
    check = folder_faults.check_folder(copy, folder)
    if check.faults:
        return check
    before = folder_faults.check_folder(settings.reference or SAMPLE_FOLDER)
    return msgspec.structs.replace(before, is_in_use=True) if before.faults else None


def _build_draft(settings: Settings, copy: Path, folder: Path, *, needs_ledger: bool) -> FolderDraft:
    reference = ReferenceData.load(copy)
    comparison = folder_comparison.compare(folder, settings.reference or SAMPLE_FOLDER, reference)

    async def build(connection: Any) -> FolderDraft:
        state = LedgerState(
            await reference_use.needs_record(connection, reference.files),
            await command_queries.find_lease_owner(connection),
        )
        with_uses = await folder_comparison.add_ledger(connection, comparison, reference)
        return FolderDraft(settings, with_uses, reference, state)

    try:
        return session.update_database(settings, build)
    except DatabaseMissing:
        if needs_ledger:
            raise
    return FolderDraft(settings, comparison, reference, LedgerState())
