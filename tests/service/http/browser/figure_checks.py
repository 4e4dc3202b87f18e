"""One comparison for every figure of the page: with ``/metrics`` before and after, with SQL, and with earlier events.

Counters only grow: what is shown lies between the two readings.  What became of lines is compared with the rows of the
database up to the last batch shown, to the line and to the cent, however much is committed meanwhile.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from monitoring.drain_rate import WINDOW_SECONDS as PACE_SECONDS
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
"""Between two clocks that are read one after the other, on a machine that has much to do."""
GAUGES = ("uploads", "files_waiting", "file_lines_waiting", "forms_waiting", "file_lines_under_way")
MOVING = (*GAUGES, "lines_total", "received_lines_total", "form_seconds_count", "last_batch")
OUTCOMES = ("accepted", "duplicate", "refused")


class WorkStart(NamedTuple):
    """Where the work began, after a rest: so many lines were committed before its first batch."""

    first_batch: int
    lines_before: int

    def committed_at(self, stored: DatabaseState) -> float:
        rows = [row for row in stored.tables["batches"] if row["batch"] == self.first_batch]
        return rows[0]["committed_at"].timestamp() if rows else math.inf


class Moment(NamedTuple):
    """The page, and the truth before and after it and as of its last batch."""

    before: Metrics
    after: Metrics
    events: Sequence[PageEvent]
    database: DatabaseState
    work_start: WorkStart
    tickets: tuple[Mapping[int, Row], Mapping[int, Row]]
    """Files before and after."""

    @property
    def shown(self) -> PageEvent:
        return self.events[-1]

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing moved between the two readings."""
        return all(self.before.total(each) == self.after.total(each) for each in MOVING)

    def check_between(self, found: int, name: str, **labels: str) -> None:
        assert self.before.count(name, **labels) <= found <= self.after.count(name, **labels), (name, labels)

    def check_falling(self, found: int, name: str) -> None:
        assert self.before.count(name) >= found >= self.after.count(name), name


Check = Callable[[Moment], None]


def _check_counter(figure: str, name: str, moment: Moment) -> None:
    moment.check_between(moment.shown.read_count(f"figure {figure}"), name)


def _check_gauge(figure: str, name: str, moment: Moment) -> None:
    """Of a gauge that does not grow in these tests: nothing comes to it while the page is read."""
    moment.check_falling(moment.shown.read_count(f"figure {figure}"), name)


def _check_clock(moment: Moment) -> None:
    at = moment.shown.time
    assert moment.before.ended_at < at.timestamp() < moment.after.started_at
    assert moment.shown.read_text("figure at") == f"{at:%H:%M:%S}", (moment.shown.read_text("figure at"), at)
    assert all(one.time < other.time for one, other in pairwise(moment.events))


def _check_start(moment: Moment) -> None:
    started = moment.shown.started_at
    assert (
        moment.before.total("process_start_time_seconds")
        < started.timestamp()
        < moment.events[0].time.timestamp()
    )
    assert re.fullmatch(rf"{started.day} \w+, {started:%H:%M}", moment.shown.read_text("figure started_at"))
    assert {each.started_at for each in moment.events} == {started}


def _check_cut_off(moment: Moment) -> None:
    left = parse_countdown(moment.shown.read_text("figure cut_off_seconds"))
    after, before = (
        timedelta(seconds=each.total("cut_off_seconds")) for each in (moment.after, moment.before)
    )
    assert after - timedelta(seconds=1) < left <= before


def _check_outcome_lines(name: str, moment: Moment) -> None:
    found = moment.shown.read_count(f"figure throughput.outcomes.{name}.lines")
    assert found == moment.database.lines(name)
    moment.check_between(found, "lines_total", outcome=name)


def _check_outcome_cents(name: str, moment: Moment) -> None:
    found = moment.shown.read_count(f"figure throughput.outcomes.{name}.cents")
    assert found == moment.database.cents(name)
    moment.check_between(found, "cents_total", outcome=name)


def _check_lines_of_files(moment: Moment) -> None:
    """What was received of files is decided, under way, or waits."""
    received = moment.before.count("received_lines_total", way="file")
    assert received == moment.after.count("received_lines_total", way="file"), "all files came before"
    decided = sum(moment.database.lines(each, is_form=False) for each in OUTCOMES)
    assert (
        moment.shown.read_count("figure queue.lines") + moment.shown.read_count("figure queue.under_way")
        == received - decided
    )


def _check_forms_waiting(moment: Moment) -> None:
    """No more wait than were received and have no outcome; while nothing moves, so many as ``/metrics`` says."""
    found = moment.shown.read_count("figure queue.forms")
    decided = sum(moment.database.lines(each, is_form=True) for each in OUTCOMES)
    assert 0 <= found <= moment.after.count("received_lines_total", way="form") - decided
    if moment.is_unchanged:
        moment.check_between(found, "forms_waiting")


def _check_oldest(moment: Moment) -> None:
    """Grows while nothing moves; and nothing waits since before the work was there."""
    found = parse_rounded(moment.shown.read_text("figure queue.oldest_seconds"))
    before, after = (each.total("oldest_waiting_seconds") for each in (moment.before, moment.after))
    if moment.is_unchanged:
        assert found.overlaps(before, after)
    else:
        assert found.overlaps(0, max(before, after) + moment.after.ended_at - moment.before.started_at)


def _count_waiting_lines(shown: PageEvent) -> int:
    return sum(shown.read_count(f"figure queue.{each}") for each in ("lines", "forms", "under_way"))


def _check_time_to_empty(moment: Moment) -> None:
    """What waits, over the rate that stands beside it."""
    text, rate = (
        moment.shown.read_text("figure queue.empty_seconds"),
        parse_rounded(_read_rate_text(moment.shown)),
    )
    if text == NO_FIGURE:
        assert rate.low <= 0
        return
    waiting = _count_waiting_lines(moment.shown)
    assert parse_rounded(text).overlaps(waiting / rate.high, waiting / max(rate.low, 1e-9) if waiting else 0)
    if moment.is_unchanged:
        before, after = (each.total("queue_empty_seconds") for each in (moment.before, moment.after))
        assert parse_rounded(text).overlaps(before, after)


def _read_rate_text(shown: PageEvent) -> str:
    return shown.read_text("figure throughput.lines_a_second")


def _check_rate(moment: Moment) -> None:
    """Over one stretch of work, a rate times its span is what was committed in it, event after event.

    So all events tell of one beginning: the moment from which each rate, times the time since, gives the lines since.
    """
    began = [found for each in moment.events if (found := _find_start(moment, each))]
    if began:
        assert max(low for low, _ in began) <= min(high for _, high in began) + CLOCKS_SECONDS
    if moment.is_unchanged:
        fastest, slowest = (each.total("drain_lines_per_second") for each in (moment.before, moment.after))
        assert round(slowest) <= parse_count(_read_rate_text(moment.shown)) <= round(fastest)


def _find_start(moment: Moment, shown: PageEvent) -> tuple[float, float] | None:
    """When the work began that a rate is of; None where it is none of the load, or hardly old enough to tell."""
    since = shown.time.timestamp() - moment.work_start.committed_at(moment.database)
    rate = parse_count(_read_rate_text(shown))
    if not (2 < since < PACE_SECONDS - 1 and rate):
        return None
    lines, at = _count_lines(shown) - moment.work_start.lines_before, shown.time.timestamp()
    return at - lines / max(rate - 0.51, 0.01), at - lines / (rate + 0.51)


def _count_lines(shown: PageEvent) -> int:
    return sum(shown.read_count(f"figure throughput.outcomes.{each}.lines") for each in OUTCOMES)


def _check_over_window(
    moment: Moment,
    total: Callable[[PageEvent], float],
    rate: Callable[[PageEvent], RoundedNumber],
    slack: float,
) -> None:
    """Each rate shown, times its span, is what a total moved by between the two events that it is taken over."""
    for place in range(RATE_WINDOW_SECONDS, len(moment.events)):
        first, last = moment.events[place - RATE_WINDOW_SECONDS], moment.events[place]
        span, moved = (last.time - first.time).total_seconds(), total(last) - total(first)
        assert rate(last).overlaps(
            (moved - slack) / (span + CLOCKS_SECONDS), (moved + slack) / (span - CLOCKS_SECONDS)
        ), (last.time, moved, span)


def _check_forms_rate(moment: Moment) -> None:
    _check_over_window(
        moment,
        lambda each: each.read_count("figure forms.answered"),
        lambda each: parse_rounded(each.read_text("figure throughput.forms_a_second")),
        slack=0,
    )


def _check_share(station: str, moment: Moment) -> None:
    stages = [f"stage {each}" for each in station.split()]
    _check_over_window(
        moment,
        lambda each: sum(parse_rounded(each.read_text(name)).middle for name in stages),
        lambda each: parse_rounded(each.read_text(f"share {station}")),
        slack=sum(parse_rounded(moment.shown.read_text(name)).half_width for name in stages) * 2
        + CLOCKS_SECONDS,
    )


def _check_peak(moment: Moment) -> None:
    """The most that was committed between two events, a second: the page has seen all events since the start."""
    found = parse_count(re.findall(r"\d[\d,]*", moment.shown.read_text("trend-said"))[-1])
    rates = [
        ((_count_lines(last) - _count_lines(first)), (last.time - first.time).total_seconds())
        for first, last in pairwise(moment.events)
    ]
    low, high = (
        max(lines / (span + slack) for lines, span in rates) for slack in (CLOCKS_SECONDS, -CLOCKS_SECONDS)
    )
    assert low - 0.5 <= found <= high + 0.5


def _check_stage(name: str, moment: Moment) -> None:
    before, after = (each.total("stage_seconds_total", stage=name) for each in (moment.before, moment.after))
    assert parse_rounded(moment.shown.read_text(f"stage {name}")).overlaps(before, after)


def _check_last_batch(moment: Moment) -> None:
    _check_counter("commits.last_batch", "last_batch", moment)
    assert (
        moment.shown.read_count("figure commits.last_batch") == moment.database.tables["batches"][0]["batch"]
    )


def _check_answered_forms(moment: Moment) -> None:
    _check_counter("forms.answered", "form_seconds_count", moment)
    assert moment.shown.read_count("figure forms.answered") <= sum(
        moment.database.lines(each, is_form=True) for each in OUTCOMES
    )


def _check_forms_in_time(moment: Moment) -> None:
    moment.check_between(moment.shown.read_count("figure forms.within_bar"), "form_seconds_bucket", le="0.25")


def _check_commit_p99(moment: Moment) -> None:
    """Of 99 in 100, and of no more than 99 in 100 at the bound before."""
    before, after = (each.buckets("commit_seconds") for each in (moment.before, moment.after))
    text, bounds = moment.shown.read_text("figure commits.most_within_seconds"), [0.0, *before]
    is_it = [
        100 * after[bound] >= 99 * before[math.inf] and 100 * before.get(less, 0) < 99 * after[math.inf]
        for less, bound in pairwise(bounds)
    ]
    assert any(
        parse_rounded(text).overlaps(bound, bound) for bound, fits in zip(before, is_it, strict=True) if fits
    )


def _check_summary(moment: Moment) -> None:
    """The sentence that is said now and then is of one of the events."""
    found = re.findall(r"\d[\d,]*", moment.shown.read_text("summary"))
    parts = (
        "throughput.lines_a_second",
        "queue.files",
        *(f"throughput.outcomes.{each}.lines" for each in ("accepted", "refused")),
    )
    assert found in [[each.read_text(f"figure {part}") for part in parts] for each in moment.events]


STATIONS = ("prove read resolve", "decide", "encode hash checkpoint")
CHECKS: Mapping[str, Check] = {
    "figure at": _check_clock,
    "figure started_at": _check_start,
    "figure cut_off_seconds": _check_cut_off,
    "figure throughput.lines_a_second": _check_rate,
    "figure throughput.forms_a_second": _check_forms_rate,
    **{f"figure throughput.outcomes.{each}.lines": partial(_check_outcome_lines, each) for each in OUTCOMES},
    **{f"figure throughput.outcomes.{each}.cents": partial(_check_outcome_cents, each) for each in OUTCOMES},
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
}
