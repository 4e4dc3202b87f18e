"""What is said of a key or a grant on the command line: roles, programmes, time and certificate."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import InputError
from service.auth.roles import Role, held
from service.settings import Misuse

if TYPE_CHECKING:
    from service.auth.access_queries import Grant

_PROGRAMME_DIGITS = 4
_CERTIFICATE_BYTES_MAX = 2**20


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Powers:
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

    def granted(self, sender: str) -> "Grant":
        """The same, checked.

        Raises
        ------
        Misuse
            Something of it makes no sense.
        """
        from service.auth.access_queries import Grant

        lifetime = None if self.days is None else timedelta(days=_positive(self.days))
        certificate = fingerprint_of(self.certificate) if self.certificate else b""
        roles, programmes = held(self.role), _programmes(self.programme)
        return Grant(_sender(sender), roles, programmes, "", lifetime, certificate)


def fingerprint_of(file: Path) -> bytes:
    """What the first certificate of a PEM file is known by.

    Raises
    ------
    Misuse
        There is none.
    """
    import ssl

    from service.auth.certificates import fingerprint

    with file.open("rb") as opened:
        text = opened.read(_CERTIFICATE_BYTES_MAX).decode("latin-1")
    begin, end = text.find(ssl.PEM_HEADER), text.find(ssl.PEM_FOOTER)
    try:
        return fingerprint(ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)]))
    except ValueError as error:
        raise Misuse(f"{file} holds no certificate in PEM: {error}") from error


def _sender(sender: str) -> str:
    from ingest.spool.envelope import Envelope, checked

    try:
        return checked(Envelope(sender=sender), "SENDER").sender
    except InputError as error:
        raise Misuse(str(error)) from error


def _programmes(names: Sequence[str]) -> frozenset[str]:
    for name in names:
        if not (len(name) == _PROGRAMME_DIGITS and name.isascii() and name.isdigit()):
            raise Misuse(f"{name!r} is no programme: four digits, as 0177")
    return frozenset(names)


def _positive(days: int) -> int:
    if not 0 < days < 36_500:
        raise Misuse("--days must be from 1 to 36,499")
    return days
