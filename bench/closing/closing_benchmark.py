"""The steps of the closing of a generated year, each executed twice: seconds, lines a second, peak memory.

Most requests are paid by one run, and the next year has the same credits.  A step counts only if all that was open before it
was carried or refused, and if it adds nothing the second time.
"""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from bench.closing import served_closing
from bench.closing.served_closing import FormFigures, ServedLedger, ServeLedger, StepRequest
from bench.engine_command import Command, EndedCommand, run_command
from bench.foreign_processes import ForeignLoad, ForeignLoadMeter, find_largest
from bench.year import year_files
from bench.year.year_generator import Year
from bench.year.year_processing import check_receipts

STEPS = ("C06", "C04", "C14")
_PRECEDING = ("C01", "C02", "C03")
"""The steps that are proven before, as an operator does: otherwise each measured step would check them again."""
_YEAR = 2018
_PAID_UNTIL, _PAID_AT = "2018-12-31", "2018-12-28T10:00"
_CLOSED_AT = "2019-01-21T10:00:00"
"""A moment of the day after the complementary period."""


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
    """The whole command, the start of the server and of the engine included; of a service, the task."""
    peak_memory_bytes: int
    """Of the process without its database; 0 where a service executes the step."""
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
    forms: FormFigures | None = None
    """The forms beside the steps, where a service executes them."""

    @property
    def first_seconds(self) -> float:
        """The first executions of all steps together."""
        return round(sum(step.seconds for step in self.steps), 3)


class MeasuredSteps(NamedTuple):
    """The steps of a closing, and the forms beside them."""

    steps: tuple[StepFigures, ...]
    forms: FormFigures | None


class FormLoad(NamedTuple):
    """Forms of the next year, and the way to run the service that decides them and executes the steps."""

    rate: int
    """Forms a second."""
    serve: ServeLedger


def measure(
    command: Command, year: Year, folder: Path | None = None, *, forms: FormLoad | None = None
) -> ClosingFigures:
    """Generate, process and pay a year, open the next one, and execute each step twice; the folder is removed at the end.

    Each step is a command of its own; with ``forms`` a service executes it while it decides them.

    Raises
    ------
    RuntimeError
        A command failed, or a step did not carry what was open, or added something the second time.
    """
    work_folder = Path(tempfile.mkdtemp(prefix="crescendo-bench-", dir=folder))
    try:
        bench = _ClosingBench(command, work_folder)
        lines, entries = bench.prepare(year)
        steps, form_figures = (
            bench.measure_beside_forms(forms)
            if forms
            else MeasuredSteps(tuple(map(bench.measure_step, STEPS)), None)
        )
        return ClosingFigures(
            year.acts, lines, entries, steps, find_largest(bench.foreign_loads), form_figures
        )
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
        for step in _PRECEDING:
            if (state := self._execute(step).result["state"]) != "proven":
                raise RuntimeError(f"{step} is {state or 'not executed'}, not proven")
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
        open_cents = self._read_open_cents()[step]
        first = self._execute(step)
        decision = read_decision(first.result)
        check_step(step, open_cents, decision)
        check_end(step, self._read_open_cents()[step], decision)
        second = self._execute(step)
        check_repetition(step, second.result)
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

    def measure_beside_forms(self, forms: FormLoad) -> MeasuredSteps:
        """Have a service execute each step twice beside forms, and compare all with the plan before and after."""
        load = served_closing.build_load(forms.rate)
        with forms.serve(self._folder / "data", load) as ledger:
            before = self._read_open_cents(ledger)
            body = {"action": "execute", "at": _CLOSED_AT}
            requests = [StepRequest(step, f"/v1/closing/{_YEAR}/{step}", body) for step in STEPS]
            meter = ForeignLoadMeter()
            executions, figures = served_closing.execute_steps(ledger.target, load, requests * 2)
            self.foreign_loads.append(meter.finish())
            after = self._read_open_cents(ledger)
        steps = []
        for step, first, second in zip(STEPS, executions, executions[len(STEPS) :], strict=False):
            decision = read_decision(first.result)
            check_step(step, before[step], decision)
            check_end(step, after[step], decision)
            check_repetition(step, second.result)
            lines = decision.accepted + decision.refused
            steps.append(StepFigures(step, lines, decision.refused, first.seconds, 0, second.seconds, 0))
        return MeasuredSteps(tuple(steps), figures)

    def _execute(self, step: str) -> EndedCommand:
        return self._run("close", "execute", step, "--year", str(_YEAR), "--at", _CLOSED_AT)

    def _read_open_cents(self, ledger: ServedLedger | None = None) -> dict[str, int]:
        """Return what is open for each step, by the plan."""
        place = ["--database", ledger.dsn] if ledger else []
        plan = self._run("close", "plan", "--year", str(_YEAR), *place).result
        return {
            row["step"]: sum(part["cents"] for part in row["sums"]["carried"])
            for row in plan["steps"]
            if row["step"] in STEPS
        }

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


def check_end(step: str, remaining: int, decision: StepDecision) -> None:
    """Check that nothing is open after a step but what was refused.

    Raises
    ------
    RuntimeError
        It is not so.
    """
    if remaining != decision.refused_cents:
        raise RuntimeError(f"{remaining} cents are open after {step}, {decision.refused_cents} were refused")


def check_repetition(step: str, result: dict[str, Any]) -> None:
    """Check that the second execution of a step carried nothing.

    Raises
    ------
    RuntimeError
        It carried something.
    """
    if added := read_decision(result).accepted:
        raise RuntimeError(f"{step} carried {added} lines the second time")
