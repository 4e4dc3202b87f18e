"""``crescendo bench load``: the service under the load of a year's end."""

import json as codec
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from cyclopts import Parameter

from service.auth.roles import Role
from service.cli.options import Json
from service.engine import kernel_warmup
from service.settings import Misuse
from service.terminal import console, processing_progress

if TYPE_CHECKING:
    from bench.load.arrivals import Load
    from bench.load.http_connections import Address
    from bench.load.load_benchmark import Journal, Kept, Key, Target
    from service.cli.bench_load_target import Loaded
    from service.terminal.processing_progress import Narrator

_ROOT = Path(__file__).parents[2]
_STEWARD = frozenset({Role.PROGRAMME_MANAGER, Role.ASSIGNED_ACCOUNTANT})
_RATE_MIN, _ROOM = 500, 3
"""A key of ours may ask as often as any, or so many times its sender's share of the load."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the service."""

    profile: Annotated[str, Parameter(help="year-end swells to the peak and ebbs; steady is all peak.")] = (
        "year-end"
    )
    connections: Annotated[int, Parameter(help="Connections, open all the time.")] = 13_000
    rate: Annotated[int, Parameter(help="Forms a second at the peak.")] = 2_000
    seconds: Annotated[int, Parameter(help="How long the peak lasts.")] = 300
    senders: Annotated[int, Parameter(help="Ministries' systems, each with a key of its own.")] = 10
    file_lines: Annotated[int, Parameter(help="Lines of each file sent meanwhile; 0 for none.")] = 200_000
    seed: Annotated[int, Parameter(help="The same seed sends the same.")] = 1


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Running:
    """Which service is loaded."""

    url: Annotated[str, Parameter(help="A running service; one of our own where none is named.")] = ""
    keys: Annotated[
        Path | None,
        Parameter(help="With --url: its keys, a line each as `crescendo access create --json` writes them."),
    ] = None


AS_AT_YEAR_END = Asked()
OURS = Running()


def load(
    *,
    asked: Asked = AS_AT_YEAR_END,
    running: Running = OURS,
    publish: Annotated[bool, Parameter(help="Fill docs/load.md, draw docs/load.png.")] = False,
    json: Json = False,
) -> int:
    """Send forms in open loop over thousands of connections, and files beside them; every answer is checked.

    A form's time is counted from the moment it was due. At the end answers, receipts and journal must agree. The
    keys of --url are an authorising officer's for each sender, and one that is both programme manager and assigned
    accountant.

    Exit codes: 0 measured; 1 an answer was wrong or missing, so the figures mean nothing; 2 wrong usage.
    """
    from bench.load import load_report
    from bench.load.arrivals import Load
    from bench.load.load_benchmark import run_load

    try:
        wanted = Load(**asdict(asked))
    except ValueError as error:
        raise Misuse(str(error)) from error
    teller = processing_progress.narrator()
    try:
        with _target(wanted, running, teller) as target:
            figures = run_load(wanted, target)
    finally:
        teller.close()
    if json:
        console.as_json(asdict(figures))
    else:
        console.say(load_report.table(figures))
    if publish and figures.is_verified:
        load_report.publish(figures, _ROOT)
    return 0 if figures.is_verified else 1


@contextmanager
def _target(wanted: "Load", running: Running, teller: "Narrator") -> Iterator["Target"]:
    from bench.load.load_benchmark import Key, Target

    if running.url:
        own, steward = _given(running.keys)
        yield Target(_address(running.url), own, steward, doing=teller.doing)
        return
    from service.cli.bench_load_target import served

    kernel_warmup.load(teller)  # what is compiled once and for all is no part of a load
    teller.doing("starting a service")
    rate = max(_RATE_MIN, _ROOM * wanted.rate // wanted.senders)
    with served(Path.cwd(), wanted.senders, rate) as found:
        *own, steward = [Key(*each) for each in found.keys]
        yield Target(_address(found.url), own, steward, found.process, _journal(found), teller.doing)


def _journal(found: "Loaded") -> "Journal":
    from bench.load import load_queries

    async def asked(submissions: Sequence[int]) -> "Kept":
        return await load_queries.kept(found.dsn, submissions)

    return asked


def _given(path: Path | None) -> tuple[list["Key"], "Key"]:
    """The keys of a file: those of senders, and the steward's."""
    from bench.load.load_benchmark import Key

    if path is None:
        raise Misuse(
            "--url needs --keys: a file with a line for each key, as access create --json writes them"
        )
    try:
        rows = [codec.loads(line) for line in path.read_text().splitlines() if line.strip()]
        held = [
            (frozenset(Role(each) for each in row["roles"]), Key(row["sender"], row["token"])) for row in rows
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misuse(f"{path}: {error!r}. Write one key a line, as access create --json does") from error
    stewards = [key for roles, key in held if roles >= _STEWARD]
    own = [key for roles, key in held if Role.AUTHORISING_OFFICER in roles]
    if not (stewards and own):
        raise Misuse(
            f"{path}: needs the key of an authorising officer, and one of a programme manager and assigned accountant"
        )
    return own, stewards[0]


def _address(url: str) -> "Address":
    from bench.load.http_connections import Address

    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise Misuse(f"{url}: a load goes over plain http, as in http://127.0.0.1:8000")
    return Address(parts.hostname, parts.port or 80)
