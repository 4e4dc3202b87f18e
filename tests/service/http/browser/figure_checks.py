"""A check for every figure of the page: against ``/metrics`` before and after, against SQL, and against earlier events.

Counters only grow, so a figure must lie between the two readings.  The outcomes of lines are compared with the rows of the
database up to the last batch shown, exactly to the line and the cent, even while more is committed.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from monitoring.drain_rate import WINDOW_SECONDS as DRAIN_RATE_SECONDS
from monitoring.spending_steps import STEPS
from monitoring.trend import RATE_WINDOW_SECONDS
from tests.service.http.browser.expected_figures import DatabaseState, Metrics, Row
from tests.service.http.browser.page_texts import (
    NO_FIGURE,
    PageEvent,
    RoundedNumber,
    parse_count,
    parse_countdown,
    parse_rounded,
)

CLOCKS_SECONDS = 0.1
"""The difference between two clocks that are read one after the other on a busy machine."""
GAUGES = ("uploads", "files_waiting", "file_lines_waiting", "forms_waiting", "file_lines_under_way")
MOVING = (*GAUGES, "lines_total", "received_lines_total", "form_seconds_count", "last_batch")
OUTCOMES = ("accepted", "duplicate", "refused")


class WorkStart(NamedTuple):
    """The start of the work after a rest: its first batch, and the lines committed before."""

    first_batch: int
    lines_before: int

    def read_commit_time(self, database: DatabaseState) -> float:
        rows = [row for row in database.tables["batches"] if row["batch"] == self.first_batch]
        return rows[0]["committed_at"].timestamp() if rows else math.inf


class Moment(NamedTuple):
    """The page at one moment, with the metrics before and after it and the database as of its last batch."""

    before: Metrics
    after: Metrics
    events: Sequence[PageEvent]
    database: DatabaseState
    work_start: WorkStart
    tickets: tuple[Mapping[int, Row], Mapping[int, Row]]
    """The submissions before and after."""

    @property
    def last_event(self) -> PageEvent:
        return self.events[-1]

    @property
    def is_unchanged(self) -> bool:
        """Whether no metric changed between the two readings."""
        return all(self.before.total(name) == self.after.total(name) for name in MOVING)

    def check_between(self, value: int, name: str, **labels: str) -> None:
        assert self.before.count(name, **labels) <= value <= self.after.count(name, **labels), (name, labels)

    def check_falling(self, value: int, name: str) -> None:
        assert self.before.count(name) >= value >= self.after.count(name), name


Check = Callable[[Moment], None]


def _check_counter(figure: str, name: str, moment: Moment) -> None:
    moment.check_between(moment.last_event.read_count(f"figure {figure}"), name)


def _check_gauge(figure: str, name: str, moment: Moment) -> None:
    """Check a gauge that does not grow in these tests: nothing is added while the page is read."""
    moment.check_falling(moment.last_event.read_count(f"figure {figure}"), name)


def _check_clock(moment: Moment) -> None:
    time = moment.last_event.time
    assert moment.before.ended_at < time.timestamp() < moment.after.started_at
    assert moment.last_event.read_text("figure at") == f"{time:%H:%M:%S}", (
        moment.last_event.read_text("figure at"),
        time,
    )
    assert all(event.time < next_event.time for event, next_event in pairwise(moment.events))


def _check_start(moment: Moment) -> None:
    started = moment.last_event.started_at
    assert (
        moment.before.total("process_start_time_seconds")
        < started.timestamp()
        < moment.events[0].time.timestamp()
    )
    assert re.fullmatch(
        rf"{started.day} \w+, {started:%H:%M}", moment.last_event.read_text("figure started_at")
    )
    assert {event.started_at for event in moment.events} == {started}


def _check_cut_off(moment: Moment) -> None:
    remaining = parse_countdown(moment.last_event.read_text("figure cut_off_seconds"))
    after, before = (
        timedelta(seconds=metrics.total("cut_off_seconds")) for metrics in (moment.after, moment.before)
    )
    assert after - timedelta(seconds=1) < remaining <= before


def _check_outcome_lines(name: str, moment: Moment) -> None:
    lines = moment.last_event.read_count(f"figure throughput.outcomes.{name}.lines")
    assert lines == moment.database.lines(name)
    moment.check_between(lines, "lines_total", outcome=name)


def _check_step(step: str, moment: Moment) -> None:
    assert moment.last_event.read_count(f"step {step}") == moment.database.steps()[step]


def _check_verdict(moment: Moment) -> None:
    """Check that nothing is wrong, and that the stage named as the limit has the share shown at its station."""
    text = moment.last_event.read_text("verdict")
    is_idle = parse_rounded(moment.last_event.read_text("figure queue.oldest_seconds")).low <= 0
    if text == "All is well. The database limits.":
        assert not is_idle
        return
    match = re.fullmatch(r"All is well\. (?:Nothing waits|(\w+) limits \((\d+)% of a core\))\.", text)
    assert match, text
    assert is_idle == (match[1] is None)
    if match[1]:
        station = STATIONS[("Reading", "Decision", "Writing").index(match[1])]
        low, high = ((int(match[2]) + change) / 100 for change in (-0.51, 0.51))
        assert parse_rounded(moment.last_event.read_text(f"share {station}")).overlaps(low, high)


def _check_lines_of_files(moment: Moment) -> None:
    """Check that the received lines of files are decided, in progress, or waiting."""
    received = moment.before.count("received_lines_total", way="file")
    assert received == moment.after.count("received_lines_total", way="file"), "all files came before"
    decided = sum(moment.database.lines(outcome, is_form=False) for outcome in OUTCOMES)
    assert (
        moment.last_event.read_count("figure queue.lines")
        + moment.last_event.read_count("figure queue.under_way")
        == received - decided
    )


def _check_forms_waiting(moment: Moment) -> None:
    """Check that at most the received forms without an outcome wait; if nothing changes, as many as ``/metrics`` says."""
    waiting = moment.last_event.read_count("figure queue.forms")
    decided = sum(moment.database.lines(outcome, is_form=True) for outcome in OUTCOMES)
    assert 0 <= waiting <= moment.after.count("received_lines_total", way="form") - decided
    if moment.is_unchanged:
        moment.check_between(waiting, "forms_waiting")


def _check_oldest(moment: Moment) -> None:
    """Check that the age grows while nothing changes, and does not reach back before the work."""
    age = parse_rounded(moment.last_event.read_text("figure queue.oldest_seconds"))
    before, after = (metrics.total("oldest_waiting_seconds") for metrics in (moment.before, moment.after))
    if moment.is_unchanged:
        assert age.overlaps(before, after)
    else:
        assert age.overlaps(0, max(before, after) + moment.after.ended_at - moment.before.started_at)


def _count_waiting_lines(event: PageEvent) -> int:
    return sum(event.read_count(f"figure queue.{name}") for name in ("lines", "forms", "under_way"))


def _check_time_to_empty(moment: Moment) -> None:
    """Check that the time to empty is the waiting lines over the rate shown beside it."""
    text, rate = (
        moment.last_event.read_text("figure queue.empty_seconds"),
        parse_rounded(_read_rate_text(moment.last_event)),
    )
    if text == NO_FIGURE:
        assert rate.low <= 0
        return
    waiting = _count_waiting_lines(moment.last_event) - moment.after.total("file_lines_paused")
    assert parse_rounded(text).overlaps(waiting / rate.high, waiting / max(rate.low, 1e-9) if waiting else 0)
    if moment.is_unchanged:
        before, after = (metrics.total("queue_empty_seconds") for metrics in (moment.before, moment.after))
        assert parse_rounded(text).overlaps(before, after)


def _read_rate_text(event: PageEvent) -> str:
    return event.read_text("figure throughput.lines_a_second")


def _check_rate(moment: Moment) -> None:
    """Check the rate of every event against the lines committed since the work began.

    During one period of work, the rate times the time since its beginning equals the lines committed since. So the
    beginnings computed from all events must agree.
    """
    starts = [start for event in moment.events if (start := _find_start(moment, event))]
    if starts:
        assert max(low for low, _ in starts) <= min(high for _, high in starts) + CLOCKS_SECONDS
    if moment.is_unchanged:
        fastest, slowest = (
            metrics.total("drain_lines_per_second") for metrics in (moment.before, moment.after)
        )
        assert round(slowest) <= parse_count(_read_rate_text(moment.last_event)) <= round(fastest)


def _find_start(moment: Moment, event: PageEvent) -> tuple[float, float] | None:
    """Return the earliest and latest start that an event's rate allows; None outside the work, or within two seconds of it."""
    since = event.time.timestamp() - moment.work_start.read_commit_time(moment.database)
    rate = parse_count(_read_rate_text(event))
    if not (2 < since < DRAIN_RATE_SECONDS - 1 and rate):
        return None
    lines, now = _count_lines(event) - moment.work_start.lines_before, event.time.timestamp()
    return now - lines / max(rate - 0.51, 0.01), now - lines / (rate + 0.51)


def _count_lines(event: PageEvent) -> int:
    return sum(event.read_count(f"figure throughput.outcomes.{outcome}.lines") for outcome in OUTCOMES)


def _check_over_window(
    moment: Moment,
    read_total: Callable[[PageEvent], float],
    read_rate: Callable[[PageEvent], RoundedNumber],
    slack: float,
) -> None:
    """Check that each rate times its time span equals the change of a total between the two events of its window."""
    for index in range(RATE_WINDOW_SECONDS, len(moment.events)):
        first, last = moment.events[index - RATE_WINDOW_SECONDS], moment.events[index]
        span, change = (last.time - first.time).total_seconds(), read_total(last) - read_total(first)
        assert read_rate(last).overlaps(
            (change - slack) / (span + CLOCKS_SECONDS), (change + slack) / (span - CLOCKS_SECONDS)
        ), (last.time, change, span)


def _check_forms_rate(moment: Moment) -> None:
    _check_over_window(
        moment,
        lambda event: event.read_count("figure forms.answered"),
        lambda event: parse_rounded(event.read_text("figure throughput.forms_a_second")),
        slack=0,
    )


def _check_share(station: str, moment: Moment) -> None:
    stages = [f"stage {stage}" for stage in station.split()]
    _check_over_window(
        moment,
        lambda event: sum(parse_rounded(event.read_text(name)).middle for name in stages),
        lambda event: parse_rounded(event.read_text(f"share {station}")),
        slack=sum(parse_rounded(moment.last_event.read_text(name)).half_width for name in stages) * 2
        + CLOCKS_SECONDS,
    )


def _check_peak(moment: Moment) -> None:
    """Check the peak against the highest rate between two events; the page has received all events since the start."""
    peak = parse_count(re.findall(r"\d[\d,]*", moment.last_event.read_text("trend-said"))[-1])
    rates = [
        ((_count_lines(last) - _count_lines(first)), (last.time - first.time).total_seconds())
        for first, last in pairwise(moment.events)
    ]
    low, high = (
        max(lines / (span + slack) for lines, span in rates) for slack in (CLOCKS_SECONDS, -CLOCKS_SECONDS)
    )
    assert low - 0.5 <= peak <= high + 0.5


def _check_stage(name: str, moment: Moment) -> None:
    before, after = (
        metrics.total("stage_seconds_total", stage=name) for metrics in (moment.before, moment.after)
    )
    assert parse_rounded(moment.last_event.read_text(f"stage {name}")).overlaps(before, after)


def _check_last_batch(moment: Moment) -> None:
    _check_counter("commits.last_batch", "last_batch", moment)
    assert (
        moment.last_event.read_count("figure commits.last_batch")
        == moment.database.tables["batches"][0]["batch"]
    )


def _check_answered_forms(moment: Moment) -> None:
    _check_counter("forms.answered", "form_seconds_count", moment)
    assert moment.last_event.read_count("figure forms.answered") <= sum(
        moment.database.lines(outcome, is_form=True) for outcome in OUTCOMES
    )


def _check_forms_in_time(moment: Moment) -> None:
    moment.check_between(
        moment.last_event.read_count("figure forms.within_bar"), "form_seconds_bucket", le="0.25"
    )


def _check_commit_p99(moment: Moment) -> None:
    """Check that the bound holds 99 % of the commits, and that the next smaller bound holds fewer."""
    before, after = (metrics.buckets("commit_seconds") for metrics in (moment.before, moment.after))
    text, bounds = moment.last_event.read_text("figure commits.most_within_seconds"), [0.0, *before]
    is_bound = [
        100 * after[bound] >= 99 * before[math.inf] and 100 * before.get(smaller, 0) < 99 * after[math.inf]
        for smaller, bound in pairwise(bounds)
    ]
    assert any(
        parse_rounded(text).overlaps(bound, bound)
        for bound, fits in zip(before, is_bound, strict=True)
        if fits
    )


def _check_summary(moment: Moment) -> None:
    """Check that the summary for screen readers has the figures of one of the events."""
    numbers = re.findall(r"\d[\d,]*", moment.last_event.read_text("summary"))
    names = (
        "throughput.lines_a_second",
        "queue.files",
        *(f"throughput.outcomes.{outcome}.lines" for outcome in ("accepted", "refused")),
    )
    assert numbers in [[event.read_text(f"figure {name}") for name in names] for event in moment.events]


STATIONS = ("prove read resolve", "decide", "encode hash checkpoint")
CHECKS: Mapping[str, Check] = {
    "figure at": _check_clock,
    "figure started_at": _check_start,
    "figure cut_off_seconds": _check_cut_off,
    "figure throughput.lines_a_second": _check_rate,
    "figure throughput.forms_a_second": _check_forms_rate,
    **{
        f"figure throughput.outcomes.{outcome}.lines": partial(_check_outcome_lines, outcome)
        for outcome in OUTCOMES
    },
    **{f"step {step}": partial(_check_step, step) for step in STEPS},
    "figure queue.uploads": partial(_check_gauge, "queue.uploads", "uploads"),
    "figure queue.files": partial(_check_gauge, "queue.files", "files_waiting"),
    "figure queue.lines": partial(_check_gauge, "queue.lines", "file_lines_waiting"),
    "figure queue.under_way": _check_lines_of_files,
    "figure queue.forms": _check_forms_waiting,
    "figure queue.oldest_seconds": _check_oldest,
    "figure queue.empty_seconds": _check_time_to_empty,
    "figure commits.last_batch": _check_last_batch,
    "figure commits.failed": partial(_check_counter, "commits.failed", "batches_failed_total"),
    "figure commits.most_within_seconds": _check_commit_p99,
    "figure forms.answered": _check_answered_forms,
    "figure forms.within_bar": _check_forms_in_time,
    **{f"stage {name}": partial(_check_stage, name) for station in STATIONS for name in station.split()},
    **{f"share {station}": partial(_check_share, station) for station in STATIONS},
    "trend-said": _check_peak,
    "summary": _check_summary,
    "verdict": _check_verdict,
}
