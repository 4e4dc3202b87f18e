"""The load of a year's end on a running service: thousands of connections, forms in open loop, files beside them.

Verified before it is believed: every answer is checked against what had to become of its form, and at the end receipts
and journal must add up to the answers.  Anything else fails the run.
"""

import asyncio
import gc
import json
import urllib.request
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import uvloop

from bench.load import file_driver, http_connections, load_budget
from bench.load.arrivals import Arrivals, Load, plan_arrivals
from bench.load.file_driver import DecidedFile, FileLoad
from bench.load.form_driver import FormDriver, LoadTally, create_senders
from bench.load.http_connections import Address
from bench.load.process_usage import Usage, UsageMonitor
from bench.machine import describe_machine

CONNECTIONS_A_SECOND = 1_000
"""Connections opened a second."""
_SETTLE_SECONDS = 2
PERCENTILES = (50, 90, 99, 99.9)


class SenderKey(NamedTuple):
    """A key and whose it is."""

    sender: str
    token: str


class Target(NamedTuple):
    """The service that is loaded."""

    address: Address
    keys: Sequence[SenderKey]
    """Of authorising officers, each of another sender."""
    setup_key: SenderKey
    """Of who opens credits and registers payees."""
    process: int | None = None
    """The service's process, where it is on this machine and ours to look at."""
    read_stored: "ReadStored | None" = None
    """Asks the database what it holds of these submissions."""
    report_progress: Callable[[str], None] = print


class StoredForms(NamedTuple):
    """What the database holds of the forms."""

    accepted: int
    duplicate: int
    refused: int
    entries_sum: int


ReadStored = Callable[[Sequence[int]], Awaitable[StoredForms]]


@dataclass(slots=True)
class SecondSeries:
    """Second by second."""

    due: list[int]
    answered: list[int]
    p50_ms: list[float]
    p99_ms: list[float]
    max_ms: list[float]


@dataclass(slots=True)
class LoadFigures:
    """What was measured, and whether it may be believed."""

    load: Load
    forms: int
    peak_forms: int
    """Forms due while the peak lasted: those the latencies are of."""
    peak_rate: float
    latency_ms: dict[str, float]
    """From the moment a form was due to its answer, at the peak."""
    late_ms: dict[str, float]
    """Of that, what the load itself came late by."""
    outcomes: dict[str, int]
    kinds: dict[str, int]
    errors: list[str]
    error_count: int
    reopened: int
    files: int
    file_lines: int
    file_lines_a_second: float
    without_file_seconds: float
    """Of the load: no file was waiting or being decided."""
    core_microseconds_a_form: dict[str, float]
    peak_memory_bytes: int
    memory_bytes_a_line: float
    """What the service's memory grew by for each line decided meanwhile: the book holds every accepted act."""
    usage: Usage
    seconds: SecondSeries
    on: str
    """The machine."""
    is_verified: bool = False


def run_load(load: Load, target: Target) -> LoadFigures:
    """Load the service, and say what came of it.

    Raises
    ------
    RuntimeError
        The budget could not be laid: nothing was measured.
    """
    _create_budget(target)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run_load(load, target))


def _create_budget(target: Target) -> None:
    """Credits for every sender together, and payees; sent as forms, which may have been sent before."""
    target.report_progress("opening credits and registering payees")
    rows = load_budget.build_credit_acts(load_budget.list_assignments())
    _send_setup_forms(target, rows)
    _send_setup_forms(target, load_budget.build_registration_acts(load_budget.list_payees()))


def _send_setup_forms(target: Target, rows: list[dict[str, str]]) -> None:
    headers = {"authorization": f"Bearer {target.setup_key.token}", "content-type": "application/json"}
    url = f"http://{target.address.host}:{target.address.port}/v1/acts"
    asked = urllib.request.Request(url, json.dumps(rows).encode(), headers)
    with urllib.request.urlopen(asked, timeout=60) as answer:  # noqa: S310
        found = json.load(answer)
    if found["outcome"] not in {"accepted", "duplicate"}:
        wrong = [line for line in found["lines"] if line["outcome"] not in {"ACCEPTED", "DUPLICATE"}]
        raise RuntimeError(f"the budget of the load was refused: {wrong[:3]}")


async def _run_load(load: Load, target: Target) -> LoadFigures:
    plan = plan_arrivals(load)
    sending = create_senders(
        [each.token for each in target.keys],
        (load_budget.list_assignments(), load_budget.list_payees()),
        load.seed,
    )
    driver = FormDriver(target.address, sending, plan.due, load.seed)
    target.report_progress(f"opening {load.connections:,} connections")
    driver.add_idle(
        await http_connections.open_connections(
            target.address, driver.build_connection, load.connections, CONNECTIONS_A_SECOND
        )
    )
    gc.freeze()  # what lives to the end is not looked through again and again
    filed: list[DecidedFile] = []
    with file_driver.send_files(_build_file_load(load, target)) as queue:
        await _await_first_file(load, queue, filed)
        target.report_progress(f"{len(plan.due):,} forms, {load.profile}, {load.rate:,} a second at the peak")
        usage, end = await _drive_forms(driver, target)
    while not queue.empty():
        filed.append(queue.get())
    await driver.close()
    figures = _build_figures((load, plan), driver, filed, (usage, end))
    await _verify(figures, driver.tally, target)
    return figures


def _build_file_load(load: Load, target: Target) -> FileLoad:
    key = target.keys[-1]
    return FileLoad(target.address, key.token, key.sender, load.file_lines, load.seed)


async def _await_first_file(load: Load, queue: Any, filed: list[DecidedFile]) -> None:
    """Begin only once files flow."""
    if load.file_lines:
        filed.append(await asyncio.to_thread(queue.get))


async def _drive_forms(driver: FormDriver, target: Target) -> tuple[Usage, float]:
    loop = asyncio.get_running_loop()
    watch = UsageMonitor(target.process)
    following = loop.create_task(watch.sample_memory(loop.time()))
    await driver.drive()
    following.cancel()
    return watch.finish(), loop.time()


def _build_figures(
    asked: tuple[Load, Arrivals], driver: FormDriver, filed: list[DecidedFile], spent: tuple[Usage, float]
) -> LoadFigures:
    (load, plan), (usage, end), tally = asked, spent, driver.tally
    early = np.minimum(driver.lateness, 0)  # a timer may be a fraction of a millisecond before its time
    took = (driver.answered_at - plan.due - early) * 1000
    is_answered = driver.answered_at > 0
    at_peak = is_answered & (plan.due >= plan.peak[0]) & (plan.due < plan.peak[1])
    within = [each for each in filed if driver.started_at <= each.decided <= end]
    lines, span = sum(each.lines for each in within), end - driver.started_at
    for each in filed:
        if each.error:
            tally.add_error(f"file: {each.error}")
    return LoadFigures(
        load=load,
        forms=len(plan.due),
        peak_forms=int(at_peak.sum()),
        peak_rate=round(float(at_peak.sum()) / (plan.peak[1] - plan.peak[0]), 1),
        latency_ms=_compute_percentiles(took[at_peak]),
        late_ms=_compute_percentiles((driver.lateness - early)[at_peak] * 1000),
        outcomes=dict(tally.outcomes.most_common()),
        kinds=dict(tally.kinds.most_common()),
        errors=tally.errors,
        error_count=tally.error_count,
        reopened=tally.reopened,
        files=len(within),
        file_lines=lines,
        file_lines_a_second=round(lines / span),
        without_file_seconds=_measure_time_without_file(filed, driver.started_at, end)
        if load.file_lines
        else round(span, 2),
        core_microseconds_a_form={
            name: round(seconds * 1e6 / len(plan.due), 1) for name, seconds in usage.core_seconds.items()
        },
        peak_memory_bytes=max(usage.service_bytes, default=0),
        memory_bytes_a_line=round(usage.memory_growth_bytes / max(lines + tally.outcomes.total(), 1), 1),
        usage=usage,
        seconds=_aggregate_by_second(plan, driver.answered_at, took),
        on=describe_machine(),
    )


def _compute_percentiles(took: np.ndarray) -> dict[str, float]:
    """Exact: of all values, not of buckets."""
    if not len(took):
        return {}
    found = {
        f"p{each:g}": round(float(np.percentile(took, each, method="higher")), 2) for each in PERCENTILES
    }
    return {**found, "max": round(float(took.max()), 2)}


def _measure_time_without_file(filed: list[DecidedFile], began: float, end: float) -> float:
    """Seconds between ``began`` and ``end`` in which no file was admitted and not yet decided."""
    at, missing = began, 0.0
    for each in sorted(filed, key=lambda each: each.admitted):
        missing += max(0.0, min(each.admitted, end) - at)
        at = max(at, each.decided)
    return round(missing + max(0.0, end - at), 3)


def _aggregate_by_second(plan: Arrivals, answered: np.ndarray, took: np.ndarray) -> SecondSeries:
    length = int(plan.due[-1]) + 1 if len(plan.due) else 0
    due = np.floor(plan.due).astype(int)
    cuts = np.searchsorted(due, np.arange(length + 1))
    parts = [took[first:last][answered[first:last] > 0] for first, last in pairwise(cuts)]
    done = np.bincount(np.minimum(answered[answered > 0].astype(int), length - 1), minlength=length)

    def percentile(each: float) -> list[float]:
        return [round(float(np.percentile(part, each)), 2) if len(part) else 0.0 for part in parts]

    return SecondSeries(
        np.diff(cuts).tolist(), done.tolist(), percentile(50), percentile(99), percentile(100)
    )


async def _verify(figures: LoadFigures, tally: LoadTally, target: Target) -> None:
    """Answers against what the database holds."""
    answered, found = tally.outcomes.total(), tally.outcomes
    if answered + tally.error_count < figures.forms:
        tally.add_error(f"{figures.forms} forms were due, {answered} answered as expected")
    if target.read_stored is not None:
        refused = answered - found["ACCEPTED"] - found["DUPLICATE"]
        told = StoredForms(found["ACCEPTED"], found["DUPLICATE"], refused, tally.entries_sum)
        kept = await target.read_stored(sorted(tally.submissions))
        if kept != told:
            tally.add_error(f"the answers say {told}, the database holds {kept}")
    figures.errors, figures.error_count = tally.errors, tally.error_count
    figures.is_verified = not tally.error_count
