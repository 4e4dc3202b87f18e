"""The load of reference data: a folder is copied, checked and compared; then the copy is accepted and put in place."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from core.errors import ReferenceDataError
from core.person_decisions import StatedPerson
from core.reference.files import SAMPLE_FOLDER
from posting.book.registry import ReferenceData
from posting.store import reference_trial, reference_use
from reporting.reference import folder_comparison, folder_faults, folder_files
from reporting.reference.folder_comparison import FolderComparison
from reporting.reference.folder_faults import FolderCheck
from service.configuration import loaded_reference
from service.configuration.settings import Settings
from service.database import session
from service.database.ledger_selection import DatabaseMissing


@dataclass(frozen=True, slots=True)
class FolderDraft:
    """A copy of a folder of reference data without faults, which is not in use yet."""

    settings: Settings
    comparison: FolderComparison
    reference: ReferenceData

    @property
    def is_in_use(self) -> bool:
        """Whether these files were loaded last."""
        folder = loaded_reference.find_loaded_folder(self.settings.data)
        return folder is not None and folder.name == self.comparison.digest

    async def accept(self, connection: Any, *, reason: str, by: StatedPerson) -> int:
        """Place the files, and record who loads them and why; return the number of the acceptance, 0 if none is needed.

        Raises
        ------
        PersonNotProved
            Who loads them did not prove to be that person, or is no operator.
        ReferenceDataError
            Acts that were accepted since the comparison depend on what the files change.
        """
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
        check = folder_faults.check_folder(copy, folder)
        yield check if check.faults else _build_draft(settings, copy, folder, needs_ledger=needs_ledger)


def _build_draft(settings: Settings, copy: Path, folder: Path, *, needs_ledger: bool) -> FolderDraft:
    reference = ReferenceData.load(copy)
    comparison = folder_comparison.compare(folder, settings.reference or SAMPLE_FOLDER, reference)
    try:
        comparison = session.update_database(
            settings, lambda connection: folder_comparison.add_ledger(connection, comparison, reference)
        )
    except DatabaseMissing:
        if needs_ledger:
            raise
    return FolderDraft(settings, comparison, reference)
