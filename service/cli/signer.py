"""``crescendo access signer``: public keys that sign files of a sender in its drop folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from reporting.report_tables import Column, Grid
from service.auth.roles import kinds
from service.cli import access_common
from service.cli.access_rights import Powers
from service.cli.options import HERE, Json, Place
from service.database import session
from service.database.connect import reachable
from service.settings import Misuse
from service.terminal import console

app = App(name="signer", help="Public keys that sign files left in drop folders.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Signing:
    """The key, when it begins, and how the sender wants its answers."""

    key: Annotated[Path, Parameter(help="Its Ed25519 public key, in PEM.")]
    starts: Annotated[
        datetime | None, Parameter(help="When its signatures begin to count (UTC); now unless said.")
    ] = None
    pain002: Annotated[
        bool, Parameter(negative="", show_default=False, help="Write a pain.002 back for each file.")
    ] = False
    language: Annotated[Literal["en", "fr"], Parameter(help="Of what is written back.")] = "en"


@app.command
def add(
    sender: Annotated[str, Parameter(help="Whom the key signs for.")],
    *,
    signing: Signing,
    powers: Powers,
    place: Place = HERE,
) -> None:
    """Register a public key. One key is one signer: in two hands it would be no separation of duties."""
    from service.dropfolders.dropfolder_queries import NewSigner
    from service.dropfolders.signatures import public_key

    grant, key = powers.granted(sender), public_key(signing.key)
    if not kinds(grant.roles):
        raise Misuse(f"{' and '.join(sorted(grant.roles))} send nothing, so there is nothing to sign")
    if grant.certificate:
        raise Misuse("a signer is known by its key: --certificate is for keys that come over TLS")
    begins = signing.starts and signing.starts.replace(tzinfo=signing.starts.tzinfo or UTC)
    wishes = (signing.language, signing.pain002, begins, grant.lifetime)
    new = NewSigner(grant.sender, key, grant.roles, grant.programmes, *wishes)
    name = session.ask(place.settings(), lambda dsn, _: _added(dsn, new), reachable)
    if name is None:
        raise Misuse(
            f"{signing.key}: this key was registered before, and is one signer for ever. Make a new pair"
        )
    console.say(name)


async def _added(dsn: str, new: Any) -> str | None:
    from service.database.command_queries import bring_up_to_date, connected
    from service.dropfolders import dropfolder_queries

    async with connected(dsn) as connection:
        await bring_up_to_date(connection)
        return await dropfolder_queries.add(connection, new)


@app.command
def revoke(
    signer: Annotated[str, Parameter(help="The signer's name, as add and list show it.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")] = "",
    place: Place = HERE,
) -> int:
    """End a signer: its signatures count no longer. Exit code 1 when there is no such signer."""
    from service.dropfolders import dropfolder_queries

    ended = access_common.ask(place, lambda connection: dropfolder_queries.end(connection, signer, reason))
    return access_common.told_end(f"signer {signer}", ended)


@app.command(name="list")
def listing(
    *,
    sender: Annotated[str | None, Parameter(help="Of this sender alone.")] = None,
    place: Place = HERE,
    json: Json = False,
) -> None:
    """Every signer that ever was, and what became of it."""
    from service.dropfolders import dropfolder_queries

    found = access_common.ask(place, lambda connection: dropfolder_queries.listed(connection, sender))
    access_common.shown(found, _grid, json=json)


def _grid(signers: Sequence[dict[str, Any]]) -> Grid:
    names = ("signer", "sender", "roles", "programmes", "begins", "ends", "pain.002", "public key")
    rows = [
        [
            *(each["signer"], each["sender"], *access_common.powers(each)),
            *(f"{each['valid_from']:%Y-%m-%d}", access_common.end(each), "yes" if each["pain002"] else "no"),
            each["public_key"],
        ]
        for each in signers
    ]
    return Grid("Signers", [Column(name) for name in names], rows)
