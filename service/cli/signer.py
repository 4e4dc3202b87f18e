"""``crescendo access signer``: public keys that sign files of a sender in its drop folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from reporting.report_tables import Column, ReportTable
from service.auth.roles import find_kinds
from service.cli import access_common
from service.cli.access_rights import RightsOptions
from service.cli.options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import UsageError
from service.database import session
from service.database.configured_database import open_or_attach
from service.terminal import console

app = App(name="signer", help="Public keys that sign files left in drop folders.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class SignerOptions:
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
    signer_options: SignerOptions,
    rights: RightsOptions,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Register a public key. One key is one signer: in two hands it would be no separation of duties."""
    from service.dropfolders.dropfolder_queries import NewSigner
    from service.dropfolders.signatures import read_public_key

    grant, key = rights.to_grant(sender), read_public_key(signer_options.key)
    if not find_kinds(grant.roles):
        raise UsageError(f"{' and '.join(sorted(grant.roles))} send nothing, so there is nothing to sign")
    if grant.certificate:
        raise UsageError("a signer is known by its key: --certificate is for keys that come over TLS")
    begins = signer_options.starts and signer_options.starts.replace(
        tzinfo=signer_options.starts.tzinfo or UTC
    )
    wishes = (signer_options.language, signer_options.pain002, begins, grant.lifetime)
    new = NewSigner(grant.sender, key, grant.roles, grant.programmes, *wishes)
    name = session.run_on_database(
        options.read_settings(), lambda dsn, _: _store_signer(dsn, new), open_or_attach
    )
    if name is None:
        raise UsageError(
            f"{signer_options.key}: this key was registered before, and is one signer for ever. Make a new pair"
        )
    console.print_line(name)


async def _store_signer(dsn: str, new: Any) -> str | None:
    from service.database.command_queries import apply_migrations, connect
    from service.dropfolders import dropfolder_queries

    async with connect(dsn) as connection:
        await apply_migrations(connection)
        return await dropfolder_queries.insert_signer(connection, new)


@app.command
def revoke(
    signer: Annotated[str, Parameter(help="The signer's name, as add and list show it.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")] = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """End a signer: its signatures count no longer. Exit code 1 when there is no such signer."""
    from service.dropfolders import dropfolder_queries

    ended = access_common.query_database(
        options, lambda connection: dropfolder_queries.end_signer(connection, signer, reason)
    )
    return access_common.print_end(f"signer {signer}", ended)


@app.command(name="list")
def list_signers(
    *,
    sender: Annotated[str | None, Parameter(help="Of this sender alone.")] = None,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Every signer that ever was, and what became of it."""
    from service.dropfolders import dropfolder_queries

    found = access_common.query_database(
        options, lambda connection: dropfolder_queries.list_signers(connection, sender)
    )
    access_common.print_rows(found, _build_signer_table, json=json)


def _build_signer_table(signers: Sequence[dict[str, Any]]) -> ReportTable:
    names = ("signer", "sender", "roles", "programmes", "begins", "ends", "pain.002", "public key")
    rows = [
        [
            *(each["signer"], each["sender"], *access_common.format_rights(each)),
            *(
                f"{each['valid_from']:%Y-%m-%d}",
                access_common.format_end(each),
                "yes" if each["pain002"] else "no",
            ),
            each["public_key"],
        ]
        for each in signers
    ]
    return ReportTable("Signers", [Column(name) for name in names], rows)
