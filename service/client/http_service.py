"""Requests to a running service, repeated until there is a final response."""

import http.client
import json
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeVar
from urllib.parse import urlsplit

from core.errors import CrescendoError
from service.client.retries import Retries, RetryLater, print_retry
from service.configuration.input_files import check_files
from service.configuration.settings import UsageError

Value = TypeVar("Value")
_TIMEOUT_SECONDS = 300
_PIECE_BYTES = 2**18
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
    """The service refused the request; sending it again would not help."""

    def __init__(self, name: str, problem: dict[str, Any]) -> None:
        detail, remedy = str(problem.get("detail", "refused")), str(problem.get("remedy", ""))
        prefix = "" if detail.startswith((f"{name}:", f"{name},")) else f"{name}: "
        super().__init__(f"{prefix}{detail}{'' if remedy in detail else f'. {remedy}'}")
        self.problem = problem


class ServiceRequest(NamedTuple):
    """A request that may be sent several times; ``body`` produces its content anew each time."""

    method: str
    path: str
    headers: Mapping[str, str] = _NOTHING
    body: Callable[[], bytes | Iterable[bytes]] = bytes


class ServiceResponse(NamedTuple):
    """A final response."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)


class HttpService(NamedTuple):
    """The address of a service, the API key, and how failed requests are repeated."""

    url: str
    key: str
    attempts: int = 10
    """Failed connections and responses to try again later, in a row, after which a request is given up."""
    sleep: Callable[[float], None] = time.sleep
    on_retry: Callable[[str], None] = print_retry
    """Called with a description of each failed attempt; by default it is printed on standard error."""
    tls: ssl.SSLContext | None = None
    """Trusted authorities and client certificate for https; the machine's defaults if None."""
    language: str = "en"
    """The language of texts: ``en`` or ``fr``."""

    def open_connection(self) -> http.client.HTTPConnection:
        """Return a connection, which opens with its first request.

        Raises
        ------
        UsageError
            The address is not valid.
        """
        address = parse_address(self.url)
        if not (self.key.isascii() and self.key.isprintable()):
            raise UsageError("the API key has characters that no key has. Copy it again as it was issued")
        if address.scheme == "http":
            return http.client.HTTPConnection(address.host, address.port, timeout=_TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(
            address.host, address.port, timeout=_TIMEOUT_SECONDS, context=self.tls
        )

    def send_once(self, name: str, request: ServiceRequest) -> ServiceResponse:
        """Send a request once; ``name`` identifies its subject in errors.

        Raises
        ------
        RetryLater
            The request may be sent again.
        Refused
            Sending it again would not help.
        """
        with self._open_response(request) as http_response, _raise_retry_later():
            body = http_response.read()
        return _raise_for_status(name, ServiceResponse(http_response.status, http_response.headers, body))

    @contextmanager
    def _open_response(self, request: ServiceRequest) -> Iterator[http.client.HTTPResponse]:
        """Send a request and open its response, whose body is not read yet."""
        connection = self.open_connection()
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Accept-Language": self.language,
            **request.headers,
        }
        try:
            with _raise_retry_later():
                with suppress(
                    BrokenPipeError, ConnectionResetError
                ):  # refused before all was sent: why, is answered
                    connection.request(request.method, request.path, request.body(), headers)
                http_response = connection.getresponse()
            yield http_response
        finally:
            connection.close()

    def download(self, name: str, request: ServiceRequest, target: BinaryIO) -> None:
        """Write the body of a response to ``target``, a piece at a time; after a cut once more from its beginning.

        Raises
        ------
        Refused
            The service refuses the request.
        Unreachable
            All attempts failed.
        """

        def write_body() -> None:
            target.seek(0)
            target.truncate()
            target.writelines(self._read_pieces(name, request))

        self._repeat(write_body)

    def _read_pieces(self, name: str, request: ServiceRequest) -> Iterator[bytes]:
        with self._open_response(request) as http_response:
            if http_response.status >= HTTPStatus.BAD_REQUEST:
                with _raise_retry_later():
                    body = http_response.read()
                _raise_for_status(name, ServiceResponse(http_response.status, http_response.headers, body))
            while True:
                with _raise_retry_later():
                    piece = http_response.read(_PIECE_BYTES)
                if not piece:
                    break
                yield piece
            if http_response.length:
                raise RetryLater(f"the connection was cut {http_response.length:,} bytes before the end")

    def start_retries(self) -> Retries:
        """Return the count of failures of a new request."""
        return Retries(self.url, self.attempts, self.sleep, on_retry=self.on_retry)

    def send(self, name: str, request: ServiceRequest) -> ServiceResponse:
        """Send a request until there is a final response.

        Raises
        ------
        Refused
            The service refuses the request.
        Unreachable
            All attempts failed.
        """
        return self._repeat(lambda: self.send_once(name, request))

    def _repeat(self, attempt: Callable[[], Value]) -> Value:
        """Return what ``attempt`` returns, once no cause to try again is left."""
        retries = self.start_retries()
        while True:
            try:
                return attempt()
            except RetryLater as error:
                retries.wait(error)


class ServiceAddress(NamedTuple):
    """The parts of an address of a service; without a port the one of its scheme."""

    scheme: str
    host: str
    port: int | None


def parse_address(url: str) -> ServiceAddress:
    """Parse the address of a service.

    Raises
    ------
    UsageError
        It is none: another scheme, no host, or no valid port.
    """
    with suppress(ValueError):  # urlsplit raises it for a port or a host that is not valid
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname:
            return ServiceAddress(parts.scheme, parts.hostname, parts.port)
    raise UsageError(f"{url!r} is not the address of a service. Write the address as http://host:port")


def build_tls_context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """Build the TLS context of an https connection.

    Raises
    ------
    UsageError
        The files cannot be read, or do not belong together.
    """
    check_files(path for path in (ca, certificate, key) if path)
    try:
        context = ssl.create_default_context(cafile=ca)
        if certificate:
            context.load_cert_chain(certificate, key)
    except OSError as error:
        names = ", ".join(str(path) for path in (ca, certificate, key) if path)
        raise UsageError(f"TLS cannot use {names}: {error}") from error
    return context


@contextmanager
def _raise_retry_later() -> Iterator[None]:
    """Raise the failure of a connection as one after which the request may be sent again."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise RetryLater(_describe_failure(error)) from error


def _describe_failure(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"no connection: {error.strerror}"
    return str(error) or type(error).__name__


def _raise_for_status(name: str, response: ServiceResponse) -> ServiceResponse:
    """Return ``response`` if it is final and successful."""
    if response.status < HTTPStatus.BAD_REQUEST:
        return response
    problem, retry_after = _parse_problem(response.body), response.headers.get("Retry-After", "")
    is_busy = response.status == HTTPStatus.CONFLICT and bool(retry_after)
    if response.status in _RETRY_STATUSES or is_busy:
        cause = str(problem.get("detail", response.status))
        raise RetryLater(cause, float(retry_after) if retry_after.isdigit() else None, is_busy=is_busy)
    raise Refused(name, problem)


def _parse_problem(body: bytes) -> dict[str, Any]:
    try:
        problem = json.loads(body)
    except ValueError:
        return {"detail": body[:200].decode("latin-1")}
    return problem if isinstance(problem, dict) else {"detail": str(problem)[:200]}
