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
from monitoring.trend import WINDOW
from tests.service.http.browser.expected_figures import Metrics, Row, Stored
from tests.service.http.browser.page_texts import NOTHING, About, Shown, about, countdown, exact

CLOCKS_SECONDS = 0.1
"""Between two clocks that are read one after the other, on a machine that has much to do."""
GAUGES = ("uploads", "files_waiting", "file_lines_waiting", "forms_waiting", "file_lines_under_way")
MOVING = (*GAUGES, "lines_total", "received_lines_total", "form_seconds_count", "last_batch")
OUTCOMES = ("accepted", "duplicate", "refused")


class Load(NamedTuple):
    """Where the work began, after a rest: so many lines were committed before its first batch."""

    first_batch: int
    lines_before: int

    def committed_at(self, stored: Stored) -> float:
        rows = [row for row in stored.tables["batches"] if row["batch"] == self.first_batch]
        return rows[0]["committed_at"].timestamp() if rows else math.inf


class Moment(NamedTuple):
    """The page, and the truth before and after it and as of its last batch."""

    before: Metrics
    after: Metrics
    events: Sequence[Shown]
    stored: Stored
    load: Load
    tickets: tuple[Mapping[int, Row], Mapping[int, Row]]
    """Files before and after."""

    @property
    def shown(self) -> Shown:
        return self.events[-1]

    @property
    def is_still(self) -> bool:
        """Whether nothing moved between the two readings."""
        return all(self.before.total(each) == self.after.total(each) for each in MOVING)

    def lies_between(self, found: int, name: str, **labels: str) -> None:
        assert self.before.count(name, **labels) <= found <= self.after.count(name, **labels), (name, labels)

    def falls(self, found: int, name: str) -> None:
        assert self.before.count(name) >= found >= self.after.count(name), name


Check = Callable[[Moment], None]


def _counter(figure: str, name: str, moment: Moment) -> None:
    moment.lies_between(moment.shown.count(f"figure {figure}"), name)


def _gauge(figure: str, name: str, moment: Moment) -> None:
    """Of a gauge that does not grow in these tests: nothing comes to it while the page is read."""
    moment.falls(moment.shown.count(f"figure {figure}"), name)


def _clock(moment: Moment) -> None:
    at = moment.shown.at
    assert moment.before.answered < at.timestamp() < moment.after.asked
    assert moment.shown.text("figure at") == f"{at:%H:%M:%S}", (moment.shown.text("figure at"), at)
    assert all(one.at < other.at for one, other in pairwise(moment.events))


def _start(moment: Moment) -> None:
    started = moment.shown.started_at
    assert (
        moment.before.total("process_start_time_seconds")
        < started.timestamp()
        < moment.events[0].at.timestamp()
    )
    assert re.fullmatch(rf"{started.day} \w+, {started:%H:%M}", moment.shown.text("figure started_at"))
    assert {each.started_at for each in moment.events} == {started}


def _cut_off(moment: Moment) -> None:
    left = countdown(moment.shown.text("figure cut_off_seconds"))
    after, before = (
        timedelta(seconds=each.total("cut_off_seconds")) for each in (moment.after, moment.before)
    )
    assert after - timedelta(seconds=1) < left <= before


def _outcome(name: str, moment: Moment) -> None:
    found = moment.shown.count(f"figure throughput.outcomes.{name}.lines")
    assert found == moment.stored.lines(name)
    moment.lies_between(found, "lines_total", outcome=name)


def _asked_for(name: str, moment: Moment) -> None:
    found = moment.shown.count(f"figure throughput.outcomes.{name}.cents")
    assert found == moment.stored.cents(name)
    moment.lies_between(found, "cents_total", outcome=name)


def _lines_of_files(moment: Moment) -> None:
    """What was received of files is decided, under way, or waits."""
    received = moment.before.count("received_lines_total", way="file")
    assert received == moment.after.count("received_lines_total", way="file"), "all files came before"
    decided = sum(moment.stored.lines(each, is_form=False) for each in OUTCOMES)
    assert (
        moment.shown.count("figure queue.lines") + moment.shown.count("figure queue.under_way")
        == received - decided
    )


def _forms_waiting(moment: Moment) -> None:
    """No more wait than were received and have no outcome; while nothing moves, so many as ``/metrics`` says."""
    found = moment.shown.count("figure queue.forms")
    decided = sum(moment.stored.lines(each, is_form=True) for each in OUTCOMES)
    assert 0 <= found <= moment.after.count("received_lines_total", way="form") - decided
    if moment.is_still:
        moment.lies_between(found, "forms_waiting")


def _oldest(moment: Moment) -> None:
    """Grows while nothing moves; and nothing waits since before the work was there."""
    found = about(moment.shown.text("figure queue.oldest_seconds"))
    before, after = (each.total("oldest_waiting_seconds") for each in (moment.before, moment.after))
    if moment.is_still:
        assert found.meets(before, after)
    else:
        assert found.meets(0, max(before, after) + moment.after.answered - moment.before.asked)


def _waiting_lines(shown: Shown) -> int:
    return sum(shown.count(f"figure queue.{each}") for each in ("lines", "forms", "under_way"))


def _empty(moment: Moment) -> None:
    """What waits, over the rate that stands beside it."""
    text, rate = moment.shown.text("figure queue.empty_seconds"), about(_rate_text(moment.shown))
    if text == NOTHING:
        assert rate.low <= 0
        return
    waiting = _waiting_lines(moment.shown)
    assert about(text).meets(waiting / rate.high, waiting / max(rate.low, 1e-9) if waiting else 0)
    if moment.is_still:
        before, after = (each.total("queue_empty_seconds") for each in (moment.before, moment.after))
        assert about(text).meets(before, after)


def _rate_text(shown: Shown) -> str:
    return shown.text("figure throughput.lines_a_second")


def _rate(moment: Moment) -> None:
    """Over one stretch of work, a rate times its span is what was committed in it, event after event.

    So all events tell of one beginning: the moment from which each rate, times the time since, gives the lines since.
    """
    began = [found for each in moment.events if (found := _beginning(moment, each))]
    if began:
        assert max(low for low, _ in began) <= min(high for _, high in began) + CLOCKS_SECONDS
    if moment.is_still:
        fastest, slowest = (each.total("drain_lines_per_second") for each in (moment.before, moment.after))
        assert round(slowest) <= exact(_rate_text(moment.shown)) <= round(fastest)


def _beginning(moment: Moment, shown: Shown) -> tuple[float, float] | None:
    """When the work began that a rate is of; None where it is none of the load, or hardly old enough to tell."""
    since = shown.at.timestamp() - moment.load.committed_at(moment.stored)
    rate = exact(_rate_text(shown))
    if not (2 < since < PACE_SECONDS - 1 and rate):
        return None
    lines, at = _lines(shown) - moment.load.lines_before, shown.at.timestamp()
    return at - lines / max(rate - 0.51, 0.01), at - lines / (rate + 0.51)


def _lines(shown: Shown) -> int:
    return sum(shown.count(f"figure throughput.outcomes.{each}.lines") for each in OUTCOMES)


def _over_window(
    moment: Moment, total: Callable[[Shown], float], rate: Callable[[Shown], About], slack: float
) -> None:
    """Each rate shown, times its span, is what a total moved by between the two events that it is taken over."""
    for place in range(WINDOW, len(moment.events)):
        first, last = moment.events[place - WINDOW], moment.events[place]
        span, moved = (last.at - first.at).total_seconds(), total(last) - total(first)
        assert rate(last).meets(
            (moved - slack) / (span + CLOCKS_SECONDS), (moved + slack) / (span - CLOCKS_SECONDS)
        ), (last.at, moved, span)


def _forms_rate(moment: Moment) -> None:
    _over_window(
        moment,
        lambda each: each.count("figure forms.answered"),
        lambda each: about(each.text("figure throughput.forms_a_second")),
        slack=0,
    )


def _share(station: str, moment: Moment) -> None:
    stages = [f"stage {each}" for each in station.split()]
    _over_window(
        moment,
        lambda each: sum(about(each.text(name)).middle for name in stages),
        lambda each: about(each.text(f"share {station}")),
        slack=sum(about(moment.shown.text(name)).half for name in stages) * 2 + CLOCKS_SECONDS,
    )


def _peak(moment: Moment) -> None:
    """The most that was committed between two events, a second: the page has seen all events since the start."""
    found = exact(re.findall(r"\d[\d,]*", moment.shown.text("trend-said"))[-1])
    rates = [
        ((_lines(last) - _lines(first)), (last.at - first.at).total_seconds())
        for first, last in pairwise(moment.events)
    ]
    low, high = (
        max(lines / (span + slack) for lines, span in rates) for slack in (CLOCKS_SECONDS, -CLOCKS_SECONDS)
    )
    assert low - 0.5 <= found <= high + 0.5


def _stage(name: str, moment: Moment) -> None:
    before, after = (each.total("stage_seconds_total", stage=name) for each in (moment.before, moment.after))
    assert about(moment.shown.text(f"stage {name}")).meets(before, after)


def _last_batch(moment: Moment) -> None:
    _counter("commits.last_batch", "last_batch", moment)
    assert moment.shown.count("figure commits.last_batch") == moment.stored.tables["batches"][0]["batch"]


def _answered(moment: Moment) -> None:
    _counter("forms.answered", "form_seconds_count", moment)
    assert moment.shown.count("figure forms.answered") <= sum(
        moment.stored.lines(each, is_form=True) for each in OUTCOMES
    )


def _within(moment: Moment) -> None:
    moment.lies_between(moment.shown.count("figure forms.within_bar"), "form_seconds_bucket", le="0.25")


def _most_within(moment: Moment) -> None:
    """Of 99 in 100, and of no more than 99 in 100 at the bound before."""
    before, after = (each.buckets("commit_seconds") for each in (moment.before, moment.after))
    text, bounds = moment.shown.text("figure commits.most_within_seconds"), [0.0, *before]
    is_it = [
        100 * after[bound] >= 99 * before[math.inf] and 100 * before.get(less, 0) < 99 * after[math.inf]
        for less, bound in pairwise(bounds)
    ]
    assert any(about(text).meets(bound, bound) for bound, fits in zip(before, is_it, strict=True) if fits)


def _said(moment: Moment) -> None:
    """The sentence that is said now and then is of one of the events."""
    found = re.findall(r"\d[\d,]*", moment.shown.text("summary"))
    parts = (
        "throughput.lines_a_second",
        "queue.files",
        *(f"throughput.outcomes.{each}.lines" for each in ("accepted", "refused")),
    )
    assert found in [[each.text(f"figure {part}") for part in parts] for each in moment.events]


STATIONS = ("prove read resolve", "decide", "encode hash checkpoint")
CHECKS: Mapping[str, Check] = {
    "figure at": _clock,
    "figure started_at": _start,
    "figure cut_off_seconds": _cut_off,
    "figure throughput.lines_a_second": _rate,
    "figure throughput.forms_a_second": _forms_rate,
    **{f"figure throughput.outcomes.{each}.lines": partial(_outcome, each) for each in OUTCOMES},
    **{f"figure throughput.outcomes.{each}.cents": partial(_asked_for, each) for each in OUTCOMES},
    "figure queue.uploads": partial(_gauge, "queue.uploads", "uploads"),
    "figure queue.files": partial(_gauge, "queue.files", "files_waiting"),
    "figure queue.lines": partial(_gauge, "queue.lines", "file_lines_waiting"),
    "figure queue.under_way": _lines_of_files,
    "figure queue.forms": _forms_waiting,
    "figure queue.oldest_seconds": _oldest,
    "figure queue.empty_seconds": _empty,
    "figure commits.last_batch": _last_batch,
    "figure commits.failed": partial(_counter, "commits.failed", "batches_failed_total"),
    "figure commits.most_within_seconds": _most_within,
    "figure forms.answered": _answered,
    "figure forms.within_bar": _within,
    **{f"stage {name}": partial(_stage, name) for station in STATIONS for name in station.split()},
    **{f"share {station}": partial(_share, station) for station in STATIONS},
    "trend-said": _peak,
    "summary": _said,
}
