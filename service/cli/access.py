"""``crescendo access``: API keys of the sending systems, and pauses of senders."""

import getpass
import platform
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from reporting.report_tables import CellType, Column, ReportTable
from service.cli import access_output, access_trust
from service.cli.rights_options import RightsOptions
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import UsageError
from service.database import session
from service.terminal import console

if TYPE_CHECKING:
    from service.auth.access_queries import Connection

app = App(name="access", help="API keys: who may send what, and until when; pause and resume senders.")
app.command(access_trust.issuer_app)
app.command(access_trust.grant)
app.command(access_trust.withdraw)
app.command(access_trust.bind)
app.command(access_trust.unbind)
app.command(access_trust.list_trust, name="trust")
app.command("service.cli.signer:app", name="signer", help="Public keys that sign the files in drop folders.")
_REASON_LETTERS_MAX = 300


@app.command
def create(
    sender: Annotated[str, Parameter(help="Sender that the key belongs to.")],
    *,
    rights: RightsOptions,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Create an API key and print it once: only its hash is stored."""
    from service.auth import access_queries, sender_exclusion

    grant = rights.to_grant(sender)

    async def create_key(connection: "Connection") -> access_queries.CreatedKey:
        await sender_exclusion.require_compatible_sender(connection, grant.sender, grant.roles)
        return await access_queries.create_key(connection, grant)

    caller, token = session.update_database(options.read_settings(), create_key)
    if json:
        key = {"key": caller.key, "sender": caller.sender, "roles": sorted(caller.roles), "token": token}
        console.print_json(key)
    else:
        console.print_note(f"Key {caller.key} for {caller.sender}. It is shown only this once:")
        console.print_line(token)


@app.command
def revoke(
    key: Annotated[str, Parameter(help="Name of the key, as create and list show it.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")] = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """End an API key; a running service rejects it from then on.  Exit code 1 if there is no such key."""
    from service.auth import access_queries

    ended = session.query_database(
        options.read_settings(), lambda connection: access_queries.revoke_key(connection, key, reason)
    )
    return access_output.print_end(f"key {key}", ended)


@app.command
def pause(
    sender: Annotated[str, Parameter(help="Sender whose work is to wait.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record; the sender sees it.")],
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Pause a sender, even while a service runs: its files are received and keep their place in the queue.

    The forms of a paused sender are refused. Exit code 1 if the sender is unknown.
    """
    return _set_pause(options, sender, reason, is_paused=True)


@app.command
def resume(
    sender: Annotated[str, Parameter(help="Sender whose work is to continue.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")],
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Resume a paused sender.  Exit code 1 if the sender is unknown."""
    return _set_pause(options, sender, reason, is_paused=False)


def _set_pause(options: DataOptions, sender: str, reason: str, *, is_paused: bool) -> int:
    from service.auth import access_queries

    text = reason.strip()
    if not (text and text.isprintable() and len(text) <= _REASON_LETTERS_MAX):
        raise UsageError(
            f"--reason must have 1 to {_REASON_LETTERS_MAX} printable characters, not only spaces"
        )
    person = f"{getpass.getuser()} on {platform.node()}"
    change = access_queries.PauseChange(sender, is_paused, text, "", person)
    is_known = session.update_database(
        options.read_settings(), lambda connection: access_queries.store_pause_change(connection, change)
    )
    state = "paused" if is_paused else "no longer paused"
    console.print_line(f"{sender} is {state}." if is_known else f"There is no sender {sender}.")
    return 0 if is_known else 1


@app.command(name="list")
def list_keys(
    *,
    sender: Annotated[str | None, Parameter(help="Only keys of this sender.")] = None,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """List all API keys ever created, with their state; secrets are not stored and not shown."""
    from service.auth import access_queries

    keys = session.query_database(
        options.read_settings(), lambda connection: access_queries.list_keys(connection, sender)
    )
    access_output.print_rows(keys, _build_key_table, json=json)


def _build_key_table(keys: Sequence[dict[str, Any]]) -> ReportTable:
    columns = [
        *(Column("key"), Column("sender"), Column("roles", CellType.PROSE)),
        *(Column("programmes", CellType.PROSE), Column("created"), Column("ends")),
    ]
    rows = [
        [
            *(key["key"], key["sender"], *access_output.format_rights(key)),
            *(f"{key['created_at']:%Y-%m-%d}", access_output.format_end(key)),
        ]
        for key in keys
    ]
    return ReportTable("Keys", columns, rows, drop_order=("created", "programmes", "roles", "ends"))
