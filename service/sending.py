"""A file sent to a running service: in pieces, again when told to come again, until its receipt is there."""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from core.errors import CrescendoError
from service.settings import Misuse

_PIECE_BYTES = 2**20
WAIT_SECONDS = 60
_TIMEOUT_SECONDS = 300
_ENDED = frozenset({"decided", "cancelled"})
_LATER = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS})


class Refused(CrescendoError):
    """The service does not take a file, and sending it again would not help."""

    def __init__(self, file: str, problem: dict[str, Any]) -> None:
        super().__init__(f"{file}: {problem.get('detail', 'refused')}")
        self.problem = problem


class Unreachable(CrescendoError):
    """The service did not answer, however often it was asked."""


class Service(NamedTuple):
    """Where a service is, and the key to it."""

    url: str
    key: str
    attempts: int = 10
    """Connections that fail, and answers that say to come again, before a file is given up."""
    pause: Callable[[float], None] = time.sleep
    tls: ssl.SSLContext | None = None
    """Whom to believe over https, and our own certificate; what the machine says where this is None."""

    def connection(self) -> http.client.HTTPConnection:
        """A connection, not opened yet.

        Raises
        ------
        Misuse
            The address is none.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Misuse(f"{self.url!r} is no address of a service: http://host:port")
        where = (parts.hostname, parts.port)
        if parts.scheme == "http":
            return http.client.HTTPConnection(*where, timeout=_TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(*where, timeout=_TIMEOUT_SECONDS, context=self.tls)


def trusting(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """What an https connection is made with.

    Raises
    ------
    Misuse
        The files do not read, or do not belong together.
    """
    try:
        made = ssl.create_default_context(cafile=ca)
        if certificate:
            made.load_cert_chain(certificate, key)
    except OSError as error:
        named = ", ".join(str(each) for each in (ca, certificate, key) if each)
        raise Misuse(f"no TLS with {named}: {error}") from error
    return made


def submit(service: Service, file: Path, again: bool, told: Callable[[int, int], None]) -> dict[str, Any]:
    """Send ``file`` and wait until it is decided, or cancelled; its ticket.  ``told`` hears bytes sent and bytes in all.

    Sending twice does no harm: the same bytes are the same submission.

    Raises
    ------
    Refused
        The file is refused whole.
    Unreachable
        No answer, attempt after attempt.
    """
    ticket = _insist(
        service, file.name, lambda connection: _send(connection, service.key, (file, again), told)
    )
    while ticket["state"] not in _ENDED:
        path = f"{ticket['links']['self']}?wait={WAIT_SECONDS}"
        ticket = _insist(
            service, file.name, lambda connection, path=path: _ask(connection, service.key, path)
        )
    return ticket


def _send(
    connection: http.client.HTTPConnection,
    key: str,
    what: tuple[Path, bool],
    told: Callable[[int, int], None],
) -> None:
    file, again = what
    size = file.stat().st_size
    headers = {
        **_key(key),
        "Content-Type": "application/octet-stream",
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="{_plain(file.name)}"',
    }
    path = f"/v1/submissions?wait={WAIT_SECONDS}{'&again=true' if again else ''}"
    connection.request("POST", path, body=_pieces(file, size, told), headers=headers)


def _ask(connection: http.client.HTTPConnection, key: str, path: str) -> None:
    connection.request("GET", path, headers=_key(key))


def _key(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _plain(name: str) -> str:
    """A name that may stand in a header: only its end says anything to the service."""
    return "".join(
        letter if letter.isascii() and letter.isprintable() and letter not in '";\\' else "_"
        for letter in name
    )


def _pieces(file: Path, size: int, told: Callable[[int, int], None]) -> Iterator[bytes]:
    done = 0
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE_BYTES):
            yield piece
            done += len(piece)
            told(done, size)


def _insist(service: Service, name: str, ask: Callable[[http.client.HTTPConnection], None]) -> dict[str, Any]:
    """Ask until there is an answer that stays."""
    cause = "no answer"
    for attempt in range(service.attempts):
        connection = service.connection()
        try:
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # refused before all was sent: why, is answered
                ask(connection)
            answer = connection.getresponse()
            status, body, later = answer.status, answer.read(), answer.getheader("Retry-After", "1")
        except (OSError, http.client.HTTPException) as error:
            cause, later = str(error) or type(error).__name__, str(min(2**attempt, 30))
        else:
            if status not in _LATER:
                return _read(name, status, body)
            cause = _problem(body).get("detail", str(status))
        finally:
            connection.close()
        service.pause(float(later))
    raise Unreachable(f"{service.url}: {cause}, {service.attempts} times. Send it again: twice does no harm")


def _read(name: str, status: int, body: bytes) -> dict[str, Any]:
    if status >= HTTPStatus.BAD_REQUEST:
        raise Refused(name, _problem(body))
    return json.loads(body)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {"detail": body[:200].decode("latin-1")}
    return found if isinstance(found, dict) else {"detail": str(found)[:200]}
