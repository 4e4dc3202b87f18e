"""The owners of files, for the message of a command that may not use them."""

import os
import pwd
from pathlib import Path


def format_user(uid: int) -> str:
    """Return a user by name and number."""
    try:
        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"


def describe_denial(path: Path, folder: Path | None = None) -> str:
    """Describe why this process may not use ``path``: its owner, the present user, and what to do.

    ``folder`` is what would have to change its owner as a whole; by default it is the path itself.
    """
    visible = _find_visible(path)
    owner, user = visible.stat().st_uid, os.geteuid()
    if os.statvfs(visible).f_flag & os.ST_RDONLY:
        return f"{path}: {visible} is on a file system that is mounted read-only: mount it for writing"
    if owner == user:
        return f"{path}: permission denied, although {visible} belongs to {format_user(user)}: chmod u+rwX {visible}"
    return (
        f"{path}: permission denied; {visible} belongs to {format_user(owner)}, and this command runs as"
        f" {format_user(user)}: run it as {_format_name(owner)}, or as root give the files to this user:"
        f" chown -R {_format_name(user)}: {folder or visible}"
    )


def find_denial(paths: list[Path], folder: Path) -> str:
    """Return why this process may not read and write one of ``paths``; empty if it may use all that exist.

    ``folder`` is what the advice names.
    """
    for path in paths:
        try:
            is_folder = path.is_dir()
        except PermissionError:
            return describe_denial(path, folder)
        needed = os.R_OK | os.W_OK | (os.X_OK if is_folder else 0)
        if path.exists() and not os.access(
            path, needed, effective_ids=os.access in os.supports_effective_ids
        ):
            return describe_denial(path, folder)
    return ""


def find_file_fault(path: Path) -> str:
    """Return why this process cannot read ``path`` as a file, and what to do; empty if it can."""
    try:
        if path.is_dir():
            return f"{path}: it is a folder, and a file is expected. Name a file in it"
        if not path.exists():
            return f"{path}: there is no such file. Check its name, and the folder in which the command runs"
    except OSError as error:  # a folder above it may not be entered, or the name is too long
        return describe_denial(path) if isinstance(error, PermissionError) else f"{path}: {error.strerror}"
    return "" if os.access(path, os.R_OK) else describe_denial(path)


def _find_visible(path: Path) -> Path:
    """Return ``path``, or the nearest folder above it whose owner this process may see."""
    for candidate in (path.absolute(), *path.absolute().parents):
        try:
            candidate.stat()
        except OSError:
            continue
        return candidate
    return Path("/")


def _format_name(uid: int) -> str:
    """Return a user as a command names it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
