"""The reference data that ``crescendo reference load`` put in the data folder, from which the next start takes them.

Each loaded state is a folder of its own, named by its digest, which nobody changes; a file names the one in use.  So a service
at work and its tasks keep the folder with which they began, and a load takes effect whole or not at all.
"""

import os
import re
import shutil
from pathlib import Path
from tempfile import mkdtemp

from core.durability import flush_path
from core.errors import CrescendoError, ReferenceDataError
from core.reference.files import digest_hashes, hash_files

_POINTER = "in_use"
_DIGEST = re.compile(r"[0-9a-f]{64}")
_DIGEST_BYTES_MAX = 200


class LoadedFolderMissing(CrescendoError):
    """The file that names the loaded reference data names none."""


def find_loaded_folder(data: Path) -> Path | None:
    """Return the folder of the loaded reference data; None if none were loaded.

    Raises
    ------
    LoadedFolderMissing
        The data folder says that some were loaded, and does not contain them.
    PermissionError
        This user may not enter the data folder.
    """
    pointer = _find_root(data) / _POINTER
    try:
        with pointer.open("rb") as file:
            digest = file.read(_DIGEST_BYTES_MAX).decode("ascii", "replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        raise  # the command says who owns the folder
    except OSError as error:
        raise LoadedFolderMissing(
            f"{pointer}: the file cannot be read ({error.strerror}). Restore the folder {_find_root(data)} from a backup"
        ) from error
    folder = _find_root(data) / digest
    if not (_DIGEST.fullmatch(digest) and folder.is_dir()):
        raise LoadedFolderMissing(
            f"{pointer}: the reference data that it names are missing. Restore the folder {_find_root(data)} from a backup, "
            "or remove this file and load the reference data again: crescendo reference load FOLDER"
        )
    return folder


def place_folder(source: Path, data: Path, digest: str) -> Path:
    """Copy checked reference data to the folder of their digest, and return it; they are not in use yet.

    A folder of this digest that is there already stays, as a service may read it; a damaged one is replaced.
    """
    target = _find_root(data) / digest
    if _has_digest(target, digest):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming = Path(mkdtemp(prefix="incoming-", dir=target.parent))
    try:
        shutil.copytree(source, incoming / digest)
        _sync_files(incoming)
        shutil.rmtree(target, ignore_errors=True)
        incoming.joinpath(digest).rename(target)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    flush_path(target.parent)
    return target


def use_folder(data: Path, digest: str) -> None:
    """Have the next start use the reference data of a digest, which ``place_folder`` placed: at once, or not at all."""
    pointer = _find_root(data) / _POINTER
    temporary = pointer.with_suffix(f".{os.getpid()}")
    with temporary.open("w", encoding="ascii") as file:
        file.write(f"{digest}\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(pointer)
    flush_path(pointer.parent)


def _has_digest(folder: Path, digest: str) -> bool:
    try:
        return folder.is_dir() and digest_hashes(hash_files(folder)).hex() == digest
    except ReferenceDataError:
        return False


def _find_root(data: Path) -> Path:
    return data / "reference"


def _sync_files(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        flush_path(path)
