"""``crescendo db``: the database of the engine."""

import asyncio
from typing import Any

from cyclopts import App

from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import Settings
from service.database import session
from service.database.configured_database import find_running, open_database
from service.database.embedded_server import Database
from service.terminal import console, processing_progress, signals
from service.terminal.processing_progress import ProgressReporter

app = App(name="db", help="The database: its state, its migrations, its address.")


@app.command
def status(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """Show what the database contains, its last batch and checkpoint, and who writes to it."""
    from service.database import command_queries

    database_status = session.query_database(options.read_settings(), command_queries.read_status)
    if json:
        console.print_json(database_status)
    else:
        _print_status(database_status)


@app.command
def migrate(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """Update the database to this version; every command that writes to the database makes this update too."""
    names = session.run_on_database(options.read_settings(), _apply_migrations, open_database)
    if json:
        console.print_json({"applied": names})
    else:
        console.print_line(f"Applied {', '.join(names)}." if names else "The database is up to date.")


@app.command
def dsn(*, options: DataOptions = DEFAULT_DATA) -> None:
    """Print the address of the database, including the password, for psql and other tools.

    The database in --data runs only while a command uses it; if none does, this command keeps it running until
    Ctrl-C.
    """
    settings = options.read_settings()
    running = Database(settings.database) if settings.database else find_running(settings)
    if running is not None:
        console.print_line(running.dsn)
        return
    reporter = processing_progress.create_reporter()
    signals.run_interruptible(lambda interruption: _run_until_signal(settings, interruption, reporter))


async def _run_until_signal(
    settings: Settings, interruption: signals.Interruption, reporter: ProgressReporter
) -> None:
    stopped = asyncio.Event()
    async with open_database(settings, reporter.report_activity) as database:
        reporter.close()
        print(database.dsn, flush=True)
        with interruption.stop_with(stopped.set, ""):
            console.print_note("PostgreSQL runs until Ctrl-C.")
            await stopped.wait()


async def _apply_migrations(dsn: str, _: ProgressReporter) -> list[str]:
    from service.database import command_queries

    async with command_queries.connect(dsn) as connection:
        return await command_queries.apply_migrations(connection)


def _print_status(status: dict[str, Any]) -> None:
    applied = ", ".join(migration["name"] for migration in status["migrations"])
    if not applied:
        console.print_line(
            "The database is empty: call crescendo db migrate, or process files, to create the journal."
        )
        return
    writer = (
        f"{status['holder']}, until {_format_moment(status['lease_until'])}"
        if status["holder_lives"]
        else "nobody"
    )
    rows = [
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
