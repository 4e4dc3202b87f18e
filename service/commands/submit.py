"""``crescendo submit``: files to a running service."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from service import console, progress
from service.commands.options import Json
from service.settings import Misuse

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

    ca: Annotated[
        Path | None,
        Parameter(help="Whom to believe that the service is itself, PEM; the machine's unless said."),
    ] = None
    cert: Annotated[Path | None, Parameter(help="Our certificate, PEM, where the service asks for one.")] = (
        None
    )
    client_key: Annotated[Path | None, Parameter(help="Its private key, PEM.")] = None


HERE = To()


def submit(
    *files: Annotated[Path, Parameter(help="Parquet, Arrow IPC, CSV or JSON Lines, in the flat act format.")],
    to: To = HERE,
    json: Json = False,
) -> int:
    """Send files to a running service, one after the other, and wait for their receipts.

    A connection that fails is tried again, and so is a service that says to come again: the same file sent
    twice is one submission.

    Exit codes: 0 decided, whatever was refused line by line; 1 at least one file refused whole; 2 wrong usage;
    3 no answer from the service: the same command goes on.
    """
    from service.sending import Refused

    missing = [str(file) for file in files if not file.is_file()]
    if missing or not files:
        raise Misuse(f"no such file: {', '.join(missing)}" if missing else "name at least one file")
    tickets: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for file in files:
        try:
            tickets.append(_send(file, to))
        except Refused as error:
            refused.append({"file": str(file), **error.problem})
            console.complain(str(error))
    if json:
        console.as_json({"submissions": tickets, "refused": refused})
    else:
        _tell(tickets)
    return EXIT_REFUSED if refused else 0


def _send(file: Path, to: To) -> dict[str, Any]:
    from service.sending import Service, submit, trusting

    if not to.key:
        raise Misuse(f"a key is needed: --key, or {_VARIABLE}; crescendo access create makes one")
    teller = progress.narrator()
    try:
        tls = trusting(to.ca, to.cert, to.client_key) if to.url.startswith("https:") else None
        service = Service(to.url, to.key, tls=tls)
        return submit(
            service, file, to.again, lambda done, size: teller.stepping(done, size, f"sending {file.name}")
        )
    finally:
        teller.close()


def _tell(tickets: list[dict[str, Any]]) -> None:
    from service import report
    from service.receipts import Reason, Receipt

    if tickets:
        console.show(report.receipts([msgspec.convert(each["receipt"], Receipt) for each in tickets]))
    reasons = [msgspec.convert(each, Reason) for ticket in tickets for each in ticket["reasons"]]
    if reasons:
        console.show(report.reasons(reasons))
