"""The command line as a user calls it: a separate process, real files, a real database."""

import asyncio
import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-c", "from service.cli.main import main; main()")


class CommandResult(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


async def start_command(*words: str | Path, environment: Mapping[str, str] | None = None) -> Process:
    # Ctrl-C goes to a whole process group: the command gets its own group, so that only it receives the signal.
    return await asyncio.create_subprocess_exec(
        *(*COMMAND, *map(str, words)),
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )


async def wait_for_end(process: Process) -> CommandResult:
    out, err = await process.communicate()
    assert process.returncode is not None
    return CommandResult(process.returncode, out.decode(), err.decode())


async def run_crescendo(*words: str | Path, environment: Mapping[str, str] | None = None) -> CommandResult:
    """Run a command to its end, as a process that need not import the modules if its variables allow it."""
    variables = {**os.environ, **(environment or {})}
    server = _start_server()
    if server.has_imported_with(variables):
        result = await server.run(words, variables)
    else:
        result = await wait_for_end(await start_command(*words, environment=environment))
    assert "Traceback" not in result.err, result.err
    return result


async def run_module(module: str, *words: str | Path) -> CommandResult:
    """Run ``python -m module words`` to its end, as a process that need not import the modules of the service."""
    return await _start_server().run(words, os.environ, module)


class CommandServer:
    """The process that forks commands, and its socket."""

    def __init__(self) -> None:
        self._folder = Path(mkdtemp(prefix="commands-"))
        self._variables, self._numbers = dict(os.environ), count()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.service.forked_commands", self._folder / "socket"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n"

    def stop(self) -> None:
        """End the process; its commands have ended."""
        self._process.communicate(timeout=60)
        shutil.rmtree(self._folder)

    def has_imported_with(self, variables: Mapping[str, str]) -> bool:
        """Return whether the modules would be imported in the same way with these variables."""
        return all(
            variables.get(name) == self._variables.get(name)
            for name in variables.keys() | self._variables.keys()
            if name.startswith(_IMPORT_VARIABLES)
        )

    async def run(
        self, words: Sequence[str | Path], variables: Mapping[str, str], module: str = ""
    ) -> CommandResult:
        """Run a command, or a module, to its end."""
        number = next(self._numbers)
        out, err = (self._folder / f"{number}.{name}" for name in ("out", "err"))
        out.touch()
        err.touch()
        request = {"words": [*map(str, words)], "module": module}
        request |= {"environment": dict(variables), "folder": str(ROOT)}
        files = {"out": str(out), "err": str(err)}
        reader, writer = await asyncio.open_unix_connection(self._folder / "socket")
        try:
            writer.write(json.dumps(request | files).encode() + b"\n")
            answer = await reader.readline()
        finally:
            writer.close()
        result = CommandResult(int(answer), out.read_text(), err.read_text())
        out.unlink()
        err.unlink()
        return result


_IMPORT_VARIABLES = ("HOME", "KERNEL", "LANG", "LC_", "LD_", "NUMBA", "PYTHON", "TMPDIR", "TZ")
"""Variables that matter while modules are imported, by their beginnings."""


@cache
def _start_server() -> CommandServer:
    """Start the process that forks commands; it ends with this one."""
    server = CommandServer()
    atexit.register(server.stop)
    return server


async def interrupt_command(process: Process) -> str:
    """Send Ctrl-C, and read the output until the command has received it; return that output."""
    process.send_signal(signal.SIGINT)
    assert process.stderr
    return (await process.stderr.readuntil(b"at once.\n")).decode()


async def create_ledger(*place: str | Path) -> None:
    """Create a ledger in an empty folder or database, for commands that create none."""
    result = await run_crescendo("db", "create", "--name", "test", "--number", "01", *place)
    assert result.code == 0, result.err
