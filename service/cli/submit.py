"""``crescendo submit``: send files to a running service."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from cyclopts import Parameter

from service.cli.shared_options import (
    FILES_HELP,
    AgainOption,
    AtomicOption,
    CharsetOption,
    ExtraColumnsOption,
    JsonOption,
    check_charset,
)
from service.configuration.input_files import check_files
from service.configuration.settings import UsageError
from service.terminal import console

EXIT_REFUSED = 1
_KEY_VARIABLE = "CRESCENDO_KEY"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """The service to which files are sent, and how."""

    url: Annotated[str, Parameter(help="Address of the service.")] = "http://127.0.0.1:8000"
    key: Annotated[
        str,
        Parameter(
            show_default=False,
            env_var=_KEY_VARIABLE,
            help=f"API key; {_KEY_VARIABLE} keeps it out of the process list.",
        ),
    ] = ""
    again: AgainOption = False
    atomic: AtomicOption = False
    charset: CharsetOption = ""
    extra_columns: ExtraColumnsOption = False
    dry_run: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Show how each file would be decided now, and store nothing; up to 50,000 lines, 64 MiB.",
        ),
    ] = False

    ca: Annotated[
        Path | None,
        Parameter(help="Trusted certificate authorities (PEM); default: those of this machine."),
    ] = None
    cert: Annotated[Path | None, Parameter(help="Client certificate (PEM), if the service requires one.")] = (
        None
    )
    client_key: Annotated[Path | None, Parameter(help="Private key of the client certificate (PEM).")] = None


DEFAULT_SERVICE = ServiceOptions()


class SentFile(NamedTuple):
    """The response to a file (a ticket or a dry run), and a summary of its transfer."""

    response: dict[str, Any]
    summary: str


def submit(
    *files: Annotated[Path, Parameter(help=FILES_HELP)],
    service: ServiceOptions = DEFAULT_SERVICE,
    json: JsonOption = False,
) -> int:
    """Send files to a running service, one after the other, and wait for their receipts.

    A large file is sent in pieces. If the connection breaks, if the service restarts, or if you stop the command with
    Ctrl-C and run it again, only the rest is sent. The same file sent twice is one submission. FILE.manifest.json
    beside a file states its totals, and is sent with it.

    Exit codes: 0 decided, even if lines were refused; 1 at least one file was refused whole; 2 wrong usage; 3 no
    response from the service: run the same command again to continue.
    """
    from ingest.sidecars import exclude_sidecars
    from service.client.http_service import Refused

    files = tuple(exclude_sidecars(files))
    if not files:
        raise UsageError("name at least one file")
    check_files(files)
    if service.dry_run and service.again:
        raise UsageError(
            "--dry-run stores nothing, so there is nothing to process --again: use only one of them"
        )
    if not service.key:
        raise UsageError(
            f"an API key is needed: give it with --key or {_KEY_VARIABLE}; crescendo access create makes one"
        )
    sent: list[SentFile] = []
    refused: list[dict[str, Any]] = []
    for file in files:
        try:
            sent.append(_send(file, service))
        except Refused as error:
            refused.append({"file": str(file), **error.problem})
            console.print_error(str(error))
    responses = [sent_file.response for sent_file in sent]
    if json:
        results = {"files": responses, "dry_run": True} if service.dry_run else {"submissions": responses}
        console.print_json({**results, "refused": refused})
    elif service.dry_run:
        _print_dry_runs(sent)
    else:
        _print_receipts(sent, service.url)
    return EXIT_REFUSED if refused else 0


def _send(file: Path, service: ServiceOptions) -> SentFile:
    from service.client import Client
    from service.client.http_service import build_tls_context
    from service.terminal.upload_progress import UploadReporter

    reporter = UploadReporter(file.name)
    try:
        is_https = service.url.startswith("https:")
        tls = build_tls_context(service.ca, service.cert, service.client_key) if is_https else None
        client = Client(
            service.url, service.key, reporter.report_progress, on_retry=reporter.report_retry, tls=tls
        )
        envelope = _build_envelope(service)
        if service.dry_run:
            response = client.dry_run(file, envelope=envelope)
        else:
            response = client.submit(file, again=service.again, envelope=envelope)
        return SentFile(response, reporter.upload.describe())
    finally:
        reporter.close()


def _build_envelope(service: ServiceOptions) -> dict[str, str | bool]:
    """Return what the options state about each file; the manifest beside it states the rest."""
    charset = check_charset(service.charset)
    options = {"atomic": service.atomic, "charset": charset, "extra_columns": service.extra_columns}
    return {key: value for key, value in options.items() if value}


def _print_dry_runs(sent: list[SentFile]) -> None:
    from service.cli import processing_report
    from service.results.dry_run_result import DryRunResult

    results = [msgspec.convert(sent_file.response, DryRunResult) for sent_file in sent]
    if results:
        processing_report.print_dry_run_files(results)
        console.print_line()
        console.print_line("Dry runs, each file on its own: nothing is stored.")


def _print_receipts(sent: list[SentFile], url: str) -> None:
    from service.cli import processing_report
    from service.results.receipts import Reason, Receipt

    if not sent:
        return
    receipts = [msgspec.convert(file.response["receipt"], Receipt) for file in sent]
    console.print_table(processing_report.build_receipt_table(receipts))
    processing_report.print_readings(receipts)
    reasons = [msgspec.convert(reason, Reason) for file in sent for reason in file.response["reasons"]]
    if reasons:
        console.print_table(processing_report.build_reason_table(reasons))
    console.print_line()
    for file in sent:
        console.print_line(f"{file.response['receipt']['file']}: {file.summary}.")
        if file.response["reasons"]:
            console.print_line(f"  Refused lines one by one: {url}{file.response['links']['refusals']}")
