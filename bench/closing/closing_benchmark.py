"""The steps of the closing of a generated year, each executed twice: seconds, lines a second, peak memory.

Most requests are paid by one run, and the next year has the same credits.  A step counts only if all that was open before it
was carried or refused, and if it adds nothing the second time.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.engine_command import Command, EndedCommand, run_command
from bench.foreign_processes import ForeignLoad, find_largest
from bench.year import year_files
from bench.year.year_generator import Year
from bench.year.year_processing import check_receipts

STEPS = ("C06", "C04", "C14")
_YEAR = 2018
_PAID_UNTIL, _PAID_AT = "2018-12-31", "2018-12-28T10:00"
_CLOSED_AT = "2019-01-21"
"""The day after the complementary period."""


class StepDecision(NamedTuple):
    """What was decided of a step: lines and cents."""

    accepted: int
    accepted_cents: int
    refused: int
    refused_cents: int


@dataclass(frozen=True, slots=True)
class StepFigures:
    """Two executions of a step."""

    step: str
    lines: int
    """Lines that the first one gave to the engine."""
    refused: int
    seconds: float
    """The whole command, the start of the server and of the engine included."""
    peak_memory_bytes: int
    """Of the process without its database."""
    second_seconds: float
    second_peak_memory_bytes: int

    @property
    def lines_a_second(self) -> int:
        """Lines a second of the first execution."""
        return round(self.lines / self.seconds)


@dataclass(frozen=True, slots=True)
class ClosingFigures:
    """The steps of one closing."""

    acts: int
    lines: int
    """Lines of the year."""
    entries: int
    """Entries of the journal before the first step."""
    steps: tuple[StepFigures, ...]
    foreign_load: ForeignLoad

    @property
    def first_seconds(self) -> float:
        """The first executions of all steps together."""
        return round(sum(step.seconds for step in self.steps), 3)


def measure(command: Command, year: Year, folder: Path | None = None) -> ClosingFigures:
    """Generate, process and pay a year, open the next one, and execute each step twice; the folder is removed at the end.

    Raises
    ------
    RuntimeError
        A command failed, or a step did not carry what was open, or added something the second time.
    """
    work_folder = Path(tempfile.mkdtemp(prefix="crescendo-bench-", dir=folder))
    try:
        bench = _ClosingBench(command, work_folder)
        lines, entries = bench.prepare(year)
        steps = tuple(bench.measure_step(step) for step in STEPS)
        return ClosingFigures(year.acts, lines, entries, steps, find_largest(bench.foreign_loads))
    finally:
        shutil.rmtree(work_folder)


class _ClosingBench:
    """The ledger of the benchmark."""

    def __init__(self, command: Command, folder: Path) -> None:
        self._command, self._folder = command, folder
        self.foreign_loads: list[ForeignLoad] = []

    def prepare(self, year: Year) -> tuple[int, int]:
        """Process and pay a year, and open the credits of the next; return its lines, and the entries of all."""
        files, report = self._folder / "year", self._command.report_progress
        report("generating the year")
        summary = year_files.generate_files(self._command, year, files)
        report(f"processing {summary['rows']:,} lines")
        paths = [str(files / file["name"]) for file in summary["files"]]
        processing = check_receipts(self._run("run", *paths), summary["rows"])
        report("paying the year")
        payments = self._pay()
        report("opening the next year")
        (receipt,) = self._run("run", str(year_files.write_next_budget(files, self._folder))).result[
            "receipts"
        ]
        return summary["rows"], processing.accepted + payments + receipt["accepted"]["lines"]

    def _pay(self) -> int:
        """Pay what is due by the end of the year; return the payments."""
        run = self._run("pay", "propose", "--as", "Alice", "--until", _PAID_UNTIL, "--at", _PAID_AT).result
        self._run("pay", "release", str(run["run"]), "--as", "Bruno")
        issued = self._run("pay", "issue", str(run["run"]), "--as", "Claire", "--at", _PAID_AT).result
        if issued["paid"] != run["lines"]:
            raise RuntimeError(f"{issued['paid']} of {run['lines']} payments were accepted")
        return issued["paid"]

    def measure_step(self, step: str) -> StepFigures:
        """Execute a step twice, and compare it with the plan before and after."""
        self._command.report_progress(f"executing {step}")
        open_cents = self._read_open_cents(step)
        first = self._execute(step)
        decision = read_decision(first.result)
        check_step(step, open_cents, decision)
        if (remaining := self._read_open_cents(step)) != decision.refused_cents:
            raise RuntimeError(
                f"{remaining} cents are open after {step}, {decision.refused_cents} were refused"
            )
        second = self._execute(step)
        if added := read_decision(second.result).accepted:
            raise RuntimeError(f"{step} carried {added} lines the second time")
        self.foreign_loads += [first.foreign_load, second.foreign_load]
        return StepFigures(
            step,
            decision.accepted + decision.refused,
            decision.refused,
            first.wall_seconds,
            first.peak_memory_bytes,
            second.wall_seconds,
            second.peak_memory_bytes,
        )

    def _execute(self, step: str) -> EndedCommand:
        return self._run("close", "execute", step, "--year", str(_YEAR), "--at", _CLOSED_AT)

    def _read_open_cents(self, step: str) -> int:
        plan = self._run("close", "plan", "--year", str(_YEAR)).result
        (row,) = (row for row in plan["steps"] if row["step"] == step)
        return sum(part["cents"] for part in row["sums"]["carried"])

    def _run(self, *words: str) -> EndedCommand:
        return run_command(
            self._command, [*words, "--data", str(self._folder / "data")], may_have_findings=True
        )


def read_decision(result: dict[str, Any]) -> StepDecision:
    """Read what was decided of a step from what its command printed.

    Raises
    ------
    RuntimeError
        The step did not begin, or was interrupted.
    """
    if result["waits"]:
        raise RuntimeError(f"{result['step']} did not begin: {result['waits']}")
    posted = result["posted"] or {"receipts": [], "is_interrupted": False}
    if posted["is_interrupted"]:
        raise RuntimeError(f"{result['step']} was interrupted")
    sums = (
        sum(receipt[outcome][figure] for receipt in posted["receipts"])
        for outcome in ("accepted", "refused")
        for figure in ("lines", "cents")
    )
    return StepDecision(*sums)


def check_step(step: str, open_cents: int, decision: StepDecision) -> None:
    """Check that all that was open before a step was carried or refused.

    Raises
    ------
    RuntimeError
        It was not, or nothing was open.
    """
    decided_cents = decision.accepted_cents + decision.refused_cents
    if decided_cents != open_cents or not decision.accepted:
        raise RuntimeError(f"{open_cents} cents were open for {step}, {decided_cents} were decided")
