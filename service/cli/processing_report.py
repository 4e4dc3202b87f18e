"""What a run came to, for people."""

from collections.abc import Sequence

from reporting.report_tables import Cell, Column, Grid, Kind
from service.engine.dry_run import Outlook
from service.engine.file_processing import Rejection, Result, Speed
from service.results.dry_run_result import DryRun
from service.results.receipts import OUTCOMES, Reason, Receipt
from service.terminal.console import count, heading, say, show

HASH_SHOWN = 12


def tell(result: Result) -> None:
    """Write receipts, refusals and speed."""
    if result.receipts:
        show(receipts(result.receipts))
    for each in result.known:
        said = "processed before" if each.done else "waits until its sender is no longer paused"
        way_on = "; --again presents it anew" if each.done else ""
        say(f"{each.file}: {said}, as submission {each.submission}{way_on}")
    for path in result.twice:
        say(f"{path}: the same bytes as another file, and taken once")
    _tell_rejected(result.rejected)
    for each in result.answered:
        say(f"{each.file}: pain.002 in {each.pain002}")
    if result.lost:
        heading("Set aside: their files are gone from the spool")
        for each in result.lost:
            say(f"  submission {each.submission}: {each.reason}")
    if result.reasons:
        show(reasons(result.reasons))
    if not (result.receipts or result.known or result.rejected or result.lost):
        say("Nothing to do: no files were named, and no earlier run left any unfinished.")
    say()
    if result.receipts:
        say(spent(result.speed))
    say(f"Chain after batch {result.batch:,}: {result.chain}")


def tell_outlook(outlook: Outlook) -> None:
    """Write what would become of files."""
    tell_dry_runs(outlook.files)
    for each in outlook.known:
        say(f"{each.file}: processed before, as submission {each.submission}; --again presents it anew")
    for path in outlook.twice:
        say(f"{path}: the same bytes as another file, and would be taken once")
    _tell_rejected(outlook.rejected)
    say()
    say(f"A dry run, decided after batch {outlook.batch:,} and taken back: nothing is stored.")


def tell_dry_runs(found: Sequence[DryRun]) -> None:
    """Write what would become of each file, and why lines of it would be refused."""
    if found:
        show(outlooks(found))
    for each in found:
        if each.reasons:
            show(reasons(each.reasons, f"Lines of {each.file} that would be refused"))


def outlooks(found: Sequence[DryRun]) -> Grid:
    """One row a file."""
    shown = ("accepted", "duplicate", "refused")
    columns = [
        *(Column("file"), Column("lines", Kind.COUNT), *(Column(name, Kind.COUNT) for name in shown)),
        Column("accepted, euros", Kind.MONEY),
    ]
    rows = [
        [each.file, each.lines, *(getattr(each, name).lines for name in shown), each.accepted.cents]
        for each in found
    ]
    return Grid("What would become of them", columns, rows)


def _tell_rejected(rejected: Sequence[Rejection]) -> None:
    if rejected:
        heading("Refused whole")
        for each in rejected:
            say(f"  {each.file}: {_at(each.file, each.where)}{each.found}. {each.remedy}.")


def _at(file: str, where: str) -> str:
    """Where in the file, when it says more than which file."""
    name = file.rpartition("/")[2]
    rest = where.removeprefix(name).lstrip(", ")
    return f"{rest}: " if rest else ""


def receipts(found: Sequence[Receipt]) -> Grid:
    """One row a submission; outcomes that never came are left out."""
    shown = [
        name for name in OUTCOMES if name == "accepted" or any(getattr(each, name).lines for each in found)
    ]
    columns = [
        *(Column("no.", Kind.COUNT), Column("file"), Column("lines", Kind.COUNT)),
        *(Column(name, Kind.COUNT) for name in shown),
        *(Column("accepted, euros", Kind.MONEY), Column("chain")),
    ]
    rows = [_receipt(each, shown) for each in found]
    lines = [sum(getattr(each, name).lines for each in found) for name in shown]
    foot = [
        None,
        "all",
        sum(each.lines for each in found),
        *lines,
        sum(each.accepted.cents for each in found),
        "",
    ]
    return Grid("Receipts", columns, rows, foot if len(rows) > 1 else ())


def _receipt(each: Receipt, shown: Sequence[str]) -> list[Cell]:
    lines = [getattr(each, name).lines for name in shown]
    end = " (cancelled)" if each.cancelled else "" if each.done else " (unfinished)"
    chain = (each.chain or "")[:HASH_SHOWN]
    return [each.submission, f"{each.file}{end}", each.lines, *lines, each.accepted.cents, chain]


def reasons(found: Sequence[Reason], title: str = "Refused lines") -> Grid:
    """One row a refusal code."""
    columns = [
        *(Column("reason"), Column("lines", Kind.COUNT)),
        *(Column("euros", Kind.MONEY), Column("what it means")),
    ]
    rows = [[each.code, each.lines, each.cents, each.finding] for each in found]
    foot = ["all", sum(each.lines for each in found), sum(each.cents for each in found), ""]
    return Grid(title, columns, rows, foot)


def spent(speed: Speed) -> str:
    """How long it took and what it cost."""
    stages = ", ".join(f"{name} {spent:.2f}" for name, spent in speed.stage_microseconds_a_line.items())
    return (
        f"{count(speed.lines, 'line')} in {speed.seconds:.1f} s from the command's start to the last commit, "
        f"{speed.lines_a_second:,} a second; {speed.working_seconds:.1f} s of it at work; "
        f"then {speed.indexing_seconds:.1f} s of indexing for look-ups; "
        f"peak memory {speed.peak_memory_bytes / 1e6:,.0f} MB.\n"
        f"Core-microseconds a line: {speed.core_microseconds_a_line:.2f} in all; {stages}."
    )
