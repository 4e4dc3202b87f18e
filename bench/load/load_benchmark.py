"""The load benchmark: a year-end load on a running service, with thousands of connections, forms in open loop, and files.

The results are verified: every response is checked against the expected outcome of its form, and at the end the journal
must add up to the responses.  Any difference fails the benchmark.
"""

import asyncio
import gc
import queue
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import uvloop

from bench.load import file_driver, http_connections, load_budget
from bench.load.arrivals import Arrivals, Load, plan_arrivals
from bench.load.file_driver import DecidedFile, FileLoad
from bench.load.form_driver import FormDriver, LoadTally, create_senders
from bench.load.load_setup import create_budget
from bench.load.load_target import LoadFailed, StoredForms, Target
from bench.load.paid_requests import PaymentLoadFigures
from bench.load.process_usage import Usage, UsageMonitor
from bench.machine import describe_machine

CONNECTIONS_A_SECOND = 1_000
"""Connections opened a second."""
_SETTLE_SECONDS = 2
FIRST_FILE_SECONDS = 600
"""Limit on the first file of a load, which is decided while nothing else is."""
PERCENTILES = (50, 90, 99, 99.9)


@dataclass(slots=True)
class SecondSeries:
    """The forms due and answered, and the latencies, second by second."""

    due: list[int]
    answered: list[int]
    p50_ms: list[float]
    p99_ms: list[float]
    max_ms: list[float]


@dataclass(slots=True)
class LoadFigures:
    """The figures of a load, and whether they are verified."""

    load: Load
    forms: int
    peak_forms: int
    """Forms due during the peak; the latencies are those of these forms."""
    peak_rate: float
    latency_ms: dict[str, float]
    """From the moment a form was due to its response, at the peak."""
    late_ms: dict[str, float]
    """The part of ``latency_ms`` by which the load itself was late."""
    outcomes: dict[str, int]
    kinds: dict[str, int]
    errors: list[str]
    error_count: int
    reopened: int
    files: int
    file_lines: int
    file_lines_a_second: float
    without_file_seconds: float
    """Seconds of the load in which no file was waiting or being decided."""
    core_microseconds_a_form: dict[str, float]
    peak_memory_bytes: int
    memory_bytes_a_line: float
    """Growth of the service's memory for each decided line: the book contains every accepted act."""
    usage: Usage
    seconds: SecondSeries
    on: str
    """The machine."""
    is_verified: bool = False
    payments: PaymentLoadFigures | None = None
    """The payment run and its statement, if there was one."""


def run_load(load: Load, target: Target) -> LoadFigures:
    """Put the load on the service and return the figures.

    Raises
    ------
    LoadFailed
        The service refused the budget of the load, or cannot be reached; nothing was measured.
    """
    create_budget(target, load_budget.build_budget())
    if target.payments:
        target.payments.prepare()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_run_load(load, target))
        except (OSError, queue.Empty) as error:
            address = f"http://{target.address.host}:{target.address.port}"
            raise LoadFailed(
                f"the load on {address} ended early: {error or 'no file was decided'}"
            ) from error


class _Measurement(NamedTuple):
    """What a load left behind: the driver's counts and times, the files decided, the resources used."""

    plan: Arrivals
    driver: FormDriver
    files: list[DecidedFile]
    usage: Usage
    end: float

    @property
    def start(self) -> float:
        return self.driver.started_at

    @property
    def files_within(self) -> list[DecidedFile]:
        """The files decided during the load."""
        return [file for file in self.files if self.start <= file.decided <= self.end]


async def _run_load(load: Load, target: Target) -> LoadFigures:
    plan = plan_arrivals(load)
    tokens = [key.token for key in target.keys]
    senders = create_senders(tokens, load_budget.build_budget(), load.seed)
    driver = FormDriver(target.address, senders, plan.due, seed=load.seed)
    target.report_progress(f"opening {load.connections:,} connections")
    driver.add_idle(
        await http_connections.open_connections(
            target.address, driver.build_connection, load.connections, rate=CONNECTIONS_A_SECOND
        )
    )
    gc.freeze()  # objects that live to the end need not be scanned at each collection
    files: list[DecidedFile] = []
    with file_driver.send_files(_build_file_load(load, target)) as decided_files:
        if load.file_lines:
            # the forms begin once files are decided
            files.append(await asyncio.to_thread(decided_files.get, timeout=FIRST_FILE_SECONDS))
        target.report_progress(f"{len(plan.due):,} forms, {load.profile}, {load.rate:,} a second at the peak")
        paying = asyncio.create_task(_pay(target, driver.tally))
        usage = await _drive_forms(driver, target)
        end = asyncio.get_running_loop().time()
    payments = await paying
    while not decided_files.empty():
        files.append(decided_files.get(timeout=FIRST_FILE_SECONDS))
    await driver.close()
    figures = _build_figures(load, _Measurement(plan, driver, files, usage, end))
    figures.payments = payments
    await _verify(figures, driver.tally, target)
    return figures


async def _pay(target: Target, tally: LoadTally) -> PaymentLoadFigures | None:
    """Issue and book the payment run of the load, beside the forms; a difference fails the load."""
    if target.payments is None:
        return None
    try:
        return await asyncio.to_thread(target.payments.pay)
    except (RuntimeError, OSError) as error:
        tally.add_error(f"payments: {error}")
        return None


def _build_file_load(load: Load, target: Target) -> FileLoad:
    key = target.keys[-1]
    return FileLoad(target.address, key.token, key.sender, load.file_lines, load.seed)


async def _drive_forms(driver: FormDriver, target: Target) -> Usage:
    loop = asyncio.get_running_loop()
    monitor = UsageMonitor(target.process)
    sampling = loop.create_task(monitor.sample_memory(loop.time()))
    await driver.drive()
    sampling.cancel()
    return monitor.finish()


def _build_figures(load: Load, measured: _Measurement) -> LoadFigures:
    plan, driver, usage, tally = measured.plan, measured.driver, measured.usage, measured.driver.tally
    early = np.minimum(driver.lateness, 0)  # a timer may fire a fraction of a millisecond early
    latency_ms = (driver.answered_at - plan.due - early) * 1000
    is_answered = driver.answered_at > 0
    at_peak = is_answered & (plan.due >= plan.peak[0]) & (plan.due < plan.peak[1])
    files, span = measured.files_within, measured.end - measured.start
    lines = sum(file.lines for file in files)
    for file in measured.files:
        if file.error:
            tally.add_error(f"file: {file.error}")
    return LoadFigures(
        load=load,
        forms=len(plan.due),
        peak_forms=int(at_peak.sum()),
        peak_rate=round(float(at_peak.sum()) / (plan.peak[1] - plan.peak[0]), 1),
        latency_ms=compute_percentiles(latency_ms[at_peak]),
        late_ms=compute_percentiles((driver.lateness - early)[at_peak] * 1000),
        outcomes=dict(tally.outcomes.most_common()),
        kinds=dict(tally.kinds.most_common()),
        errors=tally.errors,
        error_count=tally.error_count,
        reopened=tally.reopened,
        files=len(files),
        file_lines=lines,
        file_lines_a_second=round(lines / span),
        without_file_seconds=_measure_time_without_file(measured.files, measured.start, measured.end)
        if load.file_lines
        else round(span, 2),
        core_microseconds_a_form={
            name: round(seconds * 1e6 / len(plan.due), 1) for name, seconds in usage.core_seconds.items()
        },
        peak_memory_bytes=max(usage.service_bytes, default=0),
        memory_bytes_a_line=round(usage.memory_growth_bytes / max(lines + tally.outcomes.total(), 1), 1),
        usage=usage,
        seconds=_aggregate_by_second(plan, driver.answered_at, latency_ms),
        on=describe_machine(),
    )


def compute_percentiles(values: np.ndarray) -> dict[str, float]:
    """Return the exact percentiles of all values, without buckets."""
    if not len(values):
        return {}
    percentiles = {
        f"p{percent:g}": round(float(np.percentile(values, percent, method="higher")), 2)
        for percent in PERCENTILES
    }
    return {**percentiles, "max": round(float(values.max()), 2)}


def _measure_time_without_file(files: list[DecidedFile], start: float, end: float) -> float:
    """Return the seconds from ``start`` to ``end`` in which no file was admitted and not yet decided."""
    covered_until, missing = start, 0.0
    for file in sorted(files, key=lambda file: file.admitted):
        missing += max(0.0, min(file.admitted, end) - covered_until)
        covered_until = max(covered_until, file.decided)
    return round(missing + max(0.0, end - covered_until), 3)


def _aggregate_by_second(plan: Arrivals, answered_at: np.ndarray, latency_ms: np.ndarray) -> SecondSeries:
    length = int(plan.due[-1]) + 1 if len(plan.due) else 0
    due = np.floor(plan.due).astype(int)
    cuts = np.searchsorted(due, np.arange(length + 1))
    by_second = [latency_ms[first:last][answered_at[first:last] > 0] for first, last in pairwise(cuts)]
    seconds = np.minimum(answered_at[answered_at > 0].astype(int), length - 1)
    answered = np.bincount(seconds, minlength=length)

    def list_percentile(percent: float) -> list[float]:
        return [
            round(float(np.percentile(values, percent)), 2) if len(values) else 0.0 for values in by_second
        ]

    percentiles = (list_percentile(percent) for percent in (50, 99, 100))
    return SecondSeries(np.diff(cuts).tolist(), answered.tolist(), *percentiles)


async def _verify(figures: LoadFigures, tally: LoadTally, target: Target) -> None:
    await compare_responses(tally, target, figures.forms)
    figures.errors, figures.error_count = tally.errors, tally.error_count
    figures.is_verified = not tally.error_count


async def compare_responses(tally: LoadTally, target: Target, forms: int) -> None:
    """Compare the responses to so many forms with what the database contains; a difference is added as an error."""
    answered, outcomes = tally.outcomes.total(), tally.outcomes
    if answered + tally.error_count < forms:
        tally.add_error(f"{forms} forms were due, {answered} answered as expected")
    if target.read_stored is not None:
        refused = answered - outcomes["ACCEPTED"] - outcomes["DUPLICATE"]
        expected = StoredForms(outcomes["ACCEPTED"], outcomes["DUPLICATE"], refused, tally.entries_sum)
        stored = await target.read_stored(sorted(tally.submissions))
        if stored != expected:
            tally.add_error(f"the responses add up to {expected}, the database contains {stored}")
