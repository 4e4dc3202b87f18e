"""``crescendo access``: keys for the systems that send."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from cyclopts import App, Parameter

from core.errors import InputError
from reporting.grids import Column, Grid
from service import asking, console
from service.access.roles import Role, held
from service.commands.options import HERE, Json, Place
from service.opening import reachable
from service.progress import Narrator
from service.settings import Misuse

app = App(name="access", help="Keys: who may send what, and whose end it is.")
app.command("service.commands.signer:app", name="signer")
_PROGRAMME_DIGITS = 4


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Powers:
    """What a key may do, and for how long."""

    role: Annotated[list[str], Parameter(negative="", help=f"Once or more: {', '.join(Role)}.")]
    programme: Annotated[
        list[str],
        Parameter(negative="", help="Programmes it is limited to; all of them where none is named."),
    ] = field(default_factory=list)
    days: Annotated[int | None, Parameter(help="Days until it ends by itself; never unless said.")] = None


@app.command
def create(
    sender: Annotated[str, Parameter(help="Whom the key speaks for.")],
    *,
    powers: Powers,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Make a key, and show it once: only its hash is kept."""
    roles, programmes = held(powers.role), checked_programmes(powers.programme)
    lifetime = None if powers.days is None else timedelta(days=checked_days(powers.days))

    async def asked(dsn: str, _: Narrator) -> tuple[Any, str]:
        from service.access import postgres
        from service.postgres import bring_up_to_date, connected

        async with connected(dsn) as connection:
            await bring_up_to_date(connection)
            grant = postgres.Grant(checked_sender(sender), roles, programmes, "", lifetime)
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


def checked_sender(sender: str) -> str:
    """A sender's name that files may bear."""
    from ingest.envelope import Envelope, checked

    try:
        return checked(Envelope(sender=sender), "SENDER").sender
    except InputError as error:
        raise Misuse(str(error)) from error


def checked_programmes(names: Sequence[str]) -> frozenset[str]:
    """Programmes that can be."""
    for name in names:
        if not (len(name) == _PROGRAMME_DIGITS and name.isascii() and name.isdigit()):
            raise Misuse(f"{name!r} is no programme: four digits, as 0177")
    return frozenset(names)


def checked_days(days: int) -> int:
    """A lifetime that is one."""
    if not 0 < days < 36_500:
        raise Misuse("--days must be from 1 to 36,499")
    return days
