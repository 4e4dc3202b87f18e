"""The server that forks commands (``tests.service.forked_commands``), and the commands that it forked, seen from a test."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

ROOT = Path(__file__).parents[2]
_IMPORT_VARIABLES = ("HOME", "KERNEL", "LD_", "NUMBA", "PYTHON", "TMPDIR", "TZ")
"""Variables that matter while modules are imported, by their beginnings: the program reads those of the locale later."""


class ForkedProcess(Process):
    """A forked command; its server tells when it ends."""

    def __init__(
        self, pid: int, outputs: tuple[StreamReader, StreamReader], server: tuple[StreamReader, StreamWriter]
    ) -> None:
        self.pid, self.stdin = pid, None
        self.stdout, self.stderr = outputs
        self._code: int | None = None
        self._end = asyncio.create_task(self._read_code(*server))

    async def _read_code(self, answer: StreamReader, writer: StreamWriter) -> int:
        try:
            self._code = int(await answer.readline())
        finally:
            writer.close()
        return self._code

    @property
    def returncode(self) -> int | None:
        """The exit code; None while the command runs."""
        return self._code

    async def wait(self) -> int:
        """Wait for the end of the command."""
        return await asyncio.shield(self._end)

    async def communicate(self, input: object = None) -> tuple[bytes, bytes]:  # noqa: A002
        """Read all output, and wait for the end; there is no input."""
        assert input is None
        assert self.stdout
        assert self.stderr
        out, err = await asyncio.gather(self.stdout.read(), self.stderr.read())
        await self.wait()
        return out, err

    def send_signal(self, signal: int) -> None:
        """Send a signal to the command, if it has not ended."""
        if self._code is None:
            with suppress(ProcessLookupError):  # it has ended, and its code is on its way
                os.kill(self.pid, signal)

    def terminate(self) -> None:
        """Ask the command to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the command at once."""
        self.send_signal(signal.SIGKILL)


class CommandServer:
    """The process that forks commands, and its socket."""

    def __init__(self) -> None:
        self._folder = Path(mkdtemp(prefix="commands-"))
        self._variables = dict(os.environ)
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

    async def start(
        self, words: Sequence[str | Path], variables: Mapping[str, str], module: str = ""
    ) -> ForkedProcess:
        """Start a command, or a module, whose output goes to pipes."""
        request = {"words": [*map(str, words)], "module": module}
        request |= {"environment": dict(variables), "folder": str(ROOT)}
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self._folder / "socket"))
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        socket.send_fds(connection, [json.dumps(request).encode() + b"\n"], [out_end, err_end])
        os.close(out_end)
        os.close(err_end)
        answer, writer = await asyncio.open_unix_connection(sock=connection)
        pid = int(await answer.readline())
        return ForkedProcess(pid, (await _read_pipe(out), await _read_pipe(err)), (answer, writer))


async def _read_pipe(descriptor: int) -> StreamReader:
    """Return a stream of what comes out of a pipe."""
    reader, pipe = StreamReader(), os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader
