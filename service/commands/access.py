"""``crescendo access``: keys for the systems that send."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from reporting.grids import Column, Grid
from service import asking, console
from service.commands import access_trust
from service.commands.options import HERE, Json, Place
from service.commands.powers import Powers
from service.opening import reachable
from service.progress import Narrator

app = App(name="access", help="Keys: who may send what, and whose end it is.")
app.command(access_trust.issuers)
app.command(access_trust.grant)
app.command(access_trust.withdraw)
app.command(access_trust.bind)
app.command(access_trust.unbind)
app.command(access_trust.trust)


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
        from service.access import postgres
        from service.postgres import bring_up_to_date, connected

        async with connected(dsn) as connection:
            await bring_up_to_date(connection)
            return await postgres.create(connection, grant)

    who, token = asking.ask(place.settings(), asked, reachable)
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

    async def asked(dsn: str, _: Narrator) -> bool | None:
        from service.access import postgres
        from service.postgres import connected

        async with connected(dsn) as connection:
            return await postgres.revoke(connection, key, reason)

    ended = asking.ask(place.settings(), asked)
    told = {
        True: f"Key {key} is ended.",
        False: f"Key {key} was ended before.",
        None: f"There is no key {key}.",
    }
    console.say(told[ended])
    return 1 if ended is None else 0


@app.command(name="list")
def listing(
    *,
    sender: Annotated[str | None, Parameter(help="Of this sender alone.")] = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Every key that was ever made, and what became of it; no secret, as none is kept."""

    async def asked(dsn: str, _: Narrator) -> list[dict[str, Any]]:
        from service.access import postgres
        from service.postgres import connected

        async with connected(dsn) as connection:
            return await postgres.listed(connection, sender)

    found = asking.ask(place.settings(), asked)
    if json:
        console.as_json(found)
    else:
        console.show(_grid(found))


def _grid(keys: Sequence[dict[str, Any]]) -> Grid:
    columns = [Column(name) for name in ("key", "sender", "roles", "programmes", "made", "ends")]
    rows = [
        [
            *(each["key"], each["sender"], " ".join(each["roles"]), " ".join(each["programmes"]) or "all"),
            *(f"{each['created_at']:%Y-%m-%d}", _end(each)),
        ]
        for each in keys
    ]
    return Grid("Keys", columns, rows)


def _end(key: dict[str, Any]) -> str:
    end = key["ended_at"] or key["expires_at"]
    return f"{end:%Y-%m-%d}" if end else "never"
