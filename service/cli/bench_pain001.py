"""``crescendo bench pain001``: payment files read and resolved, against lxml."""

from typing import Annotated

from cyclopts import Parameter

from service.cli.options import JsonOption
from service.configuration.settings import UsageError
from service.engine import kernel_warmup
from service.terminal import console, processing_progress


def payment_files(
    *,
    transfers: Annotated[int, Parameter(help="Transfers of the file; 300,000 are some 220 MB.")] = 300_000,
    json: JsonOption = False,
) -> None:
    """Megabytes a second of a payment file read and resolved, verified against lxml before it is told.

    A file with its imputations is written to a folder for temporary files; what is read of it must be what lxml reads, to the
    last text. Both are timed on the same file, and memory is told of the process that read it.
    """
    from bench import machine
    from bench.payments.pain001_benchmark import format_figures, measure

    if transfers < 1:
        raise UsageError("--transfers counts from 1")
    reporter = processing_progress.create_reporter()
    try:
        kernel_warmup.load_kernels(reporter)
        reporter.report_activity("writing, verifying and timing")
        figures = measure(transfers)
    finally:
        reporter.close()
    if json:
        more = {"megabytes_a_second": figures.megabytes_a_second, "times_lxml": figures.lxml_speedup}
        console.print_json({**figures._asdict(), **more, "machine": machine.describe_machine()})
        return
    console.print_line(format_figures(figures))
    console.print_line(machine.describe_machine())
