"""Whether the service lives, and whether it can take work."""

from http import HTTPStatus

from service.http.http_messages import Answer, Request, answer
from service.http.problems import busy
from service.http.service_context import Desk


class Health:
    """Handlers of ``/healthz`` and ``/readyz``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def alive(self, _: Request) -> Answer:
        """The process answers."""
        return answer({"status": "alive"})

    async def ready(self, _: Request) -> Answer:
        """The book is loaded, the lease is held, and nobody has asked for a stop."""
        if self._desk.is_draining:
            raise busy("stopping")
        if not self._desk.is_ready:
            raise busy("loading the book")
        return answer({"status": "ready", "files_waiting": len(self._desk.inbox.files)}, HTTPStatus.OK)
