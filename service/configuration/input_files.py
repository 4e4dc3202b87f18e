"""Files and folders that a command line or a setting names, looked at before anything is created or started."""

import os
import shlex
from collections.abc import Iterable
from pathlib import Path

from service.configuration.file_owners import describe_denial, find_file_fault
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


def check_result_folder(option: str, folder: Path) -> None:
    """Check that ``folder`` exists and that this process may create files in it.

    Raises
    ------
    UsageError
        There is no such folder, it is a file, or it may not be written.
    """
    try:
        if folder.stat() and not folder.is_dir():
            raise UsageError(f"{option} {folder}: it is not a folder. Name a folder that exists")
    except FileNotFoundError:
        make = shlex.join(["mkdir", "-p", str(folder)])
        raise UsageError(f"{option} {folder}: there is no such folder. Make it: {make}") from None
    except OSError as error:
        raise UsageError(f"{option} {folder}: {error.strerror}. Name a folder that exists") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"{option} {describe_denial(folder)}")


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
