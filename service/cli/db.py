"""``crescendo db``: the database behind the engine."""

import asyncio
from typing import Any

from cyclopts import App

from service.cli.options import HERE, Json, Place
from service.database import session
from service.database.connect import kept, opened
from service.database.embedded import Database
from service.settings import Settings
from service.terminal import console, processing_progress, signals
from service.terminal.processing_progress import Narrator

app = App(name="db", help="The database: its state, its migrations, its address.")


@app.command
def status(*, place: Place = HERE, json: Json = False) -> None:
    """What the database holds, how far it is, and who writes to it."""
    found = session.ask(place.settings(), _status)
    if json:
        console.as_json(found)
    else:
        _tell(found)


@app.command
def migrate(*, place: Place = HERE, json: Json = False) -> None:
    """Bring the database to this version, as every run does by itself."""
    names = session.ask(place.settings(), _migrate, opened)
    if json:
        console.as_json({"applied": names})
    else:
        console.say(f"Applied {', '.join(names)}." if names else "The database is up to date.")


@app.command
def dsn(*, place: Place = HERE) -> None:
    """Print the database's address, password included, for psql and other tools.

    The database in --data runs only while a command uses it; if none does, this one keeps it running until
    Ctrl-C.
    """
    settings = place.settings()
    running = Database(settings.database) if settings.database else kept(settings)
    if running is not None:
        console.say(running.dsn)
        return
    teller = processing_progress.narrator()
    signals.run(lambda heard: _keep(settings, heard, teller))


async def _keep(settings: Settings, heard: signals.Interruption, teller: Narrator) -> None:
    end = asyncio.Event()
    async with opened(settings, teller.doing) as database:
        teller.close()
        print(database.dsn, flush=True)
        with heard.meaning(end.set, ""):
            console.note("PostgreSQL runs until Ctrl-C.")
            await end.wait()


async def _status(dsn: str, _: Narrator) -> dict[str, Any]:
    from service.database import command_queries

    async with command_queries.connected(dsn) as connection:
        return await command_queries.status(connection)


async def _migrate(dsn: str, _: Narrator) -> list[str]:
    from service.database import command_queries

    async with command_queries.connected(dsn) as connection:
        return await command_queries.bring_up_to_date(connection)


def _tell(found: dict[str, Any]) -> None:
    applied = ", ".join(each["name"] for each in found["migrations"])
    if not applied:
        console.say("The database is empty: crescendo db migrate, or any run, lays the journal.")
        return
    writer = (
        f"{found['holder']}, until {_moment(found['lease_until'])}" if found["holder_lives"] else "nobody"
    )
    rows = [
        ("server", f"PostgreSQL {found['server_version']}"),
        ("migrations", applied),
        ("size", f"{found['size_bytes'] / 1e6:,.1f} MB"),
        ("batches", f"{found['version']:,}, the last at {_moment(found['last_commit'])}"),
        ("entries", f"{found['entries']:,}"),
        ("refused lines", f"{found['refusals']:,}"),
        ("duplicate lines", f"{found['duplicates']:,}"),
        ("submissions", f"{found['submissions']:,}, {found['unfinished']:,} of them unfinished"),
        ("writer", f"{writer}; epoch {found['epoch']:,}"),
        ("checkpoint", _checkpoint(found)),
        ("chain", found["chain"] or "-"),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        console.say(f"{name:<{width}}  {value}")


def _moment(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "-"


def _checkpoint(found: dict[str, Any]) -> str:
    if found["checkpoint_batch"] is None:
        return "none yet: a start reads the whole journal"
    behind = found["entries"] - found["checkpoint_entries"]
    return f"after batch {found['checkpoint_batch']:,}; a start reads the {behind:,} entries behind it"
