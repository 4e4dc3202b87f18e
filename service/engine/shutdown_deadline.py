"""The way out when the engine cannot go on: in good order where that is possible, and in any case soon.

What is to be closed may hang as the database does, and a supervisor starts nothing that has not ended.  All that was
acknowledged is durable.
"""

import asyncio
import os
import threading

from service.terminal.console import print_error

EXIT_SECONDS = 10
EXIT_STOPPED = 3


def exit_after_failure(engine: "asyncio.Task[None]") -> None:
    """Called when the engine has ended: if it failed, the process ends soon, whatever hangs."""
    if engine.cancelled() or (cause := engine.exception()) is None:
        return
    timer = threading.Timer(EXIT_SECONDS, _exit, (str(cause) or repr(cause),))
    timer.daemon = True
    timer.start()


def _exit(cause: str) -> None:
    print_error(
        f"{cause}\nThe database does not let go. Nothing committed is lost: start again with the same command."
    )
    os._exit(EXIT_STOPPED)
