"""One PostgreSQL cluster in a data folder: its lock, its creation, and how its programs are run.

    postgres/cluster     PostgreSQL's data directory; belongs to the user who runs the server
    postgres/password    password of the role crescendo; mode 0600
    postgres/log         output of the server since its last start
    postgres.owner       locked by the process that uses this folder
    postgres.server      locked by the server and each of its backends

This folder contains everything PostgreSQL needs: once the server is stopped, it may be
moved, copied or removed.
"""

import asyncio
import fcntl
import os
import pwd
import secrets
import shutil
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice, takewhile
from pathlib import Path
from typing import IO, NamedTuple

import psutil

from core.durability import flush_path
from core.errors import DatabaseUnfit
from service.configuration import file_owners
from service.database import launcher
from service.database.binaries import ServerUser, make_accessible

ROLE = "crescendo"
PROGRAM_SECONDS = 600
"""Limit on each program that creates a cluster: some 50 MB are written and flushed."""


@contextmanager
def lock_data_folder(data: Path) -> Iterator[None]:
    """Lock ``data`` for this process alone; the kernel releases the lock when the process ends, however it ends.

    Raises
    ------
    DatabaseUnfit
        Another process has locked it, or another user owns it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    used = [
        data,
        *(data / name for name in ("postgres.owner", "postgres.server", "postgres", "postgres/password")),
    ]
    if denial := file_owners.find_denial(used, data):
        raise DatabaseUnfit(denial)
    with (data / "postgres.owner").open("a+") as lock:
        if not try_lock(lock):
            lock.seek(0)
            owner = lock.read().strip()
            raise DatabaseUnfit(
                f"{data} is in use by process {owner}{_describe_command(owner)}. Wait until that process has ended, or stop it"
            )
        with suppress(OSError):  # on a full disk the lock holds all the same
            os.ftruncate(lock.fileno(), 0)
            os.pwrite(lock.fileno(), f"{os.getpid()}\n".encode(), 0)
        yield


def _describe_command(process: str) -> str:
    """Return the command of a process for an error, without its options, which may contain passwords; empty if unknown."""
    try:
        words = psutil.Process(int(process)).cmdline()
    except (ValueError, OverflowError, psutil.Error):
        return ""
    named = next((at for at, word in enumerate(words) if Path(word).name == "crescendo"), None)
    start = words.index("-c") + 1 if named is None and "-c" in words[:-1] else named
    if start is None:
        return ""
    command = takewhile(lambda word: not word.startswith("-"), words[start + 1 :])
    return f" ({' '.join(('crescendo', *islice(command, 2)))})"


def try_lock(lock: IO[str]) -> bool:
    """Try to lock an open file without waiting; return whether it is locked now."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Cluster(NamedTuple):
    """A cluster, its programs, and the user they run as."""

    home: Path
    """The folder ``postgres``."""
    binaries: Path
    """Folder of the programs; ``user`` may enter it."""
    user: ServerUser

    @classmethod
    def in_data_folder(cls, data: Path, binaries: Path) -> "Cluster":
        """Choose the user for the cluster of ``data``, and make the programs accessible to that user."""
        home = data / "postgres"
        user = _choose_user(home / "cluster")
        return cls(home, make_accessible(binaries, user), user)

    @property
    def directory(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "cluster"

    def read_password(self) -> str:
        """Read the password of the role crescendo."""
        return (self.home / "password").read_text().strip()

    def read_log_end(self, lines: int = 12) -> str:
        """Return the end of the server's log."""
        log = self.home / "log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def find_server(self) -> psutil.Process | None:
        """Find the running server by its pid file; None if that file is stale.

        After a crash the number may belong to any other process; the working directory of our server is the
        cluster's directory.
        """
        try:
            process = psutil.Process(int(self.read_pid_file()[0]))
        except (IndexError, ValueError, OSError, psutil.Error):
            return None
        return process if self._owns(process) else None

    def find_processes(self) -> list[psutil.Process]:
        """Find all processes of the server, also those that have lost their postmaster."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def _owns(self, process: psutil.Process) -> bool:
        """Return whether a process belongs to the server: each works in the cluster's directory."""
        try:
            return process.name() == "postgres" and self.directory.samefile(process.cwd())
        except (OSError, psutil.Error):
            return False

    def read_pid_file(self) -> list[str]:
        """Return the lines of the server's pid file: its pid first, its state last."""
        try:
            return (self.directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    async def create(self, lock: IO[str]) -> None:
        """Create cluster, role and database in a new folder, then rename it: an incomplete one is never opened.

        The files are synced to disk once at the end, instead of once by each program.
        """
        new = self._replace(home=self.home.with_suffix(".new"))
        if new.home.exists():
            shutil.rmtree(new.home)
        for folder in (new.home, new.directory):
            folder.mkdir(mode=0o700)
        self._change_owner(new.directory)
        await new._initialise(lock)  # noqa: SLF001
        new.home.rename(self.home)
        flush_path(self.home.parent)

    async def _initialise(self, lock: IO[str]) -> None:
        password = secrets.token_urlsafe(32)
        with tempfile.TemporaryFile("w+") as secret:
            secret.write(password)
            secret.seek(0)
            self._change_owner(secret.fileno())
            await self._run_program(
                *("initdb", f"--username={ROLE}", f"--pwfile=/dev/fd/{secret.fileno()}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-sync"),
                files=(lock, secret),
            )
        single_user = ("postgres", "--single", "-c", "exit_on_error=on", "-c", "fsync=off", "postgres")
        await self._run_program(*single_user, files=(lock,), input_text=f"CREATE DATABASE {ROLE}\n")
        await self._run_program("initdb", "--sync-only", files=(lock,))
        _write_durably(self.home / "password", f"{password}\n")

    async def _run_program(self, *command: str, files: Sequence[IO[str]], input_text: str = "") -> None:
        """Run a program that reads ``input_text`` from a file: it may end before a pipe to it is written."""
        with tempfile.TemporaryFile() as program_input:
            program_input.write(input_text.encode())
            program_input.seek(0)
            process = await self.start_program(command, files, stdin=program_input, stdout=PIPE)
        try:
            async with asyncio.timeout(PROGRAM_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError:
            raise DatabaseUnfit(
                f"{command[0]} in {self.home} did not end within {PROGRAM_SECONDS} seconds: its disk is too slow"
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            raise DatabaseUnfit(
                f"{command[0]} failed in {self.home}: {output.decode(errors='replace').strip()}"
            )

    async def start_program(
        self,
        command: Sequence[str],
        files: Sequence[IO[str]],
        *,
        stdin: int | IO[bytes] = DEVNULL,
        stdout: int | IO[bytes],
    ) -> Process:
        """Start one of PostgreSQL's programs as the cluster's user, in a session without the terminal's signals.

        ``files`` stay open in it and in all its children: the lock among them shows whether one is still running.
        Under root the server runs as a user who may not enter the folders above the cluster. Their permissions
        stay as they are: the server inherits an open descriptor of the directory and reaches it through that.
        """
        step_down = (sys.executable, "-I", "-S", launcher.__file__, str(os.getpid()), *map(str, self.user))
        directory = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY)
        place = f"/proc/self/fd/{directory}" if os.geteuid() == 0 else str(self.directory)
        try:
            return await asyncio.create_subprocess_exec(
                *(*step_down, str(self.binaries / command[0]), *command[1:]),
                cwd="/",
                env={"LC_ALL": "C", "TZ": "UTC", "PGDATA": place},
                pass_fds=[directory, *(file.fileno() for file in files)],
                start_new_session=True,
                stdin=stdin,
                stdout=stdout,
                stderr=STDOUT,
            )
        finally:
            os.close(directory)

    def _change_owner(self, target: Path | int) -> None:
        if os.geteuid() == 0:
            os.chown(target, *self.user)


def _choose_user(directory: Path) -> ServerUser:
    """Choose the user who runs the server: the current one; under root the cluster's owner, or else ``nobody``."""
    owner = ServerUser(directory.stat().st_uid, directory.stat().st_gid) if directory.exists() else None
    if os.geteuid() != 0:
        if owner and owner.uid != os.geteuid():
            raise DatabaseUnfit(file_owners.describe_denial(directory, directory.parents[1]))
        return ServerUser(os.geteuid(), os.getegid())
    if sys.platform != "linux":
        raise DatabaseUnfit(
            "PostgreSQL does not run as root: call crescendo as an ordinary user, or give --database DSN"
        )
    nobody = pwd.getpwnam("nobody")
    if owner and owner.uid == 0:
        raise DatabaseUnfit(
            f"{directory} belongs to root (uid 0), as which PostgreSQL does not run, and this command runs as root:"
            f" give it to the user who owned it before it was copied: chown -R {nobody.pw_name}: {directory}"
        )
    return owner or ServerUser(nobody.pw_uid, nobody.pw_gid)


def _write_durably(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    flush_path(path.parent)
