"""What is shown and kept of a load: a table, the figures in ``docs/load.md``, a plot beside it."""

from pathlib import Path

from bench import publication
from bench.load.load_benchmark import LoadFigures

START, END = "<!-- load:start -->", "<!-- load:end -->"
TARGET_P99_MS = 250
"""What the 99th percentile may be at the year's end."""


def render_table(figures: LoadFigures) -> str:
    """The figures as a Markdown table."""
    body = "\n".join(
        f"| {what} | {figure} |" for what, figure in [*_list_settings(figures), *_list_results(figures)]
    )
    whole = f"| measured | figure |\n|---|---:|\n{body}"
    if figures.is_verified:
        return f"{whole}\n\n{figures.on}; seed {figures.load.seed}."
    told = "\n".join(f"- {each}" for each in figures.errors)
    return f"{whole}\n\n**Not to be believed: {figures.error_count:,} errors.**\n\n{told}"


def _list_settings(figures: LoadFigures) -> list[tuple[str, str]]:
    load = figures.load
    return [
        ("profile", f"{load.profile}, {load.seconds} s at the peak"),
        ("connections, open all the time", f"{load.connections:,}"),
        ("senders", str(load.senders)),
        ("forms sent", f"{figures.forms:,}"),
        ("forms a second at the peak, open loop", f"{figures.peak_rate:,.0f}"),
    ]


def _list_results(figures: LoadFigures) -> list[tuple[str, str]]:
    took = [
        (f"{name}, from the moment a form was due", f"{ms:,.1f} ms")
        for name, ms in figures.latency_ms.items()
    ]
    spent = figures.core_microseconds_a_form.items()
    return [
        *took,
        ("p99 of what the load itself came late by", f"{figures.late_ms.get('p99', 0):,.1f} ms"),
        ("answers as expected", f"{sum(figures.outcomes.values()):,}"),
        *((f"of them {outcome}", f"{count:,}") for outcome, count in figures.outcomes.items()),
        ("errors, or forms without an answer", f"{figures.error_count:,}"),
        ("files decided meanwhile", f"{figures.files:,}"),
        ("their lines a second", f"{figures.file_lines_a_second:,}"),
        ("without a file in process", f"{figures.without_file_seconds:.1f} s"),
        *((f"processor time a form, files included: {name}", f"{each:.0f} core-µs") for name, each in spent),
        ("peak memory of the service", f"{figures.peak_memory_bytes / 1e6:,.0f} MB"),
        ("it grew by, for each line decided", f"{figures.memory_bytes_a_line:,.0f} bytes"),
    ]


def publish(figures: LoadFigures, root: Path) -> None:
    """Fill ``docs/load.md`` and draw ``docs/load.png``."""
    publication.fill_marked_block(root / "docs/load.md", render_table(figures), (START, END))
    draw_plot(figures, root / "docs/load.png")


def draw_plot(figures: LoadFigures, path: Path) -> None:
    """Draw the load, what it took, and the memory, second by second."""
    from matplotlib.figure import Figure

    plot = Figure(figsize=(9, 7), layout="constrained")
    top, middle, bottom = plot.subplots(3, sharex=True)
    found = figures.seconds
    at = range(len(found.due))
    top.plot(at, found.due, color="#bbbbbb", label="due")
    top.plot(at, found.answered, color="#31688e", label="answered")
    top.set_ylabel("forms a second")
    for name, values, colour in (
        ("max", found.max_ms, "#cccccc"),
        ("p99", found.p99_ms, "#d8576b"),
        ("p50", found.p50_ms, "#31688e"),
    ):
        middle.plot(at, values, color=colour, label=name)
    middle.axhline(
        TARGET_P99_MS, color="black", linewidth=0.8, linestyle="dashed", label=f"{TARGET_P99_MS} ms"
    )
    middle.set_yscale("log")
    middle.set_ylabel("milliseconds")
    usage = figures.usage
    bottom.plot(usage.at, [each / 1e6 for each in usage.service_bytes], color="#31688e", label="service")
    bottom.set_ylim(bottom=0)
    bottom.set_ylabel("memory, MB")
    bottom.set_xlabel("seconds")
    for axes in (top, middle, bottom):
        axes.legend(loc="lower right", ncols=4, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    plot.savefig(path, dpi=110)
