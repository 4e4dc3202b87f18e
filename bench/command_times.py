"""The time of whole commands on a ledger, start of interpreter and server included; each result is verified."""

import json
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bench.engine_command import Command, run_command
from bench.load import load_budget

ROUNDS = 3
"""How often each command is timed; the median counts."""
_SMALL_LINES = 10

CommandTimes = dict[str, float]
"""The seconds of each command."""


class MeasuredLedger(NamedTuple):
    """A ledger whose requests are not paid, and what its commands are asked for."""

    data: Path
    reference: str
    """The reference of a line that was decided."""


class _TimedCommand(NamedTuple):
    words: tuple[str, ...]
    is_right: Callable[[Any], bool]
    """Whether the result is what the ledger contains."""


def measure_queries(command: Command, ledger: MeasuredLedger) -> CommandTimes:
    """Time reports and the history of an act.

    Raises
    ------
    RuntimeError
        A command failed, or its result is wrong.
    """
    commands = (
        _TimedCommand(("report", "trial-balance"), lambda result: result["debit"] == result["credit"] > 0),
        _TimedCommand(("report", "budget"), lambda result: len(result["nodes"]) > 0),
        _TimedCommand(("report", "delays"), lambda result: result["total"]["payments"] == 0),
        _TimedCommand(
            ("explain", ledger.reference),
            lambda result: (
                result["reference"] == ledger.reference and bool(result["accepted"] or result["refused"])
            ),
        ),
    )
    return {
        " ".join(timed.words[:2]) if timed.words[0] == "report" else timed.words[0]: statistics.median_low(
            [_time_command(command, timed, ledger.data) for _ in range(ROUNDS)]
        )
        for timed in commands
    }


def measure_paid_delays(command: Command, data: Path) -> CommandTimes:
    """Time the report of delays on a ledger whose requests are paid.

    Raises
    ------
    RuntimeError
        The command failed, or no payment was debited.
    """
    timed = _TimedCommand(("report", "delays"), lambda result: result["total"]["payments"] > 0)
    seconds = [_time_command(command, timed, data) for _ in range(ROUNDS)]
    return {"report delays": statistics.median_low(seconds)}


def measure_small_files(command: Command, ledger: MeasuredLedger, folder: Path) -> CommandTimes:
    """Time ``crescendo run`` of files of ten lines, each of which must be decided.

    Raises
    ------
    RuntimeError
        A command failed, or its receipts do not add up to the lines.
    """
    seconds = []
    for number in range(ROUNDS):
        path = folder / f"small-{number}.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in _build_rows(number)))
        timed = _TimedCommand(("run", str(path), "--sender", "SMALL"), _has_all_lines)
        seconds.append(_time_command(command, timed, ledger.data))
    return {f"run of {_SMALL_LINES} lines": statistics.median_low(seconds)}


def _build_rows(number: int) -> list[Mapping[str, str]]:
    rows = load_budget.build_registration_acts(load_budget.build_budget())[:_SMALL_LINES]
    return [{**row, "reference": f"{row['reference']}-{number}"} for row in rows]


def _has_all_lines(result: Any) -> bool:
    outcomes = ("accepted", "duplicate", "refused")
    lines = [receipt[name]["lines"] for receipt in result["receipts"] for name in outcomes]
    return sum(lines) == _SMALL_LINES


def _time_command(command: Command, timed: _TimedCommand, data: Path) -> float:
    ended = run_command(command, [*timed.words, "--data", str(data)])
    if not timed.is_right(ended.result):
        raise RuntimeError(
            f"crescendo {' '.join(timed.words)} gave a wrong result: {str(ended.result)[:300]}"
        )
    return ended.wall_seconds
