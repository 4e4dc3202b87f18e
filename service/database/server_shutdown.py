"""The end of a PostgreSQL server: in order if it can, at once if it must; each step has a deadline.

A server that loses a process may hang for ever in an orderly stop: PostgreSQL 18 does if the stop comes while it recovers.
"""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import psutil

from core.errors import DatabaseUnfit
from service.database.cluster import Cluster

POLL_SECONDS = 0.02
REPORT_SECONDS = 5

ProgressCallback = Callable[[str], None]


class StopStep(NamedTuple):
    """A signal to the server, and how long it may take to end after it."""

    signal: signal.Signals
    seconds: float


STOP_STEPS = (
    StopStep(signal.SIGINT, 30),
    StopStep(signal.SIGQUIT, 10),
    StopStep(signal.SIGKILL, 10),
)
"""Roll back and write a last checkpoint; end without one, so that the next start recovers; end by the kernel.

None of them loses anything that was committed."""


class ServerStop(NamedTuple):
    """A server to stop: where its processes are found, how its end is seen, and what is reported meanwhile."""

    cluster: Cluster
    has_ended: Callable[[], bool]
    activity: str
    """What the caller waits for, as people read it."""
    progress: ProgressCallback
    child: int | None = None
    """The pid of the server if this process started it: it may not have written its pid file yet."""


async def stop_server(stop: ServerStop, steps: Sequence[StopStep] = STOP_STEPS) -> None:
    """Stop a server without waiting for its clients: open transactions are rolled back, committed ones are on disk.

    Raises
    ------
    DatabaseUnfit
        Some of its processes outlive even SIGKILL.
    """
    activity, silent_seconds = stop.activity, 0.0
    for step in steps:
        if stop.has_ended():
            return
        _send_signal(stop, step.signal)
        if await wait_until(
            stop.has_ended,
            lambda text=activity: text,
            stop.progress,
            seconds=step.seconds,
            silent_seconds=silent_seconds,
        ):
            return
        activity = f"{stop.activity}: it did not end within {step.seconds:g} s of {step.signal.name}"
        stop.progress(activity)  # at once: the next signal may end it before anybody waits
        silent_seconds = REPORT_SECONDS
    pids = ", ".join(str(process.pid) for process in stop.cluster.find_processes()) or "of an unknown number"
    raise DatabaseUnfit(
        f"PostgreSQL in {stop.cluster.home} does not end, not even by SIGKILL: the system holds process {pids}, as it"
        " does while a disk does not answer. Repair the disk, or restart the machine; then start again"
    )


def _send_signal(stop: ServerStop, number: signal.Signals) -> None:
    """Send a signal to the postmaster, which passes it on; SIGKILL, and any signal without a postmaster, to all processes."""
    postmaster = _find_postmaster(stop)
    processes = [postmaster] if postmaster else []
    if not postmaster or number is signal.SIGKILL:
        processes += stop.cluster.find_processes()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)


def _find_postmaster(stop: ServerStop) -> psutil.Process | None:
    if stop.child is None:
        return stop.cluster.find_server()
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(stop.child)
    return None


async def wait_until(
    is_done: Callable[[], bool],
    describe: Callable[[], str],
    progress: ProgressCallback,
    *,
    seconds: float,
    silent_seconds: float = 0.0,
) -> bool:
    """Wait up to ``seconds``, and report what for: after ``silent_seconds``, then every five; return whether it is done."""
    start = time.monotonic()
    due = start + silent_seconds
    while not is_done():
        now = time.monotonic()
        if now - start >= seconds:
            return False
        if now >= due:
            progress(describe())
            due += REPORT_SECONDS
        await asyncio.sleep(POLL_SECONDS)
    return True
