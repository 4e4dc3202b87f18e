"""The options that give rights to a key, a system or a signer: roles, programmes, lifetime and certificate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import InputError
from core.roles import Role
from core.senders import RESERVED_SENDERS
from service.auth.roles import parse_roles
from service.configuration.input_files import check_files
from service.configuration.settings import UsageError

if TYPE_CHECKING:
    from service.auth.access_queries import Grant

_PROGRAMME_DIGITS = 4
_CERTIFICATE_BYTES_MAX = 2**20


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class RightsOptions:
    """What the holder may do, and for how long."""

    role: Annotated[list[str], Parameter(negative="", help=f"One or more of: {', '.join(Role)}.")]
    programme: Annotated[
        list[str],
        Parameter(negative="", help="Programmes to which the rights are limited; default: all."),
    ] = field(default_factory=list)
    days: Annotated[
        int | None, Parameter(help="Days until the rights expire; default: they never expire.")
    ] = None
    certificate: Annotated[
        Path | None,
        Parameter(help="Client certificate (PEM) that must be presented to use the rights."),
    ] = None

    def to_grant(self, sender: str) -> "Grant":
        """Return the rights as a grant, checked.

        Raises
        ------
        UsageError
            An option is not valid.
        """
        from service.auth.access_queries import Grant

        lifetime = None if self.days is None else timedelta(days=_check_days(self.days))
        certificate = read_fingerprint(self.certificate) if self.certificate else b""
        roles, programmes = parse_roles(self.role), _check_programmes(self.programme)
        return Grant(_check_sender(sender), roles, programmes, "", lifetime, certificate)


def read_fingerprint(path: Path) -> bytes:
    """Return the fingerprint of the first certificate in a PEM file.

    Raises
    ------
    UsageError
        The file contains no certificate.
    """
    import ssl

    from service.auth.certificates import compute_fingerprint

    check_files([path])
    with path.open("rb") as file:
        text = file.read(_CERTIFICATE_BYTES_MAX).decode("latin-1")
    begin, end = text.find(ssl.PEM_HEADER), text.find(ssl.PEM_FOOTER)
    try:
        return compute_fingerprint(ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)]))
    except ValueError as error:
        raise UsageError(
            f"{path} contains no certificate in PEM ({error}). Name the file of a client certificate"
        ) from error


def _check_sender(sender: str) -> str:
    from ingest.spool.envelope import Envelope, check_envelope

    if sender in RESERVED_SENDERS:
        raise UsageError(
            f"SENDER {sender} is reserved, as {', '.join(sorted(RESERVED_SENDERS))} are: name another"
        )
    try:
        return check_envelope(Envelope(sender=sender), "SENDER").sender
    except InputError as error:
        raise UsageError(str(error)) from error


def _check_programmes(programmes: Sequence[str]) -> frozenset[str]:
    for programme in programmes:
        if not (len(programme) == _PROGRAMME_DIGITS and programme.isascii() and programme.isdigit()):
            raise UsageError(f"{programme!r} is not a programme: write its four digits, as in 0177")
    return frozenset(programmes)


def _check_days(days: int) -> int:
    if not 0 < days < 36_500:
        raise UsageError("--days must be from 1 to 36,499")
    return days
