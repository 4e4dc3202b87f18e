"""``crescendo bench load``: the service under the load of the year-end."""

import json as codec
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import Parameter

from core.roles import Role
from service.cli.load_consent import require_consent
from service.cli.shared_options import JsonOption
from service.client.http_service import parse_address
from service.configuration.input_files import check_files
from service.configuration.settings import UsageError
from service.engine import kernel_warmup
from service.terminal import console, processing_progress

if TYPE_CHECKING:
    from bench.load.arrivals import Load
    from bench.load.http_connections import Address
    from bench.load.load_target import ReadStored, SenderKey, StoredForms, Target
    from bench.load.paid_requests import PaymentLoad
    from service.cli.bench_load_target import RunningService
    from service.terminal.processing_progress import ProgressReporter

_ROOT = Path(__file__).parents[2]
_SENDERS = Role.AUTHORISING_OFFICER
_SETUP_ROLES = (Role.BUDGET_DIRECTORATE, Role.PROGRAMME_MANAGER, Role.ASSIGNED_ACCOUNTANT)
"""The roles of the keys that open and allot the credits of a load and register its payees."""
_RATE_MIN, _RATE_FACTOR = 500, 3
"""The rate limit of a generated key: at least the default, or this multiple of its sender's share of the load."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The load to put on the service."""

    profile: Annotated[
        str,
        Parameter(
            help="year-end: the rate rises to the peak and falls again; steady: the rate stays at the peak."
        ),
    ] = "year-end"
    connections: Annotated[int, Parameter(help="Number of connections, which stay open all the time.")] = (
        13_000
    )
    rate: Annotated[int, Parameter(help="Forms per second at the peak.")] = 2_000
    seconds: Annotated[int, Parameter(help="Duration of the peak.")] = 300
    senders: Annotated[int, Parameter(help="Number of senders, each with its own key.")] = 10
    file_lines: Annotated[int, Parameter(help="Lines of each file sent meanwhile; 0 for none.")] = 200_000
    seed: Annotated[int, Parameter(help="The same seed produces the same load.")] = 1
    payments: Annotated[
        int, Parameter(help="Requests that a run pays, and a statement debits, meanwhile; 0 for none.")
    ] = 0


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class TargetOptions:
    """The service to put under load."""

    url: Annotated[str, Parameter(help="Address of a running service; default: start a new one.")] = ""
    keys: Annotated[
        Path | None,
        Parameter(
            help="With --url: a file with its keys, one after the other as `crescendo access create --json` writes them."
        ),
    ] = None
    yes: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="With --url: send without asking, for scripts."),
    ] = False


DEFAULT_LOAD = LoadOptions()
DEFAULT_TARGET = TargetOptions()


def load(
    *,
    load_options: LoadOptions = DEFAULT_LOAD,
    target_options: TargetOptions = DEFAULT_TARGET,
    publish: Annotated[bool, Parameter(help="Fill docs/load.md, draw docs/load.png.")] = False,
    json: JsonOption = False,
) -> int:
    """Send forms over thousands of connections, and files at the same time; every response is checked.

    Forms are sent at a fixed rate, whether or not earlier forms are answered (open loop). The response time of a form
    is measured from the moment at which it was planned to be sent. At the end, the responses, the receipts and the
    journal must agree. With --url, the file of --keys must contain one key with the role authorising_officer for each
    sender, and one key with each of the roles budget_directorate, programme_manager and assigned_accountant.
    What that service accepts stays in its journal: the command states it and asks first, unless --yes is given.

    Exit codes: 0 measured; 1 a response was wrong or missing, so the figures are not valid; 2 wrong usage, or no consent;
    3 the service refused the budget of the load, or cannot be reached.
    """
    from bench.load import load_report
    from bench.load.arrivals import Load
    from bench.load.load_benchmark import run_load

    try:
        values = asdict(load_options)
        payments = values.pop("payments")
        load_request = Load(**values)
    except ValueError as error:
        raise UsageError(str(error)) from error
    reporter = processing_progress.create_reporter()
    try:
        with _open_target(load_request, target_options, reporter, payments=payments) as target:
            figures = run_load(load_request, target)
    finally:
        reporter.close()
    if json:
        console.print_json(asdict(figures))
    else:
        console.print_line(load_report.render_table(figures))
    if publish and figures.is_verified:
        load_report.publish(figures, _ROOT)
    return 0 if figures.is_verified else 1


@contextmanager
def _open_target(
    load: "Load", target_options: TargetOptions, reporter: "ProgressReporter", *, payments: int
) -> Iterator["Target"]:
    from bench.load.load_target import Target

    if target_options.url:
        if payments:
            raise UsageError("--payments needs a service of its own: leave out --url")
        address, keys = _parse_address(target_options.url), read_keys(target_options.keys)
        require_consent(load, target_options.url, is_given=target_options.yes)
        yield Target(address, *keys, report_progress=reporter.report_activity)
        return
    from service.cli.bench_load_target import run_service

    kernel_warmup.load_kernels(reporter)  # compilation happens once and is not measured
    reporter.report_activity("starting a service")
    with run_service(Path.cwd(), load.senders, choose_rate_limit(load)) as service:
        target = create_target(service, reporter)
        yield target._replace(payments=_create_payment_load(service, payments, reporter))


def choose_rate_limit(load: "Load") -> int:
    """Choose the rate limit of each generated key."""
    return max(_RATE_MIN, _RATE_FACTOR * load.rate // load.senders)


def create_target(service: "RunningService", reporter: "ProgressReporter") -> "Target":
    """Create the target of a load from a service that was started for it."""
    from bench.load.load_target import SenderKey, Target

    *sender_keys, directorate, manager, accountant = [SenderKey(*key) for key in service.keys]
    return Target(
        _parse_address(service.url),
        sender_keys,
        directorate,
        manager,
        accountant,
        service.process,
        _create_journal_reader(service),
        reporter.report_activity,
    )


def _create_payment_load(
    service: "RunningService", requests: int, reporter: "ProgressReporter"
) -> "PaymentLoad | None":
    from bench.load.paid_requests import PayingService, PaymentLoad

    if not requests:
        return None
    paying = PayingService(
        _parse_address(service.url), service.data, service.dsn, [token for _, token in service.accountants]
    )
    return PaymentLoad(paying, requests, report_progress=reporter.report_activity)


def _create_journal_reader(service: "RunningService") -> "ReadStored":
    from bench.load import load_queries

    async def read_journal(submissions: Sequence[int]) -> "StoredForms":
        return await load_queries.read_stored_forms(service.dsn, submissions)

    return read_journal


class _LoadKeys(NamedTuple):
    """The keys that a load needs."""

    senders: list["SenderKey"]
    directorate: "SenderKey"
    manager: "SenderKey"
    accountant: "SenderKey"


def _parse_objects(text: str) -> list[Any]:
    """Parse JSON values that follow each other, each over one line or several."""
    decoder, values, text = codec.JSONDecoder(), list[Any](), text.strip()
    while text:
        value, end = decoder.raw_decode(text)
        values.append(value)
        text = text[end:].lstrip()
    return values


def read_keys(path: Path | None) -> _LoadKeys:
    """Read the keys of a file: those of senders, of the budget directorate, of a programme manager and of an accountant."""
    from bench.load.load_target import SenderKey

    if path is None:
        raise UsageError(
            "--url needs --keys: name a file with the keys, one after the other, as crescendo access create --json writes them"
        )
    check_files([path])
    try:
        rows = _parse_objects(path.read_text())
        keys = [
            (frozenset(Role(role) for role in row["roles"]), SenderKey(row["sender"], row["token"]))
            for row in rows
        ]
    except (ValueError, KeyError, TypeError) as error:
        cause = f"a key has no {error}" if isinstance(error, KeyError) else error
        raise UsageError(
            f"{path}: the keys cannot be read ({cause}). Write what crescendo access create --json prints,"
            " one key after the other"
        ) from error
    by_role = {role: [key for roles, key in keys if role in roles] for role in (_SENDERS, *_SETUP_ROLES)}
    missing = [role for role, role_keys in by_role.items() if not role_keys]
    if missing:
        raise UsageError(f"{path}: add a key with each of the roles {', '.join(missing)}")
    return _LoadKeys(by_role[_SENDERS], *(by_role[role][0] for role in _SETUP_ROLES))


def _parse_address(url: str) -> "Address":
    from bench.load.http_connections import Address

    scheme, host, port = parse_address(url)
    if scheme != "http":
        raise UsageError(
            f"{url}: the load test uses plain HTTP only. Write the address as in http://127.0.0.1:8000"
        )
    return Address(host, port or 80)
