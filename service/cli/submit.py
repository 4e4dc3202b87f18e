"""``crescendo submit``: files to a running service."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from cyclopts import Parameter

from service.cli.options import FILES, Json
from service.settings import Misuse
from service.terminal import console

EXIT_REFUSED = 1
_VARIABLE = "CRESCENDO_KEY"


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class To:
    """Where files are sent."""

    url: Annotated[str, Parameter(help="Address of the service.")] = "http://127.0.0.1:8000"
    key: Annotated[
        str,
        Parameter(show_default=False, env_var=_VARIABLE, help=f"The key; {_VARIABLE} keeps it out of sight."),
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


HERE = To()


class Sent(NamedTuple):
    """What was answered for a file, a ticket or a dry run, and what it took to bring it there."""

    answer: dict[str, Any]
    course: str


def submit(
    *files: Annotated[Path, Parameter(help=FILES)],
    to: To = HERE,
    json: Json = False,
) -> int:
    """Send files to a running service, one after the other, and wait for their receipts.

    A large file goes in pieces: after a cut, a restart of the service, or Ctrl-C and the same command again, only
    what is missing is sent. The same file sent twice is one submission. FILE.manifest.json beside a file says what it
    must add up to, and goes with it.

    Exit codes: 0 decided, whatever was refused line by line; 1 at least one file refused whole; 2 wrong usage;
    3 no answer from the service: the same command goes on.
    """
    from ingest.sidecars import by_themselves
    from service.client.http_service import Refused

    files = tuple(by_themselves(files))
    missing = [str(file) for file in files if not file.is_file()]
    if missing or not files:
        raise Misuse(f"no such file: {', '.join(missing)}" if missing else "name at least one file")
    if to.dry_run and to.again:
        raise Misuse(
            "--dry-run stores nothing, so there is nothing to present --again: leave one of them out"
        )
    if not to.key:
        raise Misuse(f"a key is needed: --key, or {_VARIABLE}; crescendo access create makes one")
    sent: list[Sent] = []
    refused: list[dict[str, Any]] = []
    for file in files:
        try:
            sent.append(_send(file, to))
        except Refused as error:
            refused.append({"file": str(file), **error.problem})
            console.complain(str(error))
    answers = [each.answer for each in sent]
    if json:
        named = {"files": answers, "dry_run": True} if to.dry_run else {"submissions": answers}
        console.as_json({**named, "refused": refused})
    elif to.dry_run:
        _foretell(sent)
    else:
        _tell(sent, to.url)
    return EXIT_REFUSED if refused else 0


def _send(file: Path, to: To) -> Sent:
    from service.client.client import Client
    from service.client.http_service import trusting
    from service.terminal.upload_progress import Messenger

    messenger = Messenger(file.name)
    try:
        tls = trusting(to.ca, to.cert, to.client_key) if to.url.startswith("https:") else None
        client = Client(to.url, to.key, messenger.told, noted=messenger.noted, tls=tls)
        envelope = {"atomic": True} if to.atomic else {}
        if to.dry_run:
            return Sent(client.dry_run(file, envelope=envelope), messenger.delivery.told())
        return Sent(client.submit(file, again=to.again, envelope=envelope), messenger.delivery.told())
    finally:
        messenger.close()


def _foretell(sent: list[Sent]) -> None:
    from service.cli import processing_report
    from service.results.dry_run_result import DryRun

    found = [msgspec.convert(each.answer, DryRun) for each in sent]
    if found:
        processing_report.tell_dry_runs(found)
        console.say()
        console.say("Dry runs, each decided for itself and taken back: nothing is stored.")


def _tell(sent: list[Sent], url: str) -> None:
    from service.cli import processing_report
    from service.results.receipts import Reason, Receipt

    if not sent:
        return
    console.show(
        processing_report.receipts([msgspec.convert(each.answer["receipt"], Receipt) for each in sent])
    )
    reasons = [msgspec.convert(each, Reason) for one in sent for each in one.answer["reasons"]]
    if reasons:
        console.show(processing_report.reasons(reasons))
    console.say()
    for each in sent:
        console.say(f"{each.answer['receipt']['file']}: {each.course}.")
        if each.answer["reasons"]:
            console.say(f"  Its refused lines, one by one: {url}{each.answer['links']['refusals']}")
