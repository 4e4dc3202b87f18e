"""``crescendo access``: keys for the systems that send."""

import getpass
import platform
from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import App, Parameter

from reporting.report_tables import Column, ReportTable
from service.cli import access_common, access_trust
from service.cli.access_rights import RightsOptions
from service.cli.options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import UsageError
from service.database import session
from service.database.configured_database import open_or_attach
from service.terminal import console
from service.terminal.processing_progress import ProgressReporter

app = App(name="access", help="Keys: who may send what, and whose end it is; senders paused and resumed.")
app.command(access_trust.issuer_app)
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
    rights: RightsOptions,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Make a key, and show it once: only its hash is kept."""
    grant = rights.to_grant(sender)

    async def asked(dsn: str, _: ProgressReporter) -> tuple[Any, str]:
        from service.auth import access_queries
        from service.database.command_queries import apply_migrations, connect

        async with connect(dsn) as connection:
            await apply_migrations(connection)
            return await access_queries.create_key(connection, grant)

    who, token = session.run_on_database(options.read_settings(), asked, open_or_attach)
    if json:
        console.print_json({"key": who.key, "sender": who.sender, "roles": sorted(who.roles), "token": token})
    else:
        console.print_note(f"Key {who.key} for {who.sender}. It is shown this once:")
        console.print_line(token)


@app.command
def revoke(
    key: Annotated[str, Parameter(help="The key's name, as create and list show it.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")] = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """End a key; a running service turns it away from then on.  Exit code 1 when there is no such key."""
    from service.auth import access_queries

    ended = access_common.query_database(
        options, lambda connection: access_queries.revoke_key(connection, key, reason)
    )
    return access_common.print_end(f"key {key}", ended)


@app.command
def pause(
    sender: Annotated[str, Parameter(help="Whose work is to wait.")],
    *,
    reason: Annotated[str, Parameter(help="Why: for the record, and the sender is told.")],
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Let a sender's work wait, also while a service runs: its files are taken and keep their place, its forms are not.

    Exit code 1 when nobody ever heard of that sender.
    """
    return _set_pause(options, sender, reason, is_paused=True)


@app.command
def resume(
    sender: Annotated[str, Parameter(help="Whose work goes on.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")],
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Let a paused sender's work go on.  Exit code 1 when nobody ever heard of that sender."""
    return _set_pause(options, sender, reason, is_paused=False)


def _set_pause(options: DataOptions, sender: str, reason: str, *, is_paused: bool) -> int:
    text = reason.strip()
    if not (text and text.isprintable() and len(text) <= _REASON_LETTERS_MAX):
        raise UsageError(f"--reason must be up to {_REASON_LETTERS_MAX} printable letters, and not blank")
    by = f"{getpass.getuser()} on {platform.node()}"

    async def asked(dsn: str, _: ProgressReporter) -> bool:
        from service.auth import access_queries
        from service.database.command_queries import apply_migrations, connect

        async with connect(dsn) as connection:
            await apply_migrations(connection)
            return await access_queries.store_pause_change(
                connection, access_queries.PauseChange(sender, is_paused, text, "", by)
            )

    is_known = session.run_on_database(options.read_settings(), asked, open_or_attach)
    state = "paused" if is_paused else "no longer paused"
    console.print_line(f"{sender} is {state}." if is_known else f"There is no sender {sender}.")
    return 0 if is_known else 1


@app.command(name="list")
def list_keys(
    *,
    sender: Annotated[str | None, Parameter(help="Of this sender alone.")] = None,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Every key that was ever made, and what became of it; no secret, as none is kept."""
    from service.auth import access_queries

    found = access_common.query_database(
        options, lambda connection: access_queries.list_keys(connection, sender)
    )
    access_common.print_rows(found, _build_key_table, json=json)


def _build_key_table(keys: Sequence[dict[str, Any]]) -> ReportTable:
    columns = [Column(name) for name in ("key", "sender", "roles", "programmes", "made", "ends")]
    rows = [
        [
            *(each["key"], each["sender"], *access_common.format_rights(each)),
            *(f"{each['created_at']:%Y-%m-%d}", access_common.format_end(each)),
        ]
        for each in keys
    ]
    return ReportTable("Keys", columns, rows)
