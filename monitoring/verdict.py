"""The verdict on the service: whether all is well, and if not, why; and which stage limits.

It is judged once, in the service, from the measured situation; the live page and ``crescendo top`` show the same sentences.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

import msgspec

from monitoring.alert_rules import FiringAlert, Severity
from monitoring.verdict_sentences import (
    ALERT_SENTENCES,
    CAUSE_SENTENCES,
    Sentence,
    build_line,
    build_sentence,
    describe_first_step,
    describe_limit,
    describe_pause,
)

BUSY_SHARE = 0.05
"""If work waits and no stage uses so much of a core, the engine waits for the database."""
SENDERS_SHOWN = 3
"""Paused senders that are named one by one."""


class CauseCode(StrEnum):
    """Why not all is well, the most severe first."""

    DISK_FULL = "disk_full"
    NOT_READY = "not_ready"
    STUCK = "stuck"
    CUT_OFF_PAST = "cut_off_past"
    CUT_OFF_LATE = "cut_off_late"
    BOOKS_DIFFER = "books_differ"
    FILES_LOST = "files_lost"
    DISK_FILLS = "disk_fills"
    SENDER_PAUSED = "sender_paused"
    LOADING = "loading"
    STOPPING = "stopping"
    COMMITS_FAIL = "commits_fail"
    COMMITS_SLOW = "commits_slow"
    OLDEST_WAITS = "oldest_waits"
    NEARLY_FULL = "nearly_full"
    FORMS_SLOW = "forms_slow"
    ERRORS = "errors"
    TURNED_AWAY = "turned_away"
    REFUSALS_JUMP = "refusals_jump"
    CREDITS_RUN_OUT = "credits_run_out"
    CONNECTIONS_RUN_OUT = "connections_run_out"


_PRECEDENCE: Mapping[str, int] = {code: number for number, code in enumerate(CauseCode)}
_FIRST_TICKET = _PRECEDENCE[CauseCode.SENDER_PAUSED]
_ALERT_CODES: Mapping[str, CauseCode] = {
    "Crescendo" + "".join(word.capitalize() for word in code.split("_")): code for code in CauseCode
} | {"CrescendoMissesCutOff": CauseCode.CUT_OFF_LATE}


class PausedSender(msgspec.Struct, frozen=True):
    """A sender whose work waits until an operator resumes it."""

    sender: str
    reason: str
    files: int
    """Its files that wait."""


class AccountDifference(msgspec.Struct, frozen=True):
    """An operations account whose books and bank differ as of the bank's last statement."""

    account: str
    cents: int


class Situation(NamedTuple):
    """What the service measures of itself, as far as the verdict depends on it."""

    state: str = "ready"
    """``ready``, ``loading`` or ``stopping``."""
    is_disk_full: bool = False
    cut_off_seconds: float | None = None
    empty_seconds: float = 0
    """Seconds until the queue is empty but for paused senders, at the present rate; infinite while nothing is committed."""
    oldest_seconds: float = 0
    """Age of the oldest work that waits or is in progress; 0 if none does but that of paused senders."""
    lines: int = 0
    """Lines that wait or are in progress."""
    paused_lines: int = 0
    """Those of them that wait because their sender is paused."""
    files_lost: int = 0
    paused: Sequence[PausedSender] = ()
    differences: Sequence[AccountDifference] = ()
    firing: Sequence[FiringAlert] = ()
    loads: Mapping[str, float] = {}
    """Share of a core by stage of the page, over the last seconds."""
    is_empty: bool = False
    """Whether the ledger has received nothing yet."""
    keys: int = 0
    """Valid API keys."""


class Cause(msgspec.Struct, frozen=True):
    """One reason why not all is well."""

    code: str
    severity: str
    """``page``: somebody must act at once; ``ticket``: it can wait for the morning."""
    alert: str
    """The alert rule whose condition holds, with its section in docs/alerts.md; empty if there is none."""
    english: str
    french: str


class Limit(msgspec.Struct, frozen=True):
    """The stage that limits the throughput."""

    stage: str | None
    """``reading``, ``deciding``, ``writing`` or ``database``; None while nothing waits."""
    share: float
    """Its share of a core."""
    english: str
    french: str


class FirstStep(msgspec.Struct, frozen=True):
    """What to do first on an empty ledger."""

    english: str
    french: str
    command: str


class Verdict(msgspec.Struct, frozen=True):
    """The verdict, as one line and part by part."""

    is_well: bool
    english: str
    french: str
    causes: list[Cause]
    """The most severe first."""
    limit: Limit
    first_step: FirstStep | None


def judge(situation: Situation) -> Verdict:
    """Judge the situation; nothing but the situation counts."""
    causes = sorted(_merge(_list_causes(situation)), key=lambda cause: _PRECEDENCE[cause.code])
    limit = find_limit(situation)
    line = build_line(causes, limit)
    first_step = FirstStep(*describe_first_step(situation.keys)) if situation.is_empty else None
    return Verdict(not causes, line.english, line.french, causes, limit, first_step)


def find_limit(situation: Situation) -> Limit:
    """Return the busiest stage while work waits."""
    if situation.oldest_seconds <= 0:
        return Limit(None, 0, *describe_limit("paused" if situation.lines else "", 0))
    stage, share = max(situation.loads.items(), key=lambda load: load[1], default=("database", 0.0))
    if share < BUSY_SHARE:
        stage = "database"
    return Limit(stage, share, *describe_limit(stage, share))


def _merge(causes: Iterable[Cause]) -> list[Cause]:
    """Keep one cause of each code and text; what is measured now goes before the alert that says the same."""
    unique: dict[tuple[str, str], Cause] = {}
    for cause in causes:
        same = [key for key in unique if key[0] == cause.code] if cause.alert else []
        if same:
            unique[same[0]] = msgspec.structs.replace(unique[same[0]], alert=cause.alert)
        else:
            unique[cause.code, cause.english] = cause
    return list(unique.values())


def _list_causes(situation: Situation) -> Iterator[Cause]:
    if situation.is_disk_full:
        yield _build_cause(CauseCode.DISK_FULL)
    yield from _list_clock_causes(situation)
    for difference in situation.differences:
        yield _build_cause(CauseCode.BOOKS_DIFFER, euros=difference.cents, account=difference.account)
    if situation.files_lost:
        yield _build_cause(CauseCode.FILES_LOST, count=situation.files_lost)
    if situation.paused:
        pauses = describe_pause(situation.paused, SENDERS_SHOWN)
        yield from (_create_cause(CauseCode.SENDER_PAUSED, sentence) for sentence in pauses)
    yield from _list_alert_causes(situation.firing)
    if situation.state != "ready" and all(alert.name != "CrescendoNotReady" for alert in situation.firing):
        yield _build_cause(CauseCode.STOPPING if situation.state == "stopping" else CauseCode.LOADING)


def _list_clock_causes(situation: Situation) -> Iterator[Cause]:
    cut_off, empty = situation.cut_off_seconds, situation.empty_seconds
    if cut_off is None or situation.oldest_seconds <= 0:
        return
    if cut_off <= 0:
        yield _build_cause(CauseCode.CUT_OFF_PAST, count=max(situation.lines - situation.paused_lines, 0))
    elif math.isfinite(empty) and empty > cut_off:
        yield _build_cause(CauseCode.CUT_OFF_LATE, seconds=empty, left=cut_off)


def _list_alert_causes(firing: Sequence[FiringAlert]) -> Iterator[Cause]:
    """Yield one cause for each rule that fires, with the labels of its series."""
    for name in dict.fromkeys(alert.name for alert in firing):
        series = sorted((alert for alert in firing if alert.name == name), key=lambda alert: -alert.value)
        labels = [alert.label for alert in series if alert.label]
        sentence = build_sentence(ALERT_SENTENCES[name], labels=labels, seconds=series[0].value)
        yield Cause(_ALERT_CODES[name], series[0].severity, name, *sentence)


def _build_cause(code: CauseCode, **values: object) -> Cause:
    return _create_cause(code, build_sentence(CAUSE_SENTENCES[code], **values))


def _create_cause(code: CauseCode, sentence: Sentence) -> Cause:
    severity = Severity.PAGE if _PRECEDENCE[code] < _FIRST_TICKET else Severity.TICKET
    return Cause(code, severity, "", *sentence)
