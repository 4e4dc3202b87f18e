"""The verdict of the demonstration: what became of the year, each line with the command that shows more."""

import shlex
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.money import format_euros
from core.outcome_codes import Outcome
from service.database.command_queries import NO_ACTS
from service.terminal import console
from service.terminal.program_name import find_program

if TYPE_CHECKING:
    from reporting.budget import Appropriations, Budget
    from service.cli.demo_year import Conclusion, DemoYear
    from service.results.receipts import Receipt

REASONS_SHOWN = 3
_LACK_OF_CREDITS = frozenset({Outcome.AE_EXCEEDED.name, Outcome.CP_EXCEEDED.name})
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
    """Return the program as the user calls it, with its places."""
    return CommandPlace(find_program(), data, again)


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
    more = "the same year in a new ledger, with all receipts, reports and checks (words: docs/glossary.md):"
    yield VerdictPart("More", [more], [])


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
    own = year.conclusion.refused_lines - counts.total()
    sentences = [
        f"{counts.total():,} lines of these files, mostly because:",
        *(f"{lines:>6,}  {code}: {findings[code]}" for code, lines in counts.most_common(REASONS_SHOWN)),
        f"report refusals also counts {own:,} lines of acts that Crescendo itself made, such as late interest",
        f"{worst.refused.lines:,} of these lines are in {worst.file}:",
    ]
    return VerdictPart("Refused", sentences, ["report", "refusals", "--submission", str(worst.submission)])


def _describe_money(year: "DemoYear") -> Iterator[VerdictPart]:
    conclusion, status = year.conclusion, year.account_status
    yield VerdictPart("Budget", list(describe_budget(conclusion.budget)), ["report", "budget"])
    transit = sum(account.transit for account in status.accounts)
    yield VerdictPart("Paid", list(describe_payments(conclusion, transit)), ["report", "trial-balance"])
    yield VerdictPart("Interest", list(_describe_interest(year)), ["report", "delays"])
    items = console.format_count(sum(account.transit_items for account in status.accounts), "transfer")
    agreement = "books and bank agree to the cent" if status.agrees else "books and bank DO NOT agree"
    sentence = f"{agreement}; {items} in transit (issued, and not debited yet)"
    yield VerdictPart("Bank", [sentence], ["bank", "status"])


def describe_payments(conclusion: "Conclusion", transit_cents: int) -> Iterator[str]:
    """Yield what was issued, what came back, and what the requests and late interest got: each leads to the net debit."""
    settled, delays = conclusion.settled, conclusion.payment_delays
    debited, returned, rejected = (
        settled.get(kind, NO_ACTS) for kind in ("bank_debit", "bank_return", "bank_reject")
    )
    issued = sum(settled.get(kind, NO_ACTS).cents for kind in ("payment", "reissue"))
    lines = sum(settled.get(kind, NO_ACTS).lines for kind in ("payment", "reissue"))
    net = debited.cents - returned.cents
    reissued = debited.cents - delays.cents - delays.interest_paid
    back_lines = returned.lines + rejected.lines
    back = console.format_count(back_lines, "transfer")
    runs = console.format_count(len(conclusion.runs), "run")
    yield f"{format_euros(net)} euros net; the Treasury's account 5121 in the trial balance has the same"
    yield (
        f"{runs}: {lines:,} transfers, {format_euros(issued)}; {back} came back, refused or returned, "
        f"{format_euros(returned.cents + rejected.cents)}" + _describe_transit(transit_cents)
    )
    yield (
        f"{delays.payments:,} requests debited, {format_euros(delays.cents)}, and late interest, "
        f"{format_euros(delays.interest_paid)}; returned since, {format_euros(returned.cents)}; of that issued again "
        f"and debited, {format_euros(reissued)}"
    )


def _describe_transit(cents: int) -> str:
    return f"; in transit, {format_euros(cents)}" if cents else ""


def _describe_interest(year: "DemoYear") -> Iterator[str]:
    results = (payment_round.imported.interest for payment_round in year.payments.rounds)
    interest = [result for result in results if result]
    reasons = [reason for result in interest if result.posted for reason in result.posted.reasons]
    lacking = [reason for reason in reasons if reason.code in _LACK_OF_CREDITS]
    due = sum(result.cents for result in interest)
    accepted = due - sum(reason.cents for reason in reasons)
    cents, lines = (sum(getattr(reason, name) for reason in lacking) for name in ("cents", "lines"))
    yield (
        f"{format_euros(due)} euros due for late payment: {format_euros(accepted)} posted; credits lack for "
        f"{format_euros(cents)}, {console.format_count(lines, 'line')}"
    )
    delays = year.conclusion.payment_delays
    if not year.is_monthly:
        yield (
            f"Payments took {delays.mean_days:.1f} days on average, because this sample pays in December alone "
            "(--monthly pays every month)"
        )


def describe_budget(budget: "Budget") -> Iterator[str]:
    """Yield the use of AE and of CP, which may exceed what is opened where credits are estimated: it states by how much."""
    estimated = [node for node in budget.nodes if node.estimated]
    yield _describe_use("commitment appropriations (AE)", budget.ae, [node.ae for node in estimated])
    yield _describe_use("payment appropriations (CP)", budget.cp, [node.cp for node in estimated])


def _describe_use(measure: str, total: "Appropriations", estimated: "Sequence[Appropriations]") -> str:
    use = (
        f"{measure}: {format_euros(total.reserved + total.consumed)} of {format_euros(total.opened)} euros "
        "reserved or consumed"
    )
    excess = -sum(min(figures.available, 0) for figures in estimated)
    if not excess:
        return use
    return f"{use}; {format_euros(excess)} of them exceed estimated credits, which have no ceiling"


def _describe_proof(year: "DemoYear") -> VerdictPart:
    proof = year.proof
    checks, rows = console.format_count(len(proof.checks), "check"), sum(proof.rows.values())
    verdict = "yes" if proof.is_proven else f"NO, {console.format_count(len(proof.findings), 'finding')}"
    return VerdictPart(
        "Proven", [f"{verdict}: {checks} over {rows:,} rows, computed again from them"], ["verify"]
    )
