"""Commands that the output offers: they can be pasted into a shell as they stand."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from service.configuration.settings import Settings

_PROGRAM = "crescendo"


def find_program() -> str:
    """Return the program as the user calls it: by name if the shell finds it, otherwise by path."""
    path = Path(sys.argv[0]).absolute()
    if path.name != _PROGRAM:
        path = Path(sys.executable).with_name(_PROGRAM)
    path_in_shell = shutil.which(_PROGRAM)
    if path_in_shell and Path(path_in_shell).absolute() == path:
        return _PROGRAM
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def format_command(words: Sequence[str], settings: Settings) -> str:
    """Return a command on the ledger of ``settings``; the address of a database, which may have a password, is left out."""
    place = [] if settings.database else ["--data", str(settings.data)]
    return shlex.join([find_program(), *words, *place])
