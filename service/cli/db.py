"""``crescendo db``: the database of the engine."""

import asyncio
from functools import partial
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from core.errors import DatabaseUnfit, InputError
from posting.store.ledger_identity import LedgerIdentity
from service.cli.caller import ReasonOptions
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption, parse_moment
from service.configuration.settings import Settings, UsageError
from service.database import session
from service.database.configured_database import (
    find_server,
    open_for_reading,
    open_or_attach,
    run_or_attach,
)
from service.database.embedded_server import Database
from service.database.ledger_selection import LedgerCreation, check_folder, describe_place
from service.terminal import console, processing_progress, signals
from service.terminal.processing_progress import ProgressReporter

app = App(name="db", help="The database: the ledger in it, its state, its migrations, its address.")

EXIT_REFUSED = 1
_CREATE_ROLE = """Keep that role for migrations, and create another one for the service:
  create role crescendo_service login password '...';
Then give both, once: crescendo db migrate --database ADDRESS-OF-THE-NEW-ROLE --migrate-database ADDRESS-OF-THAT-ROLE"""

RoleOption = Annotated[
    Literal["service", "administrator"],
    Parameter(
        help="Role of the address in an embedded server: service, which cannot change what is stored, or administrator."
    ),
]


@app.command
def create(
    *,
    name: Annotated[str, Parameter(help="Name of the ledger: letters, digits, points, hyphens.")],
    number: Annotated[str, Parameter(help="Number of the ledger: two digits, as in 01.")],
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Create a ledger in an empty folder or database. There must be none yet."""
    settings = options.read_settings()
    identity = _parse_identity(name, number)
    if settings.ledger and settings.ledger != name:
        raise UsageError(f"--ledger demands {settings.ledger}, and --name is {name}: give both the same name")
    creation = LedgerCreation(lambda _: None, identity, is_demanded=True)
    warning = session.run_on_database(settings, _describe_excess, partial(open_or_attach, creation=creation))
    if json:
        console.print_json({"ledger": identity.name, "number": identity.number})
    else:
        console.print_line(f"Created ledger {identity}, in {describe_place(settings)}.")
    _print_warning(warning)


@app.command
def status(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """Show which ledger the database contains, its last batch and checkpoint, its role, and who writes to it."""

    async def task(dsn: str, _: ProgressReporter) -> dict[str, Any]:
        from service.database import command_queries

        async with command_queries.connect(dsn) as connection:
            return await command_queries.read_status(connection)

    open_database = partial(open_for_reading, requires_ledger=False)
    database_status = session.run_on_database(options.read_settings(), task, open_database)
    if json:
        console.print_json(database_status)
    else:
        _print_status(database_status)


@app.command
def migrate(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """Update the database to this version, and give the service's role its rights.

    Every command that writes to the database makes this update too.
    """
    applied: list[str] = []
    open_database = partial(open_or_attach, on_migrated=applied.extend)
    warning = session.run_on_database(options.read_settings(), _describe_excess, open_database)
    if json:
        console.print_json({"applied": applied})
    else:
        console.print_line(f"Applied {', '.join(applied)}." if applied else "The database is up to date.")
    _print_warning(warning)


@app.command(name="correct-clock")
def correct_clock(
    *,
    wrong_time: Annotated[
        str, Parameter(help="The last stored time, as the error names it: 2031-01-01T00:00:12Z.")
    ],
    because: Annotated[ReasonOptions, Parameter(name="*")],
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Record that the last stored time is wrong, because a clock was too far ahead: later times alone bound the clocks.

    Exit code 1 if no clock is before the last stored time, or that is another one.
    """
    from posting.store import ledger_clock

    reason, caller = because.require_reason()
    moment = parse_moment(wrong_time, "--wrong-time")

    async def task(dsn: str, _: ProgressReporter) -> int:
        from service.auth.person_credentials import act_on_database
        from service.database import command_queries

        async with act_on_database(dsn, caller) as by, command_queries.connect(dsn) as connection:
            return await ledger_clock.store_correction(connection, moment, reason=reason, by=by)

    try:
        number = session.run_on_database(options.read_settings(), task, open_or_attach)
    except ledger_clock.RefusedCorrection as refused:
        console.print_line(str(refused))
        return EXIT_REFUSED
    console.print_line(f"Correction {number}: times that were stored until now no longer bound the clocks.")
    return 0


@app.command
def dsn(*, role: RoleOption = "service", options: DataOptions = DEFAULT_DATA) -> None:
    """Print the address of the database, including the password, for psql and other tools.

    The database in --data runs only while a command uses it; if none does, this command keeps it running until
    Ctrl-C.
    """
    settings = options.read_settings()
    if settings.database:
        console.print_line(settings.database)
        return
    check_folder(settings, None)
    reporter = processing_progress.create_reporter()
    signals.run_interruptible(
        lambda interruption: _print_address(settings, interruption, reporter, is_service=role == "service")
    )


async def _print_address(
    settings: Settings, interruption: signals.Interruption, reporter: ProgressReporter, *, is_service: bool
) -> None:
    """Print an address of the embedded server; run the server until a signal, unless another process runs it."""
    from service.database.ledger_updates import read_embedded_ledger

    is_running, stopped = find_server(settings) is not None, asyncio.Event()
    async with run_or_attach(settings, reporter.report_activity) as server:
        ledger = await read_embedded_ledger(settings, server, requires_ledger=False)
        reporter.close()
        print(ledger.dsn if is_service else server.dsn, flush=True)
        if is_running:
            return
        with interruption.stop_with(stopped.set, ""):
            console.print_note("PostgreSQL runs until Ctrl-C.")
            await _wait_for_signal(stopped, server)


async def _wait_for_signal(stopped: asyncio.Event, database: Database) -> None:
    """Wait for the signal, or for the end of the server.

    Raises
    ------
    DatabaseUnfit
        The embedded server ended by itself.
    """
    # no time limit: until Ctrl-C
    tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(stopped.wait())]
    if database.server is not None:
        tasks.append(asyncio.ensure_future(database.server.wait_for_end()))
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    if not stopped.is_set():
        raise DatabaseUnfit("PostgreSQL has ended by itself: its log is in the data folder, postgres/log")


def _parse_identity(name: str, number: str) -> LedgerIdentity:
    try:
        return LedgerIdentity.parse(name, number)
    except InputError as error:
        raise UsageError(str(error)) from error


async def _describe_excess(dsn: str, _: ProgressReporter) -> str:
    """Say by which rights the service's role could change what it wrote; empty if it cannot."""
    from posting.store.roles import read_rights
    from service.database import command_queries

    async with command_queries.connect(dsn) as connection:
        rights = await read_rights(connection)
    return rights.describe() if rights.excess else ""


def _print_warning(excess: str) -> None:
    if excess:
        console.print_note(f"Warning: the role {excess}.\n{_CREATE_ROLE}")


def _print_status(status: dict[str, Any]) -> None:
    from posting.store.roles import RoleRights

    applied = ", ".join(migration["name"] for migration in status["migrations"])
    if not applied:
        console.print_line("There is no ledger: call crescendo db create, or process files, to create one.")
        return
    writer = (
        f"{status['holder']}, until {_format_moment(status['lease_until'])}"
        if status["holder_lives"]
        else "nobody"
    )
    rows = [
        ("ledger", str(LedgerIdentity(status["ledger"], status["number"]))),
        ("role", RoleRights(status["role"], tuple(status["excess_rights"])).describe()),
        ("server", f"PostgreSQL {status['server_version']}"),
        ("migrations", applied),
        ("size", f"{status['size_bytes'] / 1e6:,.1f} MB"),
        ("batches", f"{status['version']:,}, the last at {_format_moment(status['last_commit'])}"),
        ("entries", f"{status['entries']:,}"),
        ("refused lines", f"{status['refusals']:,}"),
        ("duplicate lines", f"{status['duplicates']:,}"),
        ("submissions", f"{status['submissions']:,}, {status['unfinished']:,} of them unfinished"),
        ("writer", f"{writer}; epoch {status['epoch']:,}"),
        ("checkpoint", _format_checkpoint(status)),
        ("chain", status["chain"] or "-"),
        ("evidence", status["evidence"] or "-"),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        console.print_line(f"{name:<{width}}  {value}")


def _format_moment(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "-"


def _format_checkpoint(status: dict[str, Any]) -> str:
    if status["checkpoint_batch"] is None:
        return "none yet: the next start reads the whole journal"
    behind = status["entries"] - status["checkpoint_entries"]
    return f"after batch {status['checkpoint_batch']:,}; the next start reads the {behind:,} later entries"
