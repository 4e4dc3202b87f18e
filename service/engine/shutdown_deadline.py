"""The deadline for the exit after the engine has failed: an orderly shutdown if possible, but soon in any case.

Closing connections may hang as the database does, and a supervisor restarts only a process that has ended. All
acknowledged work is durable.
"""

import asyncio
import os
import threading

from service.terminal.console import print_error

EXIT_SECONDS = 10
EXIT_STOPPED = 3


def exit_after_failure(engine: "asyncio.Task[None]") -> None:
    """Set the deadline when the engine task ends with a failure: then the process exits soon, whatever hangs."""
    if engine.cancelled() or (cause := engine.exception()) is None:
        return
    timer = threading.Timer(EXIT_SECONDS, _exit, (str(cause) or repr(cause),))
    timer.daemon = True
    timer.start()


def _exit(cause: str) -> None:
    print_error(
        f"{cause}\nThe database does not respond. Nothing committed is lost: start again with the same command."
    )
    os._exit(EXIT_STOPPED)
