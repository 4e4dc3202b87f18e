"""uvicorn, started and stopped by the service, which handles the signals itself."""

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
"""How long open requests may take once the service stops."""


class _Server(uvicorn.Server):
    """uvicorn without signal handlers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def open_socket(host: str, port: int) -> socket.socket:
    """Open a socket that is bound to an address.

    Raises
    ------
    UsageError
        The address is not available, or in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
    except (OSError, OverflowError) as error:
        sock.close()
        raise UsageError(
            f"the service cannot listen on {host}, port {port}: {error}. Choose another --host or --port"
        ) from error
    return sock


class WebServer:
    """Serves the application until ``stop`` is called."""

    def __init__(self, application: Application, tls: Tls | None = None) -> None:
        config = uvicorn.Config(
            application,
            http=HttpConnection,
            ssl_context_factory=(lambda _config, _default: tls.context) if tls else None,
            ws="none",
            loop="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # clients must not be able to fill the log
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )
        self._server, self._end = _Server(config), application.mark_stopping

    def stop(self) -> None:
        """Accept no more connections; open requests are answered first."""
        self._server.should_exit = True

    async def serve(self, sock: socket.socket) -> None:
        """Serve until stopped and until the last open request is answered."""
        try:
            await self._server.serve([sock])
        finally:
            self._end()
