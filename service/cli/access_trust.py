"""``crescendo access``, the part about signed tokens and client certificates."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from cyclopts import App, Parameter

from reporting.report_tables import Column, Grid
from service.cli.access_rights import Powers, fingerprint_of
from service.cli.options import HERE, Json, Place
from service.database import session
from service.database.connect import reachable
from service.settings import Misuse
from service.terminal import console
from service.terminal.processing_progress import Narrator

issuers = App(name="issuer", help="Issuers of signed tokens: whose word is taken.")
_NAME_LETTERS_MAX = 40
_TEXT_LETTERS_MAX = 300
_CLAIMS = ("sub", "client_id", "azp")
Reason = Annotated[str, Parameter(help="Why, for the record.")]
Found = TypeVar("Found")


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Said:
    """What an issuer's tokens say, and how they are proved."""

    issuer: Annotated[str, Parameter(help="What its tokens have as iss, letter by letter.")]
    audience: Annotated[
        str, Parameter(help="What they must have as aud: the name that the issuer has for us.")
    ]
    jwks: Annotated[str, Parameter(help="Where its public keys are: an https address, or a file.")]
    claim: Annotated[str, Parameter(help=f"The claim that names a system: {', '.join(_CLAIMS)}.")] = "sub"


@issuers.command
def add(
    name: Annotated[
        str, Parameter(help="What it is called here, for ever: letters, digits, dots and dashes.")
    ],
    *,
    said: Said,
    place: Place = HERE,
) -> None:
    """Believe an issuer's tokens; what each of its systems may do is granted one by one."""
    from service.auth import trust_queries
    from service.auth.jwks_fetch import checked
    from service.auth.jwt import Issuer

    if said.claim not in _CLAIMS:
        raise Misuse(f"--claim is one of {', '.join(_CLAIMS)}")
    texts = (_name(name), _text(said.issuer, "--issuer"), _text(said.audience, "--audience"))
    issuer = Issuer(*texts, said.claim, checked(said.jwks))
    _ask(place, lambda connection: trust_queries.add_issuer(connection, issuer))
    console.say(f"Tokens of {said.issuer} are believed; crescendo access grant says what its systems may do.")


@issuers.command
def end(
    name: Annotated[str, Parameter(help="The issuer's name here.")],
    *,
    reason: Reason = "",
    place: Place = HERE,
) -> int:
    """Believe an issuer no longer, nor any token it signed.  Exit code 1 when there is no such issuer."""
    from service.auth import trust_queries

    ended = _ask(place, lambda connection: trust_queries.end_issuer(connection, name, reason))
    return _told(ended, f"issuer {name}")


@dataclass(frozen=True, slots=True)
class System:
    """A system as its issuer knows it."""

    issuer: Annotated[str, Parameter(name="--issuer", help="The issuer's name here.")]
    subject: Annotated[str, Parameter(name="--subject", help="What the issuer calls the system.")]

    @property
    def name(self) -> tuple[str, str]:
        """Both, checked."""
        return _name(self.issuer), _text(self.subject, "--subject")


def grant(
    sender: Annotated[str, Parameter(help="Whom the system speaks for.")],
    *,
    system: Annotated[System, Parameter(name="*")],
    powers: Powers,
    place: Place = HERE,
) -> None:
    """Let a system in with tokens of an issuer: what it may do is said here, never by a token."""
    from service.auth import trust_queries

    who, granted = system.name, powers.granted(sender)
    _ask(place, lambda connection: trust_queries.add_grant(connection, who, granted))
    console.say(f"{'/'.join(who)} speaks for {sender}.")


def withdraw(
    *, system: Annotated[System, Parameter(name="*")], reason: Reason = "", place: Place = HERE
) -> int:
    """Let a system in no longer.  Exit code 1 when it never had a grant."""
    from service.auth import trust_queries

    ended = _ask(place, lambda connection: trust_queries.end_grant(connection, system.name, reason))
    return _told(ended, f"grant of {'/'.join(system.name)}")


def bind(
    holder: Annotated[str, Parameter(help="A key's name, or ISSUER/SUBJECT.")],
    *,
    certificate: Annotated[Path, Parameter(help="The client certificate, PEM.")],
    place: Place = HERE,
) -> int:
    """Bind a key or a system to a client certificate: over another connection it opens nothing from then on.

    Bound to several, it opens with each of them, so that certificates may change without a stop.
    """
    from service.auth import trust_queries

    print_of = fingerprint_of(certificate)
    if not _ask(place, lambda connection: trust_queries.bind(connection, holder, print_of)):
        console.say(f"There is no {holder}.")
        return 1
    console.say(f"{holder} is bound to {print_of.hex()}.")
    return 0


def unbind(
    holder: Annotated[str, Parameter(help="A key's name, or ISSUER/SUBJECT.")],
    *,
    fingerprint: Annotated[
        str, Parameter(help="SHA-256 of the certificate in hexadecimal, as trust shows it.")
    ],
    reason: Reason = "",
    place: Place = HERE,
) -> int:
    """Let a certificate count no longer; a holder without any that counts opens nothing."""
    from service.auth import trust_queries

    try:
        print_of = bytes.fromhex(fingerprint.replace(":", ""))
    except ValueError as error:
        raise Misuse(f"--fingerprint is hexadecimal: {error}") from error
    done = _ask(place, lambda connection: trust_queries.unbind(connection, holder, print_of, reason))
    console.say(
        f"The certificate counts no longer for {holder}." if done else f"{holder} is not bound to it."
    )
    return 0 if done else 1


def trust(*, place: Place = HERE, json: Json = False) -> None:
    """Every issuer, grant and certificate that was ever said, and what became of it."""
    from service.auth import trust_queries

    found = _ask(place, trust_queries.listed)
    if json:
        console.as_json(found)
        return
    for title, rows in found.items():
        if rows:
            console.show(_grid(title.capitalize(), rows))


def _ask(place: Place, question: Callable[[Any], Awaitable[Found]]) -> Found:
    """Ask the database, whose tables are brought up to date first."""

    async def asked(dsn: str, _: Narrator) -> Found:
        from service.database.command_queries import bring_up_to_date, connected

        async with connected(dsn) as connection:
            await bring_up_to_date(connection)
            return await question(connection)

    return session.ask(place.settings(), asked, reachable)


def _told(ended: bool | None, what: str) -> int:
    words = {True: f"The {what} is ended.", False: f"The {what} was ended before."}
    console.say(words[ended] if ended is not None else f"There is no {what}.")
    return 1 if ended is None else 0


def _grid(title: str, rows: Sequence[dict[str, Any]]) -> Grid:
    texts = [[_shown(value) for value in row.values()] for row in rows]
    return Grid(title, [Column(name) for name in rows[0]], texts)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value) or "all"
    return f"{value:%Y-%m-%d}" if hasattr(value, "year") else str("" if value is None else value)


def _name(text: str) -> str:
    letters = text.replace("-", "").replace(".", "")
    if not (letters.isalnum() and text.isascii() and len(text) <= _NAME_LETTERS_MAX):
        raise Misuse(f"{text!r} is no name: up to {_NAME_LETTERS_MAX} letters, digits, dots and dashes")
    return text


def _text(text: str, option: str) -> str:
    if not (text and text.isprintable() and len(text) <= _TEXT_LETTERS_MAX):
        raise Misuse(f"{option} takes up to {_TEXT_LETTERS_MAX} letters")
    return text
