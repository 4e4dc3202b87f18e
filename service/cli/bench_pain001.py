"""``crescendo bench pain001``: reading and resolving payment files, compared with lxml."""

from typing import Annotated

from cyclopts import Parameter

from service.cli.number_limits import AMOUNT_OF_WORK
from service.cli.shared_options import JsonOption
from service.engine import kernel_warmup
from service.terminal import console, processing_progress


def payment_files(
    *,
    transfers: Annotated[
        int, Parameter(help="Transfers in the file; 300,000 are some 220 MB.", validator=AMOUNT_OF_WORK)
    ] = 300_000,
    json: JsonOption = False,
) -> None:
    """Measure how many megabytes per second of a payment file are read and converted to acts, compared with lxml.

    A file with its account assignments is written to a temporary folder; every text read from it must be the one that
    lxml reads. Both programs are timed on the same file, and the memory of the reading process is reported.
    """
    from bench import machine
    from bench.payments.pain001_benchmark import format_figures, measure

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
