"""What is kept of a benchmark: a line of history, the table of the README, a plot."""

import json
import shutil
import subprocess
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.machine import describe_machine
from bench.suite import SuiteFigures

START, END = "<!-- bench:start -->", "<!-- bench:end -->"


def render_table(figures: SuiteFigures, on: str) -> str:
    """The figures as a Markdown table."""
    run, raw, peer = figures.run, figures.raw, figures.peer
    stages = run.stage_microseconds_a_line.items()
    rows = [
        ("the year, from command start to last commit", f"{run.lines:,} lines in {run.seconds:,.1f} s"),
        ("its rate", f"{run.lines_a_second:,.0f} lines/s"),
        ("indexing for look-ups after it, apart", f"{run.indexing_seconds:.1f} s"),
        ("a start with all of it in the journal, the whole command", f"{figures.start_seconds:.1f} s"),
        ("rows it stored", f"{raw.rows:,}, {raw.rows / run.seconds:,.0f} a second"),
        ("raw COPY of the same rows, two connections", f"{raw.rows_a_second:,.0f} rows/s"),
        ("the year over raw COPY", f"{figures.ratio:.2f}"),
        ("row-by-row PL/pgSQL, one call an act", f"{peer.lines_a_second:,} lines/s"),
        ("the year over that", f"{figures.peer_speedup:.0f} times"),
        ("the same PL/pgSQL in one loop inside the server", f"{peer.looping_lines_a_second:,} lines/s"),
        ("processor time of the process", f"{run.core_microseconds_a_line:.2f} core-µs a line"),
        *((f"of it: {stage}", f"{spent:.2f}") for stage, spent in stages),
        ("peak memory of the process", f"{run.peak_memory_bytes / 1e9:.2f} GB"),
        ("decision kernel, book in cache", f"{figures.decision.lines_a_second / 1e6:.1f} M lines/s"),
        ("availability alone, four levels", f"{figures.availability.lines_a_second / 1e6:.1f} M lines/s"),
    ]
    body = "\n".join(f"| {what} | {figure} |" for what, figure in rows)
    return f"| measured | figure |\n|---|---:|\n{body}\n\n{on}; {figures.server}; seed {figures.seed}."


def publish(figures: SuiteFigures, root: Path) -> None:
    """Append to ``bench/history.jsonl``, fill the README's table, draw ``docs/bench.png``."""
    on = describe_machine()
    with (root / "bench/history.jsonl").open("a") as history:
        history.write(json.dumps(build_record(figures, on, root)) + "\n")
    fill_marked_block(root / "README.md", render_table(figures, on))
    draw_plot(figures, root / "docs/bench.png")


def build_record(figures: SuiteFigures, on: str, root: Path) -> dict[str, Any]:
    """One line of history."""
    head = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _read_commit(root),
        "machine": on,
    }
    return head | asdict(figures) | {"ratio": round(figures.ratio, 4)}


def _read_commit(root: Path) -> str:
    """The commit measured, marked when files differ from it; empty outside a repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    words = [git, "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def fill_marked_block(readme: Path, text: str, marks: tuple[str, str] = (START, END)) -> None:
    """Put ``text`` between the marks of ``readme``.

    Raises
    ------
    ValueError
        The marks are not there, once each.
    """
    whole, (start, end) = readme.read_text(), marks
    if whole.count(start) != 1 or whole.count(end) != 1:
        raise ValueError(f"{readme} must have {start} and {end} once each")
    before, rest = whole.split(start)
    readme.write_text(f"{before}{start}\n{text}\n{end}{rest.split(end)[1]}")


def draw_plot(figures: SuiteFigures, path: Path) -> None:
    """Draw the rates as bars."""
    from matplotlib.figure import Figure

    rates = {
        "the year, committed": figures.run.lines_a_second,
        "raw COPY": figures.raw.rows_a_second,
        "PL/pgSQL, row by row": figures.peer.lines_a_second,
        "decision kernel": figures.decision.lines_a_second,
        "availability alone": figures.availability.lines_a_second,
    }
    plot = Figure(figsize=(8, 3), layout="constrained")
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
    """Three digits are as many as such a figure bears."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if rate >= size:
            return f"{rate / size:.3g} {unit}/s"
    return f"{rate:.3g}/s"
