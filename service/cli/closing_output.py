"""What the commands of ``crescendo close`` print: what steps carry, find, prepare and prove."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from core.money import format_euros
from service.cli import closing_tables
from service.terminal import console

if TYPE_CHECKING:
    from closing.step_sums import BlockedSum, DifferenceSum
    from posting.store.step_executions import StepFinding
    from service.configuration.settings import Settings
    from service.engine.closing_display import ShownStep
    from service.engine.closing_plan import ClosingPlan
    from service.engine.processing_result import ProcessingResult
    from service.engine.step_preparation import PreparedStep
    from service.engine.step_reversal import ReversedStep
    from service.engine.year_closing import StepResult

_VERBS: Mapping[str, str] = {
    "C07": "carry, release or annul",
    "C08": "charge or reverse",
    "C12": "bring to the result",
    "C13": "lock",
    "C14": "open",
    "C15": "unfreeze, carry or annul",
    "C16": "allot",
}
"""What a step does with what is left for it; the others carry it."""
_ACTIONS: Mapping[str, str] = {
    "C07": "Carried, released or annulled of {year}",
    "C08": "Charged or reversed for {year}",
    "C12": "Brought to the result of {year}",
    "C14": "Opened in {next_year}",
    "C15": "Unfrozen, carried or annulled of {year}",
    "C16": "Allotted of the result of {year}",
}

_NAMES_MAX = 20
"""References that are printed; the journal has all."""


def print_plan(closing_plan: "ClosingPlan") -> None:
    """Print the steps with their states, and what is open for those that carry."""
    console.print_table(closing_tables.build_plan_table(closing_plan))
    console.print_table(closing_tables.build_open_table(closing_plan))
    if any(step.preparation for step in closing_plan.steps):
        console.print_table(closing_tables.build_preparation_table(closing_plan))
    sums = [step.sums for step in closing_plan.steps if step.sums]
    print_obstacles([row for of_step in sums for row in of_step.blocked])
    print_differences([row for of_step in sums for row in of_step.differences])
    console.print_line(
        f"{closing_plan.year} pays until {closing_plan.last_payment_day}: C04, C06, C07 and C15 are executed after it."
    )


def print_shown_step(display: "ShownStep") -> None:
    """Print a step: its state, its executions, and what it would find or do now."""
    step = display.step
    console.print_line(f"{step.step}: {step.summary}")
    console.print_line(f"{step.french} ({step.phase_fr}). Due: {step.dates}. Source: {step.source}.")
    console.print_line(f"It is {_describe_state(display)}.")
    if step.waits_for:
        console.print_line(f"It needs what is not proven yet: {', '.join(step.waits_for)}.")
    if step.reversal_obstacle:
        console.print_line(f"It is not reversed: {step.reversal_obstacle}.")
    if display.executions:
        console.print_table(closing_tables.build_execution_table(step, display.executions))
        print_findings(display.executions[-1].findings, "The last execution found")
    _print_content(display.now)
    if display.now.waits:
        console.print_line(f"The step cannot begin: {display.now.waits}")


def _describe_state(display: "ShownStep") -> str:
    """Return the state of a step; of one that carried some lines, how many wait."""
    last = display.executions[-1] if display.executions else None
    if display.step.state == "refused" and last and last.lines and last.blocked:
        return f"carried in part, {console.format_count(last.blocked, 'line')} wait{_end_verb(last.blocked)}"
    return display.step.state


def _end_verb(count: int) -> str:
    return "s" if count == 1 else ""


def print_reversal(result: "ReversedStep") -> None:
    """Print what was reversed."""
    if result.waits:
        console.print_line(f"Nothing is reversed: {result.waits}")
        return
    waiting = f"; {', '.join(result.dependents)} wait for it again" if result.dependents else ""
    console.print_line(f"The proof of {result.step} of {result.year} is withdrawn{waiting}.")


def print_findings(findings: Sequence["StepFinding"], title: str = "Found now") -> None:
    """Print what a step found."""
    if findings:
        console.print_table(closing_tables.build_finding_table(findings, title))


def print_step(result: "StepResult", *, is_dry_run: bool = False) -> None:
    """Print what a step carried, or would carry."""
    if result.earlier:
        lines = console.format_count(result.earlier, "line")
        console.print_line(f"Given to the engine by an interrupted call, and decided now: {lines}.")
    _print_content(result)
    if result.waits:
        console.print_line(f"The step cannot begin: {result.waits}")
    elif is_dry_run:
        console.print_line("Dry run: nothing is stored.")
    elif result.sums is None and not (result.posted or result.earlier):
        console.print_line(f"{result.step} of {result.year} is {result.state}{_find_hint(result)}.")
    elif not (result.posted or (result.sums and result.sums.blocked)):
        console.print_line(f"Nothing of {result.year} is left for this step to {_find_verb(result.step)}.")
    elif result.sums and result.sums.blocked and not (result.posted or result.earlier):
        lines = sum(row.lines for row in result.sums.blocked)
        waiting = f"{console.format_count(lines, 'line')} wait{_end_verb(lines)}"
        console.print_line(f"Nothing was done: {waiting}.")
    if result.posted:
        _print_outcome(result, result.posted)


def _print_content(result: "StepResult | PreparedStep") -> None:
    """Print what a step found, what is open for it, and what prevents a part of it."""
    print_findings(result.findings)
    if result.sums and result.sums.lines:
        console.print_table(closing_tables.build_step_table(result.sums))
    if result.sums:
        print_obstacles(result.sums.blocked)
        print_differences(result.sums.differences)


def _find_hint(result: "StepResult") -> str:
    return (
        ""
        if result.state != "refused"
        else ": mend each row that is marked, then call the same command again"
    )


def _find_verb(step: str) -> str:
    return _VERBS.get(step, "carry")


def print_preparation(result: "PreparedStep") -> None:
    """Print what a person prepared."""
    _print_content(result)
    if result.waits:
        console.print_line(f"The step cannot begin: {result.waits}")
    elif result.preparation:
        execute_it = f"crescendo close execute {result.step} --year {result.year}"
        console.print_line(f"Preparation {result.preparation}: another person confirms it by {execute_it}.")
    else:
        console.print_line(f"Nothing of {result.year} is left for this step to {_find_verb(result.step)}.")


def _print_outcome(result: "StepResult", posted: "ProcessingResult") -> None:
    text = _ACTIONS.get(result.step, "Carried into {next_year}")
    action = text.format(year=result.year, next_year=result.year + 1)
    for receipt in posted.receipts:
        accepted = console.format_count(receipt.accepted.lines, "line")
        euros = format_euros(receipt.accepted.cents)
        console.print_line(f"{action}: {accepted}, {euros} euros, as submission {receipt.submission}.")
    if result.renamed.count:
        _print_new_references(result)


def _print_new_references(result: "StepResult") -> None:
    """Print the references that the next year uses for other acts, and under which ones what was carried goes on."""
    count = result.renamed.count
    verb = "reference was" if count == 1 else "references were"
    names = ", ".join(
        f"{act.reference} goes on as {act.new_reference}" for act in result.renamed.first[:_NAMES_MAX]
    )
    more = f", and {count - _NAMES_MAX:,} more" if count > _NAMES_MAX else ""
    console.print_line(f"{count:,} {verb} already used in {result.year + 1}: {names}{more}.")


def print_refusals(result: "StepResult", settings: "Settings") -> None:
    """Print why lines were refused, and the command that lists them."""
    from service.cli.processing_report import build_reason_table, print_next_steps

    if result.posted and result.posted.reasons:
        console.print_table(build_reason_table(result.posted.reasons))
        print_next_steps(result.posted, settings)
        console.print_line("\nWhat was refused stays open: once it can go on, the same command carries it.")


def print_differences(differences: Sequence["DifferenceSum"]) -> None:
    """Print what openings leave on the technical account."""
    if differences:
        console.print_table(closing_tables.build_difference_table(differences))


def print_obstacles(blocked: Sequence["BlockedSum"]) -> None:
    """Print what a step cannot carry, and why."""
    if blocked:
        console.print_table(closing_tables.build_blocked_table(blocked))
