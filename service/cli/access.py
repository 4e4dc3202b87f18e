"""``crescendo access``: keys for the systems that send."""

import getpass
import platform
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from reporting.report_tables import Column, Grid
from service.cli import access_common, access_trust
from service.cli.access_rights import Powers
from service.cli.options import HERE, Json, Place
from service.database import session
from service.database.connect import reachable
from service.settings import Misuse
from service.terminal import console
from service.terminal.processing_progress import Narrator

app = App(name="access", help="Keys: who may send what, and whose end it is; senders paused and resumed.")
app.command(access_trust.issuers)
app.command(access_trust.grant)
app.command(access_trust.withdraw)
app.command(access_trust.bind)
app.command(access_trust.unbind)
app.command(access_trust.trust)
app.command("service.cli.signer:app", name="signer")
_REASON_LETTERS_MAX = 300


@app.command
def create(
    sender: Annotated[str, Parameter(help="Whom the key speaks for.")],
    *,
    powers: Powers,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Make a key, and show it once: only its hash is kept."""
    grant = powers.granted(sender)

    async def asked(dsn: str, _: Narrator) -> tuple[Any, str]:
        from service.auth import access_queries
        from service.database.command_queries import bring_up_to_date, connected

        async with connected(dsn) as connection:
            await bring_up_to_date(connection)
            return await access_queries.create(connection, grant)

    who, token = session.ask(place.settings(), asked, reachable)
    if json:
        console.as_json({"key": who.key, "sender": who.sender, "roles": sorted(who.roles), "token": token})
    else:
        console.note(f"Key {who.key} for {who.sender}. It is shown this once:")
        console.say(token)


@app.command
def revoke(
    key: Annotated[str, Parameter(help="The key's name, as create and list show it.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")] = "",
    place: Place = HERE,
) -> int:
    """End a key; a running service turns it away from then on.  Exit code 1 when there is no such key."""
    from service.auth import access_queries

    ended = access_common.ask(place, lambda connection: access_queries.revoke(connection, key, reason))
    return access_common.told_end(f"key {key}", ended)


@app.command
def pause(
    sender: Annotated[str, Parameter(help="Whose work is to wait.")],
    *,
    reason: Annotated[str, Parameter(help="Why: for the record, and the sender is told.")],
    place: Place = HERE,
) -> int:
    """Let a sender's work wait, also while a service runs: its files are taken and keep their place, its forms are not.

    Exit code 1 when nobody ever heard of that sender.
    """
    return _change(place, sender, reason, is_paused=True)


@app.command
def resume(
    sender: Annotated[str, Parameter(help="Whose work goes on.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")],
    place: Place = HERE,
) -> int:
    """Let a paused sender's work go on.  Exit code 1 when nobody ever heard of that sender."""
    return _change(place, sender, reason, is_paused=False)


def _change(place: Place, sender: str, reason: str, *, is_paused: bool) -> int:
    told = reason.strip()
    if not (told and told.isprintable() and len(told) <= _REASON_LETTERS_MAX):
        raise Misuse(f"--reason must be up to {_REASON_LETTERS_MAX} printable letters, and not blank")
    by = f"{getpass.getuser()} on {platform.node()}"

    async def asked(dsn: str, _: Narrator) -> bool:
        from service.auth import access_queries
        from service.database.command_queries import bring_up_to_date, connected

        async with connected(dsn) as connection:
            await bring_up_to_date(connection)
            return await access_queries.pause(
                connection, access_queries.Change(sender, is_paused, told, "", by)
            )

    is_known = session.ask(place.settings(), asked, reachable)
    state = "paused" if is_paused else "no longer paused"
    console.say(f"{sender} is {state}." if is_known else f"There is no sender {sender}.")
    return 0 if is_known else 1


@app.command(name="list")
def listing(
    *,
    sender: Annotated[str | None, Parameter(help="Of this sender alone.")] = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Every key that was ever made, and what became of it; no secret, as none is kept."""
    from service.auth import access_queries

    found = access_common.ask(place, lambda connection: access_queries.listed(connection, sender))
    access_common.shown(found, _grid, json=json)


def _grid(keys: Sequence[dict[str, Any]]) -> Grid:
    columns = [Column(name) for name in ("key", "sender", "roles", "programmes", "made", "ends")]
    rows = [
        [
            *(each["key"], each["sender"], *access_common.powers(each)),
            *(f"{each['created_at']:%Y-%m-%d}", access_common.end(each)),
        ]
        for each in keys
    ]
    return Grid("Keys", columns, rows)
