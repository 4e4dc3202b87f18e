"""``crescendo access signer``: public keys that sign the files a sender stores in its drop folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from core.roles import find_kinds
from reporting.report_tables import CellType, Column, ReportTable
from service.cli import access_output
from service.cli.rights_options import RightsOptions
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import UsageError
from service.database import session
from service.terminal import console

if TYPE_CHECKING:
    from service.auth.access_queries import Connection

app = App(name="signer", help="Public keys that sign the files in drop folders.")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class SignerOptions:
    """The public key, its start, and the results that the sender gets."""

    key: Annotated[Path, Parameter(help="The Ed25519 public key (PEM).")]
    starts: Annotated[
        datetime | None, Parameter(help="When signatures with this key become valid (UTC); default: now.")
    ] = None
    pain002: Annotated[
        bool, Parameter(negative="", show_default=False, help="Write a pain.002 for each file.")
    ] = False
    language: Annotated[Literal["en", "fr"], Parameter(help="Language of the results.")] = "en"


@app.command
def add(
    sender: Annotated[str, Parameter(help="Sender that the key signs for.")],
    *,
    signer_options: SignerOptions,
    rights: RightsOptions,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Register a public key. Each key belongs to one signer only, so that no key can sign for two functions."""
    from service.auth import sender_exclusion
    from service.dropfolders import dropfolder_queries
    from service.dropfolders.signatures import read_public_key

    grant, key = rights.to_grant(sender), read_public_key(signer_options.key)
    if not find_kinds(grant.roles):
        raise UsageError(
            f"{' and '.join(sorted(grant.roles))} may not send acts, so there is nothing to sign: "
            "give a role that may send acts"
        )
    if grant.certificate:
        raise UsageError("a signer is identified by its key: --certificate is for API keys used over TLS")
    begins = signer_options.starts
    if begins and not begins.tzinfo:
        begins = begins.replace(tzinfo=UTC)
    results = (signer_options.language, signer_options.pain002)
    signer = dropfolder_queries.NewSigner(
        grant.sender, key, grant.roles, grant.programmes, *results, begins, grant.lifetime
    )

    async def insert_signer(connection: "Connection") -> str | None:
        await sender_exclusion.require_compatible_sender(connection, grant.sender, grant.roles)
        return await dropfolder_queries.insert_signer(connection, signer)

    name = session.update_database(options.read_settings(), insert_signer)
    if name is None:
        raise UsageError(
            f"{signer_options.key}: this key is or was registered for a signer, and cannot be registered "
            "again. Create a new key pair"
        )
    console.print_line(name)


@app.command
def revoke(
    signer: Annotated[str, Parameter(help="Name of the signer, as add and list show it.")],
    *,
    reason: Annotated[str, Parameter(help="Why, for the record.")] = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """End a signer: its signatures are no longer valid. Exit code 1 if there is no such signer."""
    from service.dropfolders import dropfolder_queries

    ended = session.query_database(
        options.read_settings(),
        lambda connection: dropfolder_queries.end_signer(connection, signer, reason),
    )
    return access_output.print_end(f"signer {signer}", ended)


@app.command(name="list")
def list_signers(
    *,
    sender: Annotated[str | None, Parameter(help="Only signers of this sender.")] = None,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """List all signers ever registered, with their state."""
    from service.dropfolders import dropfolder_queries

    signers = session.query_database(
        options.read_settings(), lambda connection: dropfolder_queries.list_signers(connection, sender)
    )
    access_output.print_rows(signers, _build_signer_table, json=json)


_DROP_ORDER = ("public key", "pain.002", "begins", "programmes", "roles", "ends")


def _build_signer_table(signers: Sequence[dict[str, Any]]) -> ReportTable:
    names = ("signer", "sender", "roles", "programmes", "begins", "ends", "pain.002", "public key")
    rows = [
        [
            *(signer["signer"], signer["sender"], *access_output.format_rights(signer)),
            *(f"{signer['valid_from']:%Y-%m-%d}", access_output.format_end(signer)),
            *("yes" if signer["pain002"] else "no", signer["public_key"]),
        ]
        for signer in signers
    ]
    columns = [
        Column(name, CellType.PROSE if name in ("roles", "programmes") else CellType.TEXT) for name in names
    ]
    return ReportTable("Signers", columns, rows, drop_order=_DROP_ORDER)
