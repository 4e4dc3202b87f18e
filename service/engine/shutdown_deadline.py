"""The way out when the engine cannot go on: in good order where that is possible, and in any case soon.

What is to be closed may hang as the database does, and a supervisor starts nothing that has not ended.  All that was
acknowledged is durable.
"""

import asyncio
import os
import threading

from service.terminal.console import complain

LEAVE_SECONDS = 10
EXIT_STOPPED = 3


def leave_in_time(engine: "asyncio.Task[None]") -> None:
    """Called when the engine has ended: if it failed, the process ends soon, whatever hangs."""
    if engine.cancelled() or (cause := engine.exception()) is None:
        return
    timer = threading.Timer(LEAVE_SECONDS, _leave, (str(cause) or repr(cause),))
    timer.daemon = True
    timer.start()


def _leave(cause: str) -> None:
    complain(
        f"{cause}\nThe database does not let go. Nothing committed is lost: start again with the same command."
    )
    os._exit(EXIT_STOPPED)
