"""Publish the figures of the benchmarks: a line of history, the table of the README, a plot."""

import json
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import describe_machine
from bench.suite import SuiteFigures

START, END = "<!-- bench:start -->", "<!-- bench:end -->"


def render_table(figures: SuiteFigures, machine: str) -> str:
    """Render the figures as a Markdown table, and a warning below it if other programs ran meanwhile."""
    rows = [*_list_year(figures), *_list_peers(figures), *_list_process(figures), *_list_commands(figures)]
    body = "\n".join(f"| {label} | {figure} |" for label, figure in rows)
    table = f"| measured | figure |\n|---|---:|\n{body}"
    place = f"{machine}; {figures.server}, autovacuum off; seed {figures.seed}."
    return "\n\n".join([table, place, *warn_of_foreign_load(figures)])


def warn_of_foreign_load(figures: SuiteFigures) -> list[str]:
    """Return a warning if other programs used the processors during a measurement."""
    load = figures.foreign_load
    if load.is_quiet:
        return []
    return [
        f"**Not valid: other programs used up to {load.describe()} during a measurement. Stop them, and repeat.**"
    ]


_Rows = list[tuple[str, str]]


def _list_year(figures: SuiteFigures) -> _Rows:
    run, raw = figures.run, figures.raw
    return [
        ("the year, from command start to last commit", f"{run.lines:,} lines in {run.seconds:,.1f} s"),
        ("rate of the year", f"{run.lines_a_second:,.0f} lines/s"),
        ("the entire command, with indexing for look-ups", f"{run.wall_seconds:,.1f} s"),
        ("of which indexing", f"{run.indexing_seconds:.1f} s"),
        ("a start with the whole year in the journal, entire command", f"{figures.start_seconds:.1f} s"),
        ("rows stored by the year", f"{raw.rows:,}, {raw.rows / run.seconds:,.0f} a second"),
    ]


def _list_peers(figures: SuiteFigures) -> _Rows:
    raw, peer = figures.raw, figures.peer
    return [
        (
            "raw COPY of the same rows, two connections",
            f"{raw.rows_a_second:,.0f} rows/s in {raw.seconds:.1f} s",
        ),
        ("rate of the year / rate of raw COPY", f"{figures.ratio:.2f}"),
        (
            f"{len(figures.runs)} rounds in turn: the year",
            _format_span([run.seconds for run in figures.runs]),
        ),
        (
            f"{len(figures.raws)} rounds in turn: raw COPY",
            _format_span([raw.seconds for raw in figures.raws]),
        ),
        ("set-based PL/pgSQL, 20,000 lines a statement", f"{peer.set_lines_a_second:,} lines/s"),
        ("rate of the year / rate of set-based PL/pgSQL", f"{figures.set_peer_ratio:.0f} times"),
        ("row-by-row PL/pgSQL, one call an act", f"{peer.lines_a_second:,} lines/s"),
        ("rate of the year / rate of row-by-row PL/pgSQL", f"{figures.row_peer_ratio:.0f} times"),
        ("the same PL/pgSQL in one loop inside the server", f"{peer.looping_lines_a_second:,} lines/s"),
        ("other programs during the measurements, at most", figures.foreign_load.describe()),
    ]


def _format_span(seconds: Sequence[float]) -> str:
    return f"{min(seconds):.1f} to {max(seconds):.1f} s"


def _list_process(figures: SuiteFigures) -> _Rows:
    run = figures.run
    stages = run.stage_microseconds_a_line.items()
    return [
        ("processor time of the process", f"{run.core_microseconds_a_line:.2f} core-µs a line"),
        *((f"of which {stage}", f"{microseconds:.2f}") for stage, microseconds in stages),
        ("peak memory of the process", f"{run.peak_memory_bytes / 1e9:.2f} GB"),
        ("decision kernel, book in cache", f"{figures.decision.lines_a_second / 1e6:.1f} M lines/s"),
        ("budget check alone, four levels", f"{figures.availability.lines_a_second / 1e6:.1f} M lines/s"),
    ]


def _list_commands(figures: SuiteFigures) -> _Rows:
    """List whole commands, which start an interpreter and the server, and stop it."""
    ledgers = (
        ("the year", figures.year_commands),
        ("the demo", figures.demo_commands),
        ("the demo, with its payments", figures.paid_commands),
    )
    return [
        (f"`{name}` on the ledger of {ledger}, entire command", f"{seconds:.1f} s")
        for ledger, times in ledgers
        for name, seconds in times.items()
    ]


def publish(figures: SuiteFigures, root: Path) -> None:
    """Append to ``bench/history.jsonl``, fill the README's table, draw ``docs/bench.png``."""
    machine = describe_machine()
    with (root / "bench/history.jsonl").open("a") as history:
        history.write(json.dumps(build_record(figures, machine, root)) + "\n")
    fill_marked_block(root / "README.md", render_table(figures, machine))
    draw_plot(figures, root / "docs/bench.png")


def build_record(figures: SuiteFigures, machine: str, root: Path) -> dict[str, Any]:
    """Build one line of history."""
    head = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _read_commit(root),
        "machine": machine,
    }
    medians = {"run": asdict(figures.run), "raw": asdict(figures.raw), "ratio": round(figures.ratio, 4)}
    return head | asdict(figures) | medians


def _read_commit(root: Path) -> str:
    """Return the measured commit, marked if files differ from it; empty outside a repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    words = [git, "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60).stdout.strip()


def fill_marked_block(readme: Path, text: str, marks: tuple[str, str] = (START, END)) -> None:
    """Replace the text between the marks of ``readme``.

    Raises
    ------
    ValueError
        ``readme`` does not contain each mark exactly once.
    """
    old_text, (start, end) = readme.read_text(), marks
    if old_text.count(start) != 1 or old_text.count(end) != 1:
        raise ValueError(f"{readme} must have {start} and {end} once each")
    before, rest = old_text.split(start)
    readme.write_text(f"{before}{start}\n{text}\n{end}{rest.split(end)[1]}")


def draw_plot(figures: SuiteFigures, path: Path) -> None:
    """Draw a bar chart of the rates."""
    from matplotlib.figure import Figure

    rates = {
        "raw COPY": figures.raw.rows_a_second,
        "the year, to last commit": figures.run.lines_a_second,
        "the year, entire command": figures.run.lines / figures.run.wall_seconds,
        "PL/pgSQL, set-based": figures.peer.set_lines_a_second,
        "PL/pgSQL, row by row": figures.peer.lines_a_second,
        "decision kernel": figures.decision.lines_a_second,
        "budget check alone": figures.availability.lines_a_second,
    }
    plot = Figure(figsize=(8, 3.6), layout="constrained")
    axes = plot.subplots()
    axes.bar_label(
        axes.barh(list(rates)[::-1], list(rates.values())[::-1], color="#31688e"),
        labels=[_format_rate(rate) for rate in list(rates.values())[::-1]],
        padding=4,
    )
    axes.set_xscale("log")
    axes.set_xlim(min(rates.values()) / 4, max(rates.values()) * 20)  # room for the labels
    axes.set_xlabel("lines a second, logarithmic")
    path.parent.mkdir(parents=True, exist_ok=True)
    plot.savefig(path, dpi=120)


def _format_rate(rate: float) -> str:
    """Format a rate with three digits, which is as precise as such a figure is."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if rate >= size:
            return f"{rate / size:.3g} {unit}/s"
    return f"{rate:.3g}/s"
