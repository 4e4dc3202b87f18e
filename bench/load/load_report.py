"""Publish the figures of a load: a table, the figures in ``docs/load.md``, a plot beside it."""

from collections.abc import Mapping
from pathlib import Path

from bench import publication
from bench.load.load_benchmark import LoadFigures

START, END = "<!-- load:start -->", "<!-- load:end -->"
TARGET_P99_MS = 250
"""The target for the 99th percentile at the year's end."""

_PROCESSES: Mapping[str, str] = {
    "load": "senders of forms",
    "files": "senders of files",
    "service": "service",
    "postgres": "PostgreSQL",
}


def render_table(figures: LoadFigures) -> str:
    """Render the figures as a Markdown table."""
    body = "\n".join(
        f"| {label} | {figure} |" for label, figure in [*_list_settings(figures), *_list_results(figures)]
    )
    table = f"| measured | figure |\n|---|---:|\n{body}"
    if figures.is_verified:
        return f"{table}\n\n{figures.on}; seed {figures.load.seed}."
    errors = "\n".join(f"- {error}" for error in figures.errors)
    return f"{table}\n\n**Not valid: {figures.error_count:,} errors.**\n\n{errors}"


def _list_settings(figures: LoadFigures) -> list[tuple[str, str]]:
    load = figures.load
    return [
        ("profile", f"{load.profile}, {load.seconds} s at the peak"),
        ("connections, open throughout", f"{load.connections:,}"),
        ("senders", str(load.senders)),
        ("forms sent", f"{figures.forms:,}"),
        ("forms a second at the peak, open loop", f"{figures.peak_rate:,.0f}"),
    ]


def _list_results(figures: LoadFigures) -> list[tuple[str, str]]:
    latencies = [
        (f"{name}, from the moment a form was due", f"{ms:,.1f} ms")
        for name, ms in figures.latency_ms.items()
    ]
    processor_times = figures.core_microseconds_a_form.items()
    return [
        *latencies,
        ("p99 of the delay of the load itself", f"{figures.late_ms.get('p99', 0):,.1f} ms"),
        ("expected responses", f"{sum(figures.outcomes.values()):,}"),
        *((f"of which {outcome}", f"{count:,}") for outcome, count in figures.outcomes.items()),
        ("errors and forms without a response", f"{figures.error_count:,}"),
        ("files decided during the load", f"{figures.files:,}"),
        ("lines of files a second", f"{figures.file_lines_a_second:,}"),
        ("time without a file in progress", f"{figures.without_file_seconds:.1f} s"),
        *_list_payments(figures),
        *(
            (f"processor time per form, all work included: {_PROCESSES[name]}", f"{microseconds:.0f} core-µs")
            for name, microseconds in processor_times
        ),
        *_list_memory(figures),
    ]


def _list_memory(figures: LoadFigures) -> list[tuple[str, str]]:
    """List the memory of the service; that of a service elsewhere is not known."""
    if not figures.peak_memory_bytes:
        return []
    return [
        ("peak memory of the service", f"{figures.peak_memory_bytes / 1e6:,.0f} MB"),
        ("memory growth for each decided line", f"{figures.memory_bytes_a_line:,.0f} bytes"),
    ]


def _list_payments(figures: LoadFigures) -> list[tuple[str, str]]:
    payments = figures.payments
    if payments is None:
        return []
    return [
        ("payments of the run issued meanwhile", f"{payments.requests:,}"),
        (
            "of which issued a second, from the request to the written files",
            f"{payments.issued_a_second:,}",
        ),
        ("debits of its statements imported a second", f"{payments.imported_a_second:,}"),
    ]


def publish(figures: LoadFigures, root: Path) -> None:
    """Fill ``docs/load.md`` and draw ``docs/load.png``."""
    publication.fill_marked_block(root / "docs/load.md", render_table(figures), (START, END))
    draw_plot(figures, root / "docs/load.png")


def draw_plot(figures: LoadFigures, path: Path) -> None:
    """Draw the load, the latencies and the memory, second by second."""
    from matplotlib.figure import Figure

    plot = Figure(figsize=(9, 7), layout="constrained")
    top, middle, bottom = plot.subplots(3, sharex=True)
    series = figures.seconds
    seconds = range(len(series.due))
    top.plot(seconds, series.due, color="#bbbbbb", label="due")
    top.plot(seconds, series.answered, color="#31688e", label="answered")
    top.set_ylabel("forms a second")
    for name, values, colour in (
        ("max", series.max_ms, "#cccccc"),
        ("p99", series.p99_ms, "#d8576b"),
        ("p50", series.p50_ms, "#31688e"),
    ):
        middle.plot(seconds, values, color=colour, label=name)
    middle.axhline(
        TARGET_P99_MS, color="black", linewidth=0.8, linestyle="dashed", label=f"{TARGET_P99_MS} ms"
    )
    middle.set_yscale("log")
    middle.set_ylabel("milliseconds")
    usage = figures.usage
    bottom.plot(usage.at, [size / 1e6 for size in usage.service_bytes], color="#31688e", label="service")
    bottom.set_ylim(bottom=0)
    bottom.set_ylabel("memory, MB")
    bottom.set_xlabel("seconds")
    for axes in (top, middle, bottom):
        axes.legend(loc="lower right", ncols=4, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    plot.savefig(path, dpi=110)
