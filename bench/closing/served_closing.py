"""The steps of a closing that a running service executes by tasks, beside forms of the next year.

Forms are due at moments that are drawn before, whatever the service does, and every response is checked.  In the end the
journal must add up to the responses.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import uvloop

from bench.load import http_connections, load_budget
from bench.load.arrivals import Load, plan_arrivals
from bench.load.form_driver import FormDriver, create_senders
from bench.load.load_benchmark import CONNECTIONS_A_SECOND, compare_responses, compute_percentiles
from bench.load.load_setup import create_budget
from bench.load.load_target import Target
from bench.load.process_usage import UsageMonitor
from bench.load.task_client import TASK_SECONDS_MAX, TaskClient

_DAY = load_budget.LoadDay(2019, "2019-01-21")
_FIRST_PAYEE = 9_000_000
"""Above the numbers of the payees of a generated year, so that none is registered twice."""


class ServedLedger(NamedTuple):
    """A running service of a ledger, and the address of its database."""

    target: Target
    dsn: str


ServeLedger = Callable[[Path, Load], AbstractContextManager[ServedLedger]]
"""Runs a service of a data folder, with the keys of a load."""


class StepRequest(NamedTuple):
    """A request that a service executes a step: its path and its body."""

    step: str
    path: str
    body: dict[str, str]


class ServedStep(NamedTuple):
    """A step that a service has executed: the result of its task, and the seconds from the request to the end."""

    step: str
    result: dict[str, Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class FormFigures:
    """The forms that were due while the steps were executed."""

    rate: int
    """Forms a second."""
    forms: int
    latency_ms: dict[str, float]
    """From the moment a form was due to its response."""
    peak_memory_bytes: int
    """Of the process of the service."""


class ServedSteps(NamedTuple):
    """All executions, in order, and the forms beside them."""

    executions: list[ServedStep]
    forms: FormFigures


def build_load(rate: int) -> Load:
    """Build the load of forms at this rate, for half an hour at most: it ends with the steps.

    Raises
    ------
    ValueError
        The rate is below 1.
    """
    return Load(profile="steady", rate=rate, seconds=TASK_SECONDS_MAX, connections=1_000, file_lines=0)


def execute_steps(target: Target, load: Load, requests: Sequence[StepRequest]) -> ServedSteps:
    """Send each request when the step before has ended, with forms of the next year beside them.

    Raises
    ------
    RuntimeError
        A step failed, the steps outlasted the load, a form had another response than expected, or the journal does not
        add up to the responses.
    """
    budget = load_budget.build_budget(_DAY, first_payee=_FIRST_PAYEE)
    create_budget(target, budget)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_execute_beside_forms(target, load, budget, requests=requests))


async def _execute_beside_forms(
    target: Target,
    load: Load,
    budget: load_budget.LoadBudget,
    *,
    requests: Sequence[StepRequest],
) -> ServedSteps:
    plan = plan_arrivals(load)
    senders = create_senders([key.token for key in target.keys], budget, load.seed)
    driver = FormDriver(target.address, senders, plan.due, seed=load.seed)
    connections = await http_connections.open_connections(
        target.address, driver.build_connection, load.connections, rate=CONNECTIONS_A_SECOND
    )
    driver.add_idle(connections)
    gc.freeze()  # objects that live to the end need not be scanned at each collection
    monitor, loop = UsageMonitor(target.process), asyncio.get_running_loop()
    sampling = loop.create_task(monitor.sample_memory(loop.time()))
    driving = loop.create_task(driver.drive())
    try:
        executions = await asyncio.to_thread(_perform, target, requests)
        is_outlasted = driving.done()
    finally:
        driver.stop()
        sampling.cancel()
        await driving
        await driver.close()
    if is_outlasted or not driver.launched_count:
        raise RuntimeError(f"the steps were not beside forms all the time: {driver.launched_count} were sent")
    await compare_responses(driver.tally, target, driver.launched_count)
    if driver.tally.error_count:
        raise RuntimeError(f"{driver.tally.error_count} forms failed, such as {driver.tally.errors[0]}")
    due = plan.due[: driver.launched_count]
    latency_ms = (driver.answered_at[: len(due)] - due - np.minimum(driver.lateness[: len(due)], 0)) * 1000
    peak = max(monitor.finish().service_bytes, default=0)
    return ServedSteps(executions, FormFigures(load.rate, len(due), compute_percentiles(latency_ms), peak))


def _perform(target: Target, requests: Sequence[StepRequest]) -> list[ServedStep]:
    tasks = TaskClient(target.address, [target.accountant_key.token])
    executions = []
    for request in requests:
        target.report_progress(f"executing {request.step} beside forms")
        start = time.perf_counter()
        task = tasks.perform(request.path, request.body)
        seconds = round(time.perf_counter() - start, 3)
        executions.append(ServedStep(request.step, task["result"], seconds))
    return executions
