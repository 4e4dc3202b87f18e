"""Files and folders that a command line or a setting names, looked at before anything is created or started."""

from collections.abc import Iterable
from pathlib import Path

from service.configuration.file_owners import find_file_fault
from service.configuration.settings import UsageError

_FAULTS_MAX = 10
"""Most faults that one message lists."""


def check_files(paths: Iterable[Path]) -> None:
    """Check that each path is a file that this process may read; a pipe is one, too.

    Raises
    ------
    UsageError
        At least one does not exist, is a folder, or may not be read; the message names each, at most ten.
    """
    faults = [fault for path in paths if (fault := find_file_fault(path))]
    if faults:
        more = [f"and {len(faults) - _FAULTS_MAX:,} more"] if len(faults) > _FAULTS_MAX else []
        raise UsageError("\n".join([*faults[:_FAULTS_MAX], *more]))


def check_output_folder(option: str, folder: Path) -> None:
    """Check that a folder to write into exists, or can be created in its place.

    Raises
    ------
    UsageError
        There is a file in its place, or in that of a folder above it.
    """
    for path in (folder, *folder.parents):
        if path.exists():
            if not path.is_dir():
                raise UsageError(f"{option} {folder}: {path} is a file. Name a folder, or remove the file")
            return
