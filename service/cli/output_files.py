"""Files that a command writes: beside their place first, so that an interrupted command leaves the earlier file whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from service.configuration.settings import UsageError


def check_output_file(output: Path) -> Path:
    """Return the path of a file to write.

    Raises
    ------
    UsageError
        Its folder does not exist.
    """
    path = output.resolve()
    if not path.parent.is_dir():
        raise UsageError(f"--output {output}: there is no folder {path.parent}: create it first")
    return path


@contextmanager
def open_replacement(output: Path) -> Iterator[IO[bytes]]:
    """Open a file beside its place; it replaces one of its name once the body has ended, and is removed if that fails."""
    path = check_output_file(output)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            yield file
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
