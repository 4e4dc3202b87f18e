"""``crescendo bench pain001``: payment files read and resolved, against lxml."""

from typing import Annotated

from cyclopts import Parameter

from service.cli.options import Json
from service.engine import kernel_warmup
from service.settings import Misuse
from service.terminal import console, processing_progress


def payment_files(
    *,
    transfers: Annotated[int, Parameter(help="Transfers of the file; 300,000 are some 220 MB.")] = 300_000,
    json: Json = False,
) -> None:
    """Megabytes a second of a payment file read and resolved, verified against lxml before it is told.

    A file with its imputations is written to a folder for temporary files; what is read of it must be what lxml reads, to the
    last text. Both are timed on the same file, and memory is told of the process that read it.
    """
    from bench import machine
    from bench.payments.pain001_benchmark import measure, told

    if transfers < 1:
        raise Misuse("--transfers counts from 1")
    teller = processing_progress.narrator()
    try:
        kernel_warmup.load(teller)
        teller.doing("writing, verifying and timing")
        figures = measure(transfers)
    finally:
        teller.close()
    if json:
        more = {"megabytes_a_second": figures.megabytes_a_second, "times_lxml": figures.times_lxml}
        console.as_json({**figures._asdict(), **more, "machine": machine.machine()})
        return
    console.say(told(figures))
    console.say(machine.machine())
