"""``crescendo submit``: files to a running service."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from cyclopts import Parameter

from service.cli.options import FILES_HELP, JsonOption
from service.configuration.settings import UsageError
from service.terminal import console

EXIT_REFUSED = 1
_KEY_VARIABLE = "CRESCENDO_KEY"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """Where files are sent."""

    url: Annotated[str, Parameter(help="Address of the service.")] = "http://127.0.0.1:8000"
    key: Annotated[
        str,
        Parameter(
            show_default=False, env_var=_KEY_VARIABLE, help=f"The key; {_KEY_VARIABLE} keeps it out of sight."
        ),
    ] = ""
    again: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Present files anew that were decided before."),
    ] = False
    atomic: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Accept all acts of a file or none, each file for itself; up to 50,000 lines.",
        ),
    ] = False
    dry_run: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Ask what would become of each file, were it decided now, and store nothing; up to 50,000 lines, 64 MiB.",
        ),
    ] = False

    ca: Annotated[
        Path | None,
        Parameter(help="Whom to believe that the service is itself, PEM; the machine's unless said."),
    ] = None
    cert: Annotated[Path | None, Parameter(help="Our certificate, PEM, where the service asks for one.")] = (
        None
    )
    client_key: Annotated[Path | None, Parameter(help="Its private key, PEM.")] = None


DEFAULT_SERVICE = ServiceOptions()


class SentFile(NamedTuple):
    """What was answered for a file, a ticket or a dry run, and what it took to bring it there."""

    response: dict[str, Any]
    summary: str


def submit(
    *files: Annotated[Path, Parameter(help=FILES_HELP)],
    service: ServiceOptions = DEFAULT_SERVICE,
    json: JsonOption = False,
) -> int:
    """Send files to a running service, one after the other, and wait for their receipts.

    A large file goes in pieces: after a cut, a restart of the service, or Ctrl-C and the same command again, only
    what is missing is sent. The same file sent twice is one submission. FILE.manifest.json beside a file says what it
    must add up to, and goes with it.

    Exit codes: 0 decided, whatever was refused line by line; 1 at least one file refused whole; 2 wrong usage;
    3 no answer from the service: the same command goes on.
    """
    from ingest.sidecars import exclude_sidecars
    from service.client.http_service import Refused

    files = tuple(exclude_sidecars(files))
    missing = [str(file) for file in files if not file.is_file()]
    if missing or not files:
        raise UsageError(f"no such file: {', '.join(missing)}" if missing else "name at least one file")
    if service.dry_run and service.again:
        raise UsageError(
            "--dry-run stores nothing, so there is nothing to present --again: leave one of them out"
        )
    if not service.key:
        raise UsageError(f"a key is needed: --key, or {_KEY_VARIABLE}; crescendo access create makes one")
    sent: list[SentFile] = []
    refused: list[dict[str, Any]] = []
    for file in files:
        try:
            sent.append(_send(file, service))
        except Refused as error:
            refused.append({"file": str(file), **error.problem})
            console.print_error(str(error))
    answers = [each.response for each in sent]
    if json:
        named = {"files": answers, "dry_run": True} if service.dry_run else {"submissions": answers}
        console.print_json({**named, "refused": refused})
    elif service.dry_run:
        _print_dry_runs(sent)
    else:
        _print_receipts(sent, service.url)
    return EXIT_REFUSED if refused else 0


def _send(file: Path, service: ServiceOptions) -> SentFile:
    from service.client.client import Client
    from service.client.http_service import build_tls_context
    from service.terminal.upload_progress import UploadReporter

    messenger = UploadReporter(file.name)
    try:
        tls = (
            build_tls_context(service.ca, service.cert, service.client_key)
            if service.url.startswith("https:")
            else None
        )
        client = Client(
            service.url, service.key, messenger.report_progress, noted=messenger.report_retry, tls=tls
        )
        envelope = {"atomic": True} if service.atomic else {}
        if service.dry_run:
            return SentFile(client.dry_run(file, envelope=envelope), messenger.upload.describe())
        return SentFile(
            client.submit(file, again=service.again, envelope=envelope), messenger.upload.describe()
        )
    finally:
        messenger.close()


def _print_dry_runs(sent: list[SentFile]) -> None:
    from service.cli import processing_report
    from service.results.dry_run_result import DryRunResult

    found = [msgspec.convert(each.response, DryRunResult) for each in sent]
    if found:
        processing_report.print_dry_run_files(found)
        console.print_line()
        console.print_line("Dry runs, each decided for itself and taken back: nothing is stored.")


def _print_receipts(sent: list[SentFile], url: str) -> None:
    from service.cli import processing_report
    from service.results.receipts import Reason, Receipt

    if not sent:
        return
    console.print_table(
        processing_report.build_receipt_table(
            [msgspec.convert(each.response["receipt"], Receipt) for each in sent]
        )
    )
    reasons = [msgspec.convert(each, Reason) for one in sent for each in one.response["reasons"]]
    if reasons:
        console.print_table(processing_report.build_reason_table(reasons))
    console.print_line()
    for each in sent:
        console.print_line(f"{each.response['receipt']['file']}: {each.summary}.")
        if each.response["reasons"]:
            console.print_line(f"  Its refused lines, one by one: {url}{each.response['links']['refusals']}")
