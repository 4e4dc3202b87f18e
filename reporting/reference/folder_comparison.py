"""A folder of reference data compared with the one in use, and with what the ledger has stored."""

from pathlib import Path

import msgspec

from core.reference.files import digest_hashes, hash_files
from posting.book.registry import ReferenceData
from posting.store import reference_trial, reference_use
from reporting.reference.code_use import add_uses
from reporting.reference.merge_effects import MergeEffect, load_merge_effects
from reporting.reference.row_changes import RowChange, compare_folders
from reporting.report_queries import Connection


class FolderComparison(msgspec.Struct, frozen=True):
    """What a load of a folder would change."""

    folder: str
    in_use: str
    """The folder from which the next start would take the reference data now."""
    digest: str
    """Over all files, as the ledger records it with each use."""
    is_equal: bool
    """Whether every file is the same to the byte."""
    changes: list[RowChange]
    breach: str = ""
    """Why a start would refuse the files: what is stored depends on what they change; empty if it would not."""
    unused_files: list[str] | None = None
    """Files of the folder in use that differ from those that the ledger used last; None if it has used none."""
    merges: list[MergeEffect] = []
    """What each new merge of third parties concerns."""


def compare(folder: Path, in_use: Path, reference: ReferenceData) -> FolderComparison:
    """Compare the folder that ``reference`` was read from, as a copy of ``folder``, with the one in use.

    Raises
    ------
    ReferenceDataError
        The folder in use cannot be read.
    """
    before = hash_files(in_use)
    return FolderComparison(
        str(folder),
        str(in_use),
        digest_hashes(reference.files).hex(),
        before == reference.files,
        compare_folders(in_use, reference.folder),
    )


async def add_ledger(
    connection: Connection, comparison: FolderComparison, reference: ReferenceData
) -> FolderComparison:
    """Add to a comparison what depends on it in a ledger; nothing is stored."""
    files = hash_files(Path(comparison.in_use))
    breach = await reference_trial.find_breach(connection, reference)
    return msgspec.structs.replace(
        comparison,
        changes=await add_uses(connection, comparison.changes),
        merges=await load_merge_effects(connection, comparison.changes, reference.merges),
        breach=str(breach or ""),
        unused_files=await reference_use.list_changes_since_use(connection, files),
    )
