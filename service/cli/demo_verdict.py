"""The verdict of the demonstration: what became of the year, each line with the command that shows more."""

import os
import shlex
import shutil
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.money import format_euros
from service.terminal import console

if TYPE_CHECKING:
    from reporting.budget import Appropriations
    from service.cli.demo_year import DemoYear
    from service.results.receipts import Receipt

REASONS_SHOWN = 3
_PROGRAM = "crescendo"
_LABEL_WIDTH = 8
_WIDTH = 80


class VerdictPart(NamedTuple):
    """One subject: sentences, and the command that shows more."""

    label: str
    sentences: Sequence[str]
    command: Sequence[str]


class CommandPlace(NamedTuple):
    """How this program is called here, the data folder, and the command of the whole demonstration."""

    program: str
    data: Path
    again: Sequence[str]

    def format_command(self, words: Sequence[str]) -> str:
        """Return a command that can be pasted into a shell as it stands; without words that of the demonstration."""
        parts = [*words, "--data", str(self.data)] if words else self.again
        return shlex.join([self.program, *parts])


def find_place(data: Path, again: Sequence[str]) -> CommandPlace:
    """Return the program as the user calls it, by name if the shell finds it and otherwise by path, with its places."""
    path = Path(sys.argv[0]).absolute()
    if path.name != _PROGRAM:
        path = Path(sys.executable).with_name(_PROGRAM)
    path_in_shell = shutil.which(_PROGRAM)
    program = os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    return CommandPlace(
        _PROGRAM if path_in_shell and Path(path_in_shell).absolute() == path else program, data, again
    )


def print_verdict(year: "DemoYear", files: int, place: CommandPlace) -> None:
    """Print the verdict."""
    console.print_heading(f"The year 2018: {'proven' if year.is_proven else 'NOT proven'}")
    width = min(console.measure_terminal() or _WIDTH, _WIDTH)
    for part in build_parts(year, files):
        labels = [part.label, *[""] * (len(part.sentences) - 1)]
        for label, sentence in zip(labels, part.sentences, strict=True):
            console.print_command(console.fit_text(f"{label:<{_LABEL_WIDTH}}  {sentence}", width))
        console.print_command(f"  {place.format_command(part.command)}")


def build_parts(year: "DemoYear", files: int) -> Iterator[VerdictPart]:
    """Yield the subjects in the order of the year."""
    receipts = [receipt for result in (year.first, *year.payments.results) for receipt in result.receipts]
    yield from _describe_files(year, receipts, files)
    yield _describe_refusals(year, receipts)
    yield from _describe_money(year)
    yield _describe_proof(year)
    yield VerdictPart("More", ["the same year once more, with all receipts, reports and checks:"], [])


def _describe_files(year: "DemoYear", receipts: "Sequence[Receipt]", files: int) -> Iterator[VerdictPart]:
    lines, accepted, duplicate = (
        sum(counts)
        for counts in zip(
            *((receipt.lines, receipt.accepted.lines, receipt.duplicate.lines) for receipt in receipts),
            strict=True,
        )
    )
    senders = len({receipt.sender for receipt in receipts})
    proof = ["report", "proof", "--submission", str(receipts[-1].submission)]
    yield VerdictPart("Files", [f"{files} files of {senders} senders, with {lines:,} lines"], proof)
    sentence = f"{accepted:,} lines; {duplicate:,} more repeat one of them, and change nothing"
    example = year.conclusion.examples[:1]
    yield VerdictPart(
        "Accepted", [sentence], ["explain", *example] if example else ["report", "trial-balance"]
    )


def _describe_refusals(year: "DemoYear", receipts: "Sequence[Receipt]") -> VerdictPart:
    """Name the most frequent reasons; the command shows the file with the most refused lines, line by line."""
    counts, findings = Counter[str](), dict[str, str]()
    for result in (year.first, *year.payments.results):
        for reason in result.reasons:
            counts[reason.code] += reason.lines
            findings[reason.code] = reason.finding
    worst = max(receipts, key=lambda receipt: receipt.refused.lines)
    sentences = [
        f"{counts.total():,} lines, {worst.refused.lines:,} of them in {worst.file}; mostly because:",
        *(f"{lines:>6,}  {findings[code]}" for code, lines in counts.most_common(REASONS_SHOWN)),
    ]
    return VerdictPart("Refused", sentences, ["report", "refusals", "--submission", str(worst.submission)])


def _describe_money(year: "DemoYear") -> Iterator[VerdictPart]:
    conclusion, status = year.conclusion, year.payments.account_status
    figures = (("AE", conclusion.budget.ae), ("CP", conclusion.budget.cp))
    yield VerdictPart("Budget", [_describe_use(*figure) for figure in figures], ["report", "budget"])
    paid = sum(run["paid"] for run in conclusion.runs)
    cents = sum(run["paid_cents"] for run in conclusion.runs)
    runs = console.format_count(len(conclusion.runs), "run")
    yield VerdictPart("Paid", [f"{paid:,} requests, {format_euros(cents)} euros, in {runs}"], ["pay", "list"])
    interest = [payment_round.interest for payment_round in year.payments.rounds]
    proposed = sum(result.cents for result in interest)
    refused = sum(reason.lines for result in interest if result.posted for reason in result.posted.reasons)
    yield VerdictPart(
        "Interest",
        [f"{format_euros(proposed)} euros for late payment; credits lack for {refused:,} lines of it"],
        ["report", "delays"],
    )
    transit = sum(account.transit_items for account in status.accounts)
    agreement = "books and bank agree to the cent" if status.agrees else "books and bank DO NOT agree"
    yield VerdictPart(
        "Bank", [f"{agreement}; {console.format_count(transit, 'transfer')} in transit"], ["bank", "status"]
    )


def _describe_use(measure: str, figures: "Appropriations") -> str:
    spent = format_euros(figures.reserved + figures.consumed)
    return f"{measure}: {spent} of {format_euros(figures.opened)} euros used"


def _describe_proof(year: "DemoYear") -> VerdictPart:
    proof = year.conclusion.proof
    checks, rows = console.format_count(len(proof.checks), "check"), sum(proof.rows.values())
    verdict = "yes" if proof.is_proven else f"NO, {console.format_count(len(proof.findings), 'finding')}"
    return VerdictPart(
        "Proven", [f"{verdict}: {checks} over {rows:,} rows, computed again from them"], ["verify"]
    )
