"""Whether the service lives, and whether it can take work."""

from http import HTTPStatus

from service.http.http_messages import Request, Response, respond
from service.http.problems import try_again
from service.http.service_context import ServiceContext


class HealthHandler:
    """Handlers of ``/healthz`` and ``/readyz``."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk = desk

    async def get_liveness(self, _: Request) -> Response:
        """The process answers."""
        return respond({"status": "alive"})

    async def get_readiness(self, _: Request) -> Response:
        """The book is loaded, the lease is held, and nobody has asked for a stop."""
        if self._desk.is_draining:
            raise try_again("stopping")
        if not self._desk.is_ready:
            raise try_again("loading the book")
        return respond({"status": "ready", "files_waiting": len(self._desk.inbox.files)}, HTTPStatus.OK)
