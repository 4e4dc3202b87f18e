"""Requests to a running service: each made until there is an answer that stays."""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from core.errors import CrescendoError
from service.settings import Misuse

_TIMEOUT_SECONDS = 300
_LONGEST_PAUSE_SECONDS = 30
_LATER = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_NOTHING: Mapping[str, str] = {}


class Refused(CrescendoError):
    """The service does not take what was sent, and sending it again would not help."""

    def __init__(self, name: str, problem: dict[str, Any]) -> None:
        super().__init__(f"{name}: {problem.get('detail', 'refused')}")
        self.problem = problem


class Unreachable(CrescendoError):
    """The service did not answer, however often it was asked."""


class Later(CrescendoError):
    """No answer that stays: the connection broke, or the service says to come again."""

    def __init__(self, cause: str, seconds: float | None = None, *, is_busy: bool = False) -> None:
        super().__init__(cause)
        self.seconds, self.is_busy = seconds, is_busy


class Call(NamedTuple):
    """A request, which may be made as often as need be."""

    method: str
    path: str
    headers: Mapping[str, str] = _NOTHING
    body: Callable[[], bytes | Iterable[bytes]] = bytes


class Reply(NamedTuple):
    """An answer that stays."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """What it says."""
        return json.loads(self.body)


def _say_nothing(_: str) -> None:
    """Nobody listens."""


class Service(NamedTuple):
    """Where a service is, and the key to it."""

    url: str
    key: str
    attempts: int = 10
    """Connections that fail, and answers that say to come again, before something is given up."""
    pause: Callable[[float], None] = time.sleep
    noted: Callable[[str], None] = _say_nothing
    """Told of each of them."""
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

    def once(self, name: str, call: Call) -> Reply:
        """Make a request once; ``name`` is what it is about.

        Raises
        ------
        Later
            It may be made again.
        Refused
            It need not be.
        """
        connection = self.connection()
        headers = {"Authorization": f"Bearer {self.key}", **call.headers}
        try:
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # refused before all was sent: why, is answered
                connection.request(call.method, call.path, call.body(), headers)
            answer = connection.getresponse()
            reply = Reply(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise Later(str(error) or type(error).__name__) from error
        finally:
            connection.close()
        return _settled(name, reply)

    def insist(self, name: str, call: Call) -> Reply:
        """Make a request until there is an answer that stays.

        Raises
        ------
        Refused
            The service will not do it.
        Unreachable
            No answer, attempt after attempt.
        """
        patience = Patience(self)
        while True:
            try:
                return self.once(name, call)
            except Later as later:
                patience.wait(later)


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


@dataclass(slots=True)
class Patience:
    """How often something has failed, and how long to wait until it is tried again."""

    service: Service
    failures: int = 0

    def progressed(self) -> None:
        """Something came of it: begin counting anew."""
        self.failures = 0

    def wait(self, later: Later) -> None:
        """Wait as long as was said, or longer each time; another connection's work is no failure.

        Raises
        ------
        Unreachable
            It failed too often.
        """
        seconds = min(2**self.failures, _LONGEST_PAUSE_SECONDS) if later.seconds is None else later.seconds
        self.failures += not later.is_busy
        if self.failures >= self.service.attempts:
            told = f"{self.service.url}: {later}, {self.failures} times"
            raise Unreachable(f"{told}. Send it again: twice does no harm") from later
        self.service.noted(f"{later}; again in {seconds:g} s")
        self.service.pause(seconds)


def _settled(name: str, reply: Reply) -> Reply:
    """``reply``, when it is one that stays."""
    if reply.status < HTTPStatus.BAD_REQUEST:
        return reply
    problem, later = _problem(reply.body), reply.headers.get("Retry-After", "")
    is_busy = reply.status == HTTPStatus.CONFLICT and bool(later)
    if reply.status in _LATER or is_busy:
        cause = str(problem.get("detail", reply.status))
        raise Later(cause, float(later) if later.isdigit() else None, is_busy=is_busy)
    raise Refused(name, problem)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {"detail": body[:200].decode("latin-1")}
    return found if isinstance(found, dict) else {"detail": str(found)[:200]}
