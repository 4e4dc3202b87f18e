"""``crescendo submit``: send files to a running service."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from cyclopts import Parameter

from service.cli.shared_options import FILES_HELP, JsonOption, check_charset, find_language
from service.cli.submit_options import DEFAULT_SERVICE, ServiceOptions
from service.configuration.input_files import check_files
from service.configuration.settings import UsageError
from service.terminal import console

EXIT_REFUSED, EXIT_STOPPED = 1, 3


class SentFile(NamedTuple):
    """The response to a file (a ticket or a dry run), a summary of its transfer, and the client that sent it."""

    response: dict[str, Any]
    summary: str
    client: Any


def submit(
    *files: Annotated[Path, Parameter(help=FILES_HELP)],
    service: ServiceOptions = DEFAULT_SERVICE,
    json: JsonOption = False,
) -> int:
    """Send files to a running service, one after the other, and wait for their receipts.

    A large file is sent in pieces. If the connection breaks, if the service restarts, or if you stop the command with
    Ctrl-C and run it again, only the rest is sent. The same file sent twice is one submission. FILE.manifest.json
    beside a file states its totals, and is sent with it. With --fetch DIR the results of each file are written into DIR
    once it is decided, under its name and the number of its submission; the receipt is the last.

    Exit codes: 0 decided, even if lines were refused; 1 at least one file was refused whole; 2 wrong usage; 3 no
    response from the service: run the same command again to continue; or results are missing in DIR: the error prints
    the command that fetches them.
    """
    from ingest.sidecars import exclude_sidecars
    from service.cli.submit_results import SubmitResults
    from service.client.http_service import Refused

    files = tuple(exclude_sidecars(files))
    if not files:
        raise UsageError("name at least one file")
    check_files(files)
    service.check()
    sent: list[SentFile] = []
    refused: list[dict[str, Any]] = []
    results = SubmitResults(service)
    for position, file in enumerate(files):
        try:
            sent.append(_send(file, service))
        except Refused as error:
            refused.append({"file": str(file), **error.problem})
            console.print_error(str(error))
            results.store_problem(file, refused[-1])
        else:
            if not results.fetch(sent[-1].client, sent[-1].response, files[position:]):
                break
    responses = [sent_file.response for sent_file in sent]
    if json:
        answers = {"files": responses, "dry_run": True} if service.dry_run else {"submissions": responses}
        console.print_json({**answers, "refused": refused, **results.describe()})
    elif service.dry_run:
        _print_dry_runs(sent)
    else:
        _print_receipts(sent, service.url)
        results.print_paths()
    if results.is_incomplete:
        return EXIT_STOPPED
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
            service.url,
            service.key,
            reporter.report_progress,
            on_retry=lambda text: reporter.report_retry(service.describe_retry(text)),
            tls=tls,
            language=service.language or find_language(),
        )
        envelope = _build_envelope(file, service)
        if service.dry_run:
            response = client.dry_run(file, envelope=envelope)
        else:
            response = client.submit(file, again=service.again, envelope=envelope)
        return SentFile(response, reporter.upload.describe(), client)
    finally:
        reporter.close()


def _build_envelope(file: Path, service: ServiceOptions) -> dict[str, str | bool]:
    """Return what the options state about a file; the manifest beside it states the rest."""
    charset = check_charset(service.charset)
    if charset:
        from ingest.formats.detection import may_have_charset

        charset = charset if may_have_charset(file) else ""
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
