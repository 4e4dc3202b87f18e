"""Small file systems in memory, to be filled by tests: a disk that is really full."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

BALLAST = "ballast"
_MEGABYTE = 2**20


@contextmanager
def mount_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a file system of that size at ``folder``, or in a namespace of this user's own; yield where it is reached."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder))
    if subprocess.run(mount, capture_output=True, check=False, timeout=60).returncode == 0:
        try:
            yield folder
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True, timeout=60)
        return
    with _mount_in_namespace(folder, mount) as place:
        yield place


@contextmanager
def _mount_in_namespace(folder: Path, mount: tuple[str, ...]) -> Iterator[Path]:
    """Mount in the user namespace of a process that waits: its root folder in /proc leads there."""
    script = 'shift; "$@" && echo mounted && exec cat'
    command = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh", "-", *mount)
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        assert process.stdin
        assert process.stdout
        try:
            if process.stdout.readline().strip() != "mounted":
                errors.seek(0)
                raise RuntimeError(
                    f"no file system can be mounted: run the tests as root, or allow user namespaces: {errors.read()}"
                )
            yield Path(f"/proc/{process.pid}/root{folder}")
        finally:
            process.stdin.close()
            process.wait(60)
            process.stdout.close()


def fill_disk(folder: Path, leave: int = 0) -> None:
    """Fill the disk of ``folder`` with a file, and leave so many bytes."""
    with suppress(OSError), (folder / BALLAST).open("ab", buffering=0) as file:
        for size in (_MEGABYTE, 4096):
            with suppress(OSError):
                while file.write(bytes(size)):
                    pass
        if leave:
            file.truncate(max(file.tell() - leave, 0))


def free_disk(folder: Path) -> None:
    """Remove the file that fills the disk."""
    (folder / BALLAST).unlink()
