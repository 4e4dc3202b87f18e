"""A process that runs the commands of a walk one after the other; it imports the program and its kernels once.

It reads the commands from standard input, one a line, and writes behind the output of each a mark with its exit code. Its
argument is a database, which the program has in place of the embedded one: wherever the commands leave it without any.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

MARK = "\x05"
"""Enquiry: no command prints it."""
PROGRAM = ".venv/bin/crescendo"


def run_line(line: str, database: str) -> int:
    """Run one command and return its exit code: of the program in this process, of anything else by the shell."""
    from service.cli.main import run_command

    words = shlex.split(line, comments=True)
    match words:
        case [program, *arguments] if program == PROGRAM:
            os.environ.setdefault("CRESCENDO_DATABASE", database)
            return run_command([name for word in arguments for name in expand(word)])
        case ["unset", *names]:
            for name in names:
                os.environ.pop(name, None)
            return 0
        case ["export", *variables]:
            os.environ |= dict(variable.split("=", 1) for variable in variables)
            return 0
        case _:
            return subprocess.run(["/bin/sh", "-ec", line], check=False).returncode


def expand(word: str) -> list[str]:
    """Return the files that a word with an asterisk names, as a shell does; otherwise the word."""
    return sorted(map(str, Path().glob(word))) if "*" in word else [word]


def main() -> None:
    """Run all commands."""
    database = sys.argv[1]
    sys.argv = [str(Path(PROGRAM).absolute())]
    for line in sys.stdin.read().splitlines():
        print(f"{MARK}{run_line(line, database)}{MARK}", end="", flush=True)


if __name__ == "__main__":
    main()
