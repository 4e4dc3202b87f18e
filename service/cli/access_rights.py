"""What is said of a key or a grant on the command line: roles, programmes, time and certificate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import InputError
from service.auth.roles import Role, parse_roles
from service.configuration.settings import UsageError

if TYPE_CHECKING:
    from service.auth.access_queries import Grant

_PROGRAMME_DIGITS = 4
_CERTIFICATE_BYTES_MAX = 2**20


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class RightsOptions:
    """What a key may do, and for how long."""

    role: Annotated[list[str], Parameter(negative="", help=f"Once or more: {', '.join(Role)}.")]
    programme: Annotated[
        list[str],
        Parameter(negative="", help="Programmes it is limited to; all of them where none is named."),
    ] = field(default_factory=list)
    days: Annotated[int | None, Parameter(help="Days until it ends by itself; never unless said.")] = None
    certificate: Annotated[
        Path | None,
        Parameter(help="Client certificate, PEM, without which it opens nothing."),
    ] = None

    def to_grant(self, sender: str) -> "Grant":
        """The same, checked.

        Raises
        ------
        Misuse
            Something of it makes no sense.
        """
        from service.auth.access_queries import Grant

        lifetime = None if self.days is None else timedelta(days=_check_days(self.days))
        certificate = read_fingerprint(self.certificate) if self.certificate else b""
        roles, programmes = parse_roles(self.role), _check_programmes(self.programme)
        return Grant(_check_sender(sender), roles, programmes, "", lifetime, certificate)


def read_fingerprint(file: Path) -> bytes:
    """What the first certificate of a PEM file is known by.

    Raises
    ------
    Misuse
        There is none.
    """
    import ssl

    from service.auth.certificates import compute_fingerprint

    with file.open("rb") as opened:
        text = opened.read(_CERTIFICATE_BYTES_MAX).decode("latin-1")
    begin, end = text.find(ssl.PEM_HEADER), text.find(ssl.PEM_FOOTER)
    try:
        return compute_fingerprint(ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)]))
    except ValueError as error:
        raise UsageError(f"{file} holds no certificate in PEM: {error}") from error


def _check_sender(sender: str) -> str:
    from ingest.spool.envelope import Envelope, check_envelope

    try:
        return check_envelope(Envelope(sender=sender), "SENDER").sender
    except InputError as error:
        raise UsageError(str(error)) from error


def _check_programmes(names: Sequence[str]) -> frozenset[str]:
    for name in names:
        if not (len(name) == _PROGRAMME_DIGITS and name.isascii() and name.isdigit()):
            raise UsageError(f"{name!r} is no programme: four digits, as 0177")
    return frozenset(names)


def _check_days(days: int) -> int:
    if not 0 < days < 36_500:
        raise UsageError("--days must be from 1 to 36,499")
    return days
