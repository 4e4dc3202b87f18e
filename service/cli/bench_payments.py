"""``crescendo bench payments``: from due requests to payment files for the bank."""

import asyncio
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from service.cli.shared_options import JsonOption
from service.configuration.settings import Settings
from service.database.configured_database import open_database
from service.database.ledger_selection import LedgerCreation
from service.engine import kernel_warmup, process_tuning
from service.terminal import console, processing_progress


def payments(
    *,
    requests: Annotated[int, Parameter(help="Due requests, all paid by one run.")] = 2_000_000,
    seed: Annotated[int, Parameter(help="The same seed produces the same requests.")] = 1,
    json: JsonOption = False,
) -> None:
    """Measure payments per second from due requests to committed entries and written files, with verified results.

    A new database in the current folder is filled with requests; then a run is proposed, released and issued. The measured
    time includes the start of the engine. Journal and files, read by an independent reader, must add up to the requests.
    """
    from bench import machine
    from bench.payments.payable_requests import Size
    from bench.payments.payment_benchmark import PaymentFigures, measure

    process_tuning.tune_process()
    reporter = processing_progress.create_reporter()

    async def work(folder: Path) -> PaymentFigures:
        settings = Settings(data=folder / "data")
        creation = LedgerCreation(reporter.report_activity)
        async with open_database(settings, reporter.report_activity, creation) as database:
            return await measure(
                database.dsn, folder, Size(requests, seed), report_progress=reporter.report_activity
            )

    try:
        kernel_warmup.load_kernels(reporter)
        with tempfile.TemporaryDirectory(prefix="crescendo-bench-", dir=Path.cwd()) as folder:
            figures = asyncio.run(work(Path(folder)))
    finally:
        reporter.close()
    document = {
        "payments_a_second": figures.payments_a_second,
        **asdict(figures),
        "machine": machine.describe_machine(),
    }
    if json:
        console.print_json(document)
        return
    console.print_line(
        f"{figures.payments:,} payments in {figures.total_seconds:.1f} s, {figures.payments_a_second:,} a second; "
        f"{figures.files:,} files, {figures.size_bytes / 1e6:,.0f} MB."
    )
    for step, seconds in figures.seconds.items():
        console.print_line(f"  {step}: {seconds:.1f} s")
    console.print_line(machine.describe_machine())
