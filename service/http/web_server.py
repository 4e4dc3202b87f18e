"""uvicorn, started and stopped by us: signals mean what the command line says they mean."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from service.configuration.settings import UsageError
from service.http.connection import HttpConnection
from service.http.router import Application
from service.http.tls import Tls

BACKLOG = 4096
KEEP_ALIVE_SECONDS = 75
DRAIN_SECONDS = 30
"""How long requests under way may take once the service stops."""


class _Server(uvicorn.Server):
    """Leaves signals to us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_socket(host: str, port: int) -> socket.socket:
    """A socket that takes connections for us.

    Raises
    ------
    Misuse
        The address is not ours to use, or somebody uses it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((host, port))
    except (OSError, OverflowError) as error:
        found.close()
        raise UsageError(
            f"cannot listen on {host}, port {port}: {error}. Choose --host and --port"
        ) from error
    return found


class WebServer:
    """Serves the application until it is asked to stop."""

    def __init__(self, application: Application, tls: Tls | None = None) -> None:
        config = uvicorn.Config(
            application,
            http=HttpConnection,
            ssl_context_factory=(lambda _config, _default: tls.context) if tls else None,
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # what strangers send must not fill our logs
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        self._server, self._end = _Server(config), application.mark_stopping

    def stop(self) -> None:
        """Take no more connections; requests under way are answered first."""
        self._server.should_exit = True

    async def serve(self, sock: socket.socket) -> None:
        """Answer until stopped, and until the last request under way is answered."""
        try:
            await self._server.serve([sock])
        finally:
            self._end()
