"""``crescendo run`` as a process: its result, the duration of the whole command, and what it used."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from bench.foreign_processes import ForeignLoad, ForeignLoadMeter
from bench.measured_servers import ServeDatabase

_EXIT_FINDINGS = 1


class Command(NamedTuple):
    """The way to start the engine: the words of the command line before the subcommand, and two callbacks."""

    words: tuple[str, ...]
    serve_database: ServeDatabase
    report_progress: Callable[[str], None]
    """Receives the name of each step."""


class EndedCommand(NamedTuple):
    """A command that has ended."""

    result: dict[str, Any]
    """What the command printed as JSON."""
    wall_seconds: float
    """From the start of the process to its end."""
    peak_memory_bytes: int
    foreign_load: ForeignLoad


def run_command(command: Command, words: list[str], *, may_have_findings: bool = False) -> EndedCommand:
    """Run a command with the option ``--json`` and wait for its end; it may end with findings, such as refused lines.

    Raises
    ------
    RuntimeError
        The command failed.
    """
    with tempfile.TemporaryFile() as out:
        meter, start = ForeignLoadMeter(), time.perf_counter()
        process = subprocess.Popen([*command.words, *words, "--json"], stdout=out)
        # no time limit: how long it takes is what is measured
        _, status, usage = os.wait4(process.pid, 0)
        seconds, foreign_load = time.perf_counter() - start, meter.finish()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in ((0, _EXIT_FINDINGS) if may_have_findings else (0,)):
            raise RuntimeError(f"crescendo {' '.join(words)} ended with exit code {process.returncode}")
        out.seek(0)
        result = json.loads(out.read())
    unit = 1 if sys.platform == "darwin" else 1024
    return EndedCommand(result, round(seconds, 3), usage.ru_maxrss * unit, foreign_load)
