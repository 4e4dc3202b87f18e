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
from service.configuration.settings import UsageError

_TIMEOUT_SECONDS = 300
_LONGEST_PAUSE_SECONDS = 30
_RETRY_STATUSES = frozenset(
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


class RetryLater(CrescendoError):
    """No answer that stays: the connection broke, or the service says to come again."""

    def __init__(self, cause: str, seconds: float | None = None, *, is_busy: bool = False) -> None:
        super().__init__(cause)
        self.seconds, self.is_busy = seconds, is_busy


class ServiceRequest(NamedTuple):
    """A request, which may be made as often as need be."""

    method: str
    path: str
    headers: Mapping[str, str] = _NOTHING
    body: Callable[[], bytes | Iterable[bytes]] = bytes


class ServiceResponse(NamedTuple):
    """An answer that stays."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """What it says."""
        return json.loads(self.body)


def _ignore_retry(_: str) -> None:
    """Nobody listens."""


class HttpService(NamedTuple):
    """Where a service is, and the key to it."""

    url: str
    key: str
    attempts: int = 10
    """Connections that fail, and answers that say to come again, before something is given up."""
    sleep: Callable[[float], None] = time.sleep
    on_retry: Callable[[str], None] = _ignore_retry
    """Told of each of them."""
    tls: ssl.SSLContext | None = None
    """Whom to believe over https, and our own certificate; what the machine says where this is None."""

    def open_connection(self) -> http.client.HTTPConnection:
        """A connection, not opened yet.

        Raises
        ------
        Misuse
            The address is none.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(f"{self.url!r} is no address of a service: http://host:port")
        context = (parts.hostname, parts.port)
        if parts.scheme == "http":
            return http.client.HTTPConnection(*context, timeout=_TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(*context, timeout=_TIMEOUT_SECONDS, context=self.tls)

    def send_once(self, name: str, request: ServiceRequest) -> ServiceResponse:
        """Make a request once; ``name`` is what it is about.

        Raises
        ------
        Later
            It may be made again.
        Refused
            It need not be.
        """
        connection = self.open_connection()
        headers = {"Authorization": f"Bearer {self.key}", **request.headers}
        try:
            with suppress(
                BrokenPipeError, ConnectionResetError
            ):  # refused before all was sent: why, is answered
                connection.request(request.method, request.path, request.body(), headers)
            answer = connection.getresponse()
            reply = ServiceResponse(answer.status, answer.headers, answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise RetryLater(str(error) or type(error).__name__) from error
        finally:
            connection.close()
        return _raise_for_status(name, reply)

    def send(self, name: str, request: ServiceRequest) -> ServiceResponse:
        """Make a request until there is an answer that stays.

        Raises
        ------
        Refused
            The service will not do it.
        Unreachable
            No answer, attempt after attempt.
        """
        patience = Retries(self)
        while True:
            try:
                return self.send_once(name, request)
            except RetryLater as later:
                patience.wait(later)


def build_tls_context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
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
        raise UsageError(f"no TLS with {named}: {error}") from error
    return made


@dataclass(slots=True)
class Retries:
    """How often something has failed, and how long to wait until it is tried again."""

    service: HttpService
    failures: int = 0

    def reset(self) -> None:
        """Something came of it: begin counting anew."""
        self.failures = 0

    def wait(self, later: RetryLater) -> None:
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
        self.service.on_retry(f"{later}; again in {seconds:g} s")
        self.service.sleep(seconds)


def _raise_for_status(name: str, response: ServiceResponse) -> ServiceResponse:
    """``reply``, when it is one that stays."""
    if response.status < HTTPStatus.BAD_REQUEST:
        return response
    problem, later = _parse_problem(response.body), response.headers.get("Retry-After", "")
    is_busy = response.status == HTTPStatus.CONFLICT and bool(later)
    if response.status in _RETRY_STATUSES or is_busy:
        cause = str(problem.get("detail", response.status))
        raise RetryLater(cause, float(later) if later.isdigit() else None, is_busy=is_busy)
    raise Refused(name, problem)


def _parse_problem(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {"detail": body[:200].decode("latin-1")}
    return found if isinstance(found, dict) else {"detail": str(found)[:200]}
