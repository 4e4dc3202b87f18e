"""``crescendo access``, the part about signed tokens and client certificates."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import App, Parameter

from reporting.report_tables import Column, ReportTable
from service.auth.credentials import SystemIdentity
from service.cli.access_rights import RightsOptions, read_fingerprint
from service.cli.options import DEFAULT_DATA, DataOptions, JsonOption
from service.database import session
from service.database.connect import open_or_attach
from service.settings import UsageError
from service.terminal import console
from service.terminal.processing_progress import ProgressReporter

issuer_app = App(name="issuer", help="Issuers of signed tokens: whose word is taken.")
_NAME_LETTERS_MAX = 40
_TEXT_LETTERS_MAX = 300
_CLAIMS = ("sub", "client_id", "azp")
ReasonOption = Annotated[str, Parameter(help="Why, for the record.")]
Value = TypeVar("Value")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class IssuerOptions:
    """What an issuer's tokens say, and how they are proved."""

    issuer: Annotated[str, Parameter(help="What its tokens have as iss, letter by letter.")]
    audience: Annotated[
        str, Parameter(help="What they must have as aud: the name that the issuer has for us.")
    ]
    jwks: Annotated[str, Parameter(help="Where its public keys are: an https address, or a file.")]
    claim: Annotated[str, Parameter(help=f"The claim that names a system: {', '.join(_CLAIMS)}.")] = "sub"


@issuer_app.command
def add(
    name: Annotated[
        str, Parameter(help="What it is called here, for ever: letters, digits, dots and dashes.")
    ],
    *,
    options: IssuerOptions,
    data_options: DataOptions = DEFAULT_DATA,
) -> None:
    """Believe an issuer's tokens; what each of its systems may do is granted one by one."""
    from service.auth import trust_queries
    from service.auth.jwks_fetch import check_source
    from service.auth.jwt import Issuer

    if options.claim not in _CLAIMS:
        raise UsageError(f"--claim is one of {', '.join(_CLAIMS)}")
    texts = (
        _check_name(name),
        _check_text(options.issuer, "--issuer"),
        _check_text(options.audience, "--audience"),
    )
    issuer = Issuer(*texts, options.claim, check_source(options.jwks))
    _query_database(data_options, lambda connection: trust_queries.add_issuer(connection, issuer))
    console.print_line(
        f"Tokens of {options.issuer} are believed; crescendo access grant says what its systems may do."
    )


@issuer_app.command
def end(
    name: Annotated[str, Parameter(help="The issuer's name here.")],
    *,
    reason: ReasonOption = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Believe an issuer no longer, nor any token it signed.  Exit code 1 when there is no such issuer."""
    from service.auth import trust_queries

    ended = _query_database(options, lambda connection: trust_queries.end_issuer(connection, name, reason))
    return _print_end(ended, f"issuer {name}")


@dataclass(frozen=True, slots=True)
class SystemOptions:
    """A system as its issuer knows it."""

    issuer: Annotated[str, Parameter(name="--issuer", help="The issuer's name here.")]
    subject: Annotated[str, Parameter(name="--subject", help="What the issuer calls the system.")]

    @property
    def identity(self) -> SystemIdentity:
        """Both, checked."""
        return SystemIdentity(_check_name(self.issuer), _check_text(self.subject, "--subject"))


def grant(
    sender: Annotated[str, Parameter(help="Whom the system speaks for.")],
    *,
    system: Annotated[SystemOptions, Parameter(name="*")],
    rights: RightsOptions,
    options: DataOptions = DEFAULT_DATA,
) -> None:
    """Let a system in with tokens of an issuer: what it may do is said here, never by a token."""
    from service.auth import trust_queries

    who, granted = system.identity, rights.to_grant(sender)
    _query_database(options, lambda connection: trust_queries.add_grant(connection, who, granted))
    console.print_line(f"{'/'.join(who)} speaks for {sender}.")


def withdraw(
    *,
    system: Annotated[SystemOptions, Parameter(name="*")],
    reason: ReasonOption = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Let a system in no longer.  Exit code 1 when it never had a grant."""
    from service.auth import trust_queries

    ended = _query_database(
        options, lambda connection: trust_queries.end_grant(connection, system.identity, reason)
    )
    return _print_end(ended, f"grant of {'/'.join(system.identity)}")


def bind(
    holder: Annotated[str, Parameter(help="A key's name, or ISSUER/SUBJECT.")],
    *,
    certificate: Annotated[Path, Parameter(help="The client certificate, PEM.")],
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Bind a key or a system to a client certificate: over another connection it opens nothing from then on.

    Bound to several, it opens with each of them, so that certificates may change without a stop.
    """
    from service.auth import trust_queries

    print_of = read_fingerprint(certificate)
    if not _query_database(
        options, lambda connection: trust_queries.add_binding(connection, holder, print_of)
    ):
        console.print_line(f"There is no {holder}.")
        return 1
    console.print_line(f"{holder} is bound to {print_of.hex()}.")
    return 0


def unbind(
    holder: Annotated[str, Parameter(help="A key's name, or ISSUER/SUBJECT.")],
    *,
    fingerprint: Annotated[
        str, Parameter(help="SHA-256 of the certificate in hexadecimal, as trust shows it.")
    ],
    reason: ReasonOption = "",
    options: DataOptions = DEFAULT_DATA,
) -> int:
    """Let a certificate count no longer; a holder without any that counts opens nothing."""
    from service.auth import trust_queries

    try:
        print_of = bytes.fromhex(fingerprint.replace(":", ""))
    except ValueError as error:
        raise UsageError(f"--fingerprint is hexadecimal: {error}") from error
    done = _query_database(
        options, lambda connection: trust_queries.end_binding(connection, holder, print_of, reason)
    )
    console.print_line(
        f"The certificate counts no longer for {holder}." if done else f"{holder} is not bound to it."
    )
    return 0 if done else 1


def trust(*, options: DataOptions = DEFAULT_DATA, json: JsonOption = False) -> None:
    """Every issuer, grant and certificate that was ever said, and what became of it."""
    from service.auth import trust_queries

    found = _query_database(options, trust_queries.list_trust)
    if json:
        console.print_json(found)
        return
    for title, rows in found.items():
        if rows:
            console.print_table(_build_table(title.capitalize(), rows))


def _query_database(options: DataOptions, query: Callable[[Any], Awaitable[Value]]) -> Value:
    """Ask the database, whose tables are brought up to date first."""

    async def asked(dsn: str, _: ProgressReporter) -> Value:
        from service.database.command_queries import apply_migrations, connect

        async with connect(dsn) as connection:
            await apply_migrations(connection)
            return await query(connection)

    return session.run_on_database(options.read_settings(), asked, open_or_attach)


def _print_end(ended: bool | None, holder: str) -> int:
    words = {True: f"The {holder} is ended.", False: f"The {holder} was ended before."}
    console.print_line(words[ended] if ended is not None else f"There is no {holder}.")
    return 1 if ended is None else 0


def _build_table(title: str, rows: Sequence[dict[str, Any]]) -> ReportTable:
    texts = [[_format_cell(value) for value in row.values()] for row in rows]
    return ReportTable(title, [Column(name) for name in rows[0]], texts)


def _format_cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value) or "all"
    return f"{value:%Y-%m-%d}" if hasattr(value, "year") else str("" if value is None else value)


def _check_name(text: str) -> str:
    letters = text.replace("-", "").replace(".", "")
    if not (letters.isalnum() and text.isascii() and len(text) <= _NAME_LETTERS_MAX):
        raise UsageError(f"{text!r} is no name: up to {_NAME_LETTERS_MAX} letters, digits, dots and dashes")
    return text


def _check_text(text: str, option: str) -> str:
    if not (text and text.isprintable() and len(text) <= _TEXT_LETTERS_MAX):
        raise UsageError(f"{option} takes up to {_TEXT_LETTERS_MAX} letters")
    return text
