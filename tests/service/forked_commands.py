"""Runs commands as processes that begin with all modules imported: ``python -m tests.service.forked_commands SOCKET``.

A command of the command line imports modules for half a second or more, which tests that call hundreds of commands need
not repeat; a request may also name another module to run.  Each request forks a process that becomes the command, with its
own arguments, variables, files and session; it ends as any process, and its exit code is the answer.  The server ends when
its standard input does.
"""

import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from contextlib import suppress
from typing import Any, NoReturn

MODULES = (
    "service.cli.main",
    "service.engine.bank_import",
    "service.engine.late_interest",
    "service.engine.payment_runs",
    "service.engine.year_closing",
    "service.database.report_session",
    "reporting.verification",
)
"""What commands import; each imports the rest itself."""


def serve(address: str) -> None:
    """Fork a process for each connection, until the standard input ends."""
    for module in MODULES:
        importlib.import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the processes that answer
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as events:
        listener.bind(address)
        listener.listen(64)
        events.register(listener, selectors.EVENT_READ)
        events.register(sys.stdin, selectors.EVENT_READ)
        print("ready", flush=True)
        while all(key.fileobj is listener for key, _ in events.select()):
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> NoReturn:
    """Run the command that a request describes; send the number of its process, and then its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1):  # who waits for the end of the server's output does not wait for this process
        os.dup2(nothing, descriptor)
    with connection:
        request, outputs = _receive(connection)
        command = os.fork()
        if command == 0:
            _become(request, outputs)
        for output in outputs:
            os.close(output)
        with suppress(BrokenPipeError):
            connection.sendall(f"{command}\n".encode())
        _end_if_abandoned(connection, command)
        _, status = os.waitpid(command, 0)
        with suppress(BrokenPipeError):
            connection.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)


def _receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive a request, and the pipes for standard output and standard error that come with it."""
    received, outputs, _, _ = socket.recv_fds(connection, 1 << 16, 2)
    while not received.endswith(b"\n"):
        part = connection.recv(1 << 16)
        if not part:
            os._exit(1)  # who asked has ended
        received += part
    return json.loads(received), outputs


def _end_if_abandoned(connection: socket.socket, command: int) -> None:
    """Wait for the end of the command; end it if nobody waits for its answer any more."""
    with selectors.DefaultSelector() as events:
        events.register(os.pidfd_open(command), selectors.EVENT_READ)
        events.register(connection, selectors.EVENT_READ)
        if all(key.fileobj is connection for key, _ in events.select()):
            os.kill(command, signal.SIGKILL)


def _become(request: dict[str, Any], outputs: list[int]) -> NoReturn:
    """Become the command: as ``python -c 'from service.cli.main import main; main()' WORDS`` or ``python -m`` would run it."""
    os.setsid()
    for descriptor, output in enumerate(outputs, 1):
        os.dup2(output, descriptor)
        os.close(output)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 -- as long as the process
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["-c", *request["words"]]
    if module := request["module"]:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        from service.cli.main import main

        main()
    raise SystemExit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
