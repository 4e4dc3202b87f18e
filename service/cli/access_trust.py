"""``crescendo access``, the commands on signed tokens and client certificates."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from reporting.report_tables import CellType, Column, ReportTable
from service.auth.credentials import SystemIdentity
from service.cli.access_output import print_end
from service.cli.rights_options import RightsOptions, read_fingerprint
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import UsageError
from service.database.session import update_database
from service.terminal import console

if TYPE_CHECKING:
    from service.auth.access_queries import Connection

issuer_app = App(name="issuer", help="Trusted issuers of signed tokens.")
_NAME_LETTERS_MAX = 40
_TEXT_LETTERS_MAX = 300
_CLAIMS = ("sub", "client_id", "azp")
ReasonOption = Annotated[str, Parameter(help="Why, for the record.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class IssuerOptions:
    """The claims of an issuer's tokens, and the keys that sign them."""

    issuer: Annotated[str, Parameter(help="The exact value of iss in the issuer's tokens.")]
    audience: Annotated[
        str, Parameter(help="The required value of aud: the name that the issuer uses for this service.")
    ]
    jwks: Annotated[str, Parameter(help="Source of the issuer's public keys: an https address, or a file.")]
    claim: Annotated[str, Parameter(help=f"The claim that identifies a system: {', '.join(_CLAIMS)}.")] = (
        "sub"
    )


@issuer_app.command
def add(
    name: Annotated[
        str, Parameter(help="Permanent name of the issuer in Crescendo: letters, digits, dots and dashes.")
    ],
    *,
    options: IssuerOptions,
    data_options: DataOptions = DEFAULT_DATA,
) -> None:
    """Trust an issuer's tokens; the rights of each of its systems are granted separately."""
    from service.auth import trust_queries
    from service.auth.jwks_download import check_source
    from service.auth.jwt import Issuer

    if options.claim not in _CLAIMS:
        raise UsageError(f"--claim must be one of {', '.join(_CLAIMS)}")
    texts = (
        _check_name(name),
        _check_text(options.issuer, "--issuer"),
        _check_text(options.audience, "--audience"),
    )
    issuer = Issuer(*texts, options.claim, check_source(options.jwks))
    settings = data_options.read_settings()
    update_database(settings, lambda connection: trust_queries.add_issuer(connection, issuer))
    console.print_line(
        f"Tokens of {options.issuer} are trusted; grant rights to its systems with crescendo access grant."
    )


@issuer_app.command
def end(
    name: Annotated[str, Parameter(help="Name of the issuer in Crescendo.")],
    *,
    reason: ReasonOption = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Stop trusting an issuer and all its tokens.  Exit code 1 if there is no such issuer."""
    from service.auth import trust_queries

    settings = options.read_settings()
    ended = update_database(settings, lambda connection: trust_queries.end_issuer(connection, name, reason))
    return print_end(f"issuer {name}", ended)


@dataclass(frozen=True, slots=True)
class SystemOptions:
    """A system, identified by its issuer and subject."""

    issuer: Annotated[str, Parameter(name="--issuer", help="Name of the issuer in Crescendo.")]
    subject: Annotated[str, Parameter(name="--subject", help="The issuer's identifier of the system.")]

    @property
    def identity(self) -> SystemIdentity:
        """Issuer and subject, checked."""
        return SystemIdentity(_check_name(self.issuer), _check_text(self.subject, "--subject"))


def grant(
    sender: Annotated[str, Parameter(help="Sender that the system belongs to.")],
    *,
    system: Annotated[SystemOptions, Parameter(name="*")],
    rights: RightsOptions,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Accept a system that identifies itself with tokens of an issuer. Only the rights given in this command count."""
    from service.auth import sender_exclusion, trust_queries

    identity, granted = system.identity, rights.to_grant(sender)

    async def add_grant(connection: "Connection") -> None:
        await sender_exclusion.require_compatible_sender(connection, granted.sender, granted.roles)
        await trust_queries.add_grant(connection, identity, granted)

    update_database(options.read_settings(), add_grant)
    console.print_line(f"{'/'.join(identity)} acts for {sender}.")


def withdraw(
    *,
    system: Annotated[SystemOptions, Parameter(name="*")],
    reason: ReasonOption = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Withdraw the grant of a system.  Exit code 1 if it never had one."""
    from service.auth import trust_queries

    settings = options.read_settings()
    ended = update_database(
        settings, lambda connection: trust_queries.end_grant(connection, system.identity, reason)
    )
    return print_end(f"grant of {'/'.join(system.identity)}", ended)


def bind(
    holder: Annotated[str, Parameter(help="Name of a key, or ISSUER/SUBJECT.")],
    *,
    certificate: Annotated[Path, Parameter(help="The client certificate (PEM).")],
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Bind a key or a system to a client certificate, which every connection that uses the key or system must present.

    If several certificates are bound, each of them is accepted, so that one can be replaced without interruption.
    """
    from service.auth import trust_queries

    fingerprint = read_fingerprint(certificate)
    settings = options.read_settings()
    is_known = update_database(
        settings, lambda connection: trust_queries.add_binding(connection, holder, fingerprint)
    )
    if not is_known:
        console.print_line(f"There is no {holder}.")
        return 1
    console.print_line(f"{holder} is bound to {fingerprint.hex()}.")
    return 0


def unbind(
    holder: Annotated[str, Parameter(help="Name of a key, or ISSUER/SUBJECT.")],
    *,
    fingerprint: Annotated[
        str, Parameter(help="SHA-256 of the certificate in hexadecimal, as trust shows it.")
    ],
    reason: ReasonOption = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Remove the binding to a certificate. A key or system that has no certificate left is rejected from then on."""
    from service.auth import trust_queries

    try:
        digest = bytes.fromhex(fingerprint.replace(":", ""))
    except ValueError as error:
        raise UsageError(
            f"--fingerprint must be hexadecimal, as crescendo access trust shows it: {error}"
        ) from error
    settings = options.read_settings()
    is_unbound = update_database(
        settings, lambda connection: trust_queries.end_binding(connection, holder, digest, reason=reason)
    )
    console.print_line(
        f"The certificate is no longer valid for {holder}."
        if is_unbound
        else f"{holder} is not bound to this certificate."
    )
    return 0 if is_unbound else 1


def list_trust(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """List all issuers, grants and certificates ever stored, with their state."""
    from service.auth import trust_queries

    trust = update_database(options.read_settings(), trust_queries.list_trust)
    if json:
        console.print_json(trust)
        return
    for title, rows in trust.items():
        if rows:
            console.print_table(_build_table(title.capitalize(), rows))


_PROSE = frozenset({"roles", "programmes", "reason"})
_DROP_ORDER = (
    *("jwks", "created_at", "reason", "programmes", "audience", "claim"),
    *("roles", "url", "expires_at", "ended_at", "sender"),
)


def _build_table(title: str, rows: Sequence[dict[str, Any]]) -> ReportTable:
    cells = [[_format_cell(value) for value in row.values()] for row in rows]
    columns = [Column(name, CellType.PROSE if name in _PROSE else CellType.TEXT) for name in rows[0]]
    return ReportTable(title, columns, cells, drop_order=_DROP_ORDER)


def _format_cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value) or "all"
    return f"{value:%Y-%m-%d}" if hasattr(value, "year") else str("" if value is None else value)


def _check_name(name: str) -> str:
    letters = name.replace("-", "").replace(".", "")
    if not (letters.isalnum() and name.isascii() and len(name) <= _NAME_LETTERS_MAX):
        raise UsageError(
            f"{name!r} is not a valid name: write up to {_NAME_LETTERS_MAX} letters, digits, dots and dashes"
        )
    return name


def _check_text(text: str, option: str) -> str:
    if not (text and text.isprintable() and len(text) <= _TEXT_LETTERS_MAX):
        raise UsageError(f"{option} must have 1 to {_TEXT_LETTERS_MAX} printable characters")
    return text
