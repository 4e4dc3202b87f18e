"""The name of this program for commands that can be pasted into a shell."""

import os
import re
import shlex
import shutil
import sys
from pathlib import Path

_PROGRAM = "crescendo"
_PROGRAM_WORD = re.compile(rf"(?<![^ ]){_PROGRAM}(?= )")


def find_program() -> str:
    """Return the program as the user calls it: by name if the shell finds it, otherwise by path."""
    path = Path(sys.argv[0]).absolute()
    if path.name != _PROGRAM:
        path = Path(sys.executable).with_name(_PROGRAM)
    path_in_shell = shutil.which(_PROGRAM)
    if path_in_shell and Path(path_in_shell).absolute() == path:
        return _PROGRAM
    return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)


def name_program(command: str) -> str:
    """Return a command with the program as the user calls it."""
    program = shlex.quote(find_program())
    return _PROGRAM_WORD.sub(lambda _: program, command, count=1)
