"""The command line as a user calls it: a separate process, real files, a real database."""

import asyncio
import atexit
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from tests.service.command_server import ROOT, CommandServer

COMMAND = (sys.executable, "-c", "from service.cli.main import main; main()")
END_SECONDS = 900


class CommandResult(NamedTuple):
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


async def start_command(*words: str | Path, environment: Mapping[str, str] | None = None) -> Process:
    """Start a command, as a process that need not import the modules if its variables allow it."""
    variables = {**os.environ, **(environment or {})}
    server = _start_server()
    if server.has_imported_with(variables):
        return await server.start(words, variables)
    # Ctrl-C goes to a whole process group: the command gets its own group, so that only it receives the signal.
    return await asyncio.create_subprocess_exec(
        *(*COMMAND, *map(str, words)),
        cwd=ROOT,
        env=variables,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        start_new_session=True,
    )


async def wait_for_end(process: Process) -> CommandResult:
    """Wait until a command ends; after ``END_SECONDS`` it is killed, and the test fails."""
    try:
        async with asyncio.timeout(END_SECONDS):
            out, err = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode is not None
    return CommandResult(process.returncode, out.decode(), err.decode())


async def run_crescendo(*words: str | Path, environment: Mapping[str, str] | None = None) -> CommandResult:
    """Run a command to its end."""
    result = await wait_for_end(await start_command(*words, environment=environment))
    assert "Traceback" not in result.err, result.err
    return result


async def run_module(module: str, *words: str | Path) -> CommandResult:
    """Run ``python -m module words`` to its end, as a process that need not import the modules of the service."""
    return await wait_for_end(await _start_server().start(words, os.environ, module))


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
