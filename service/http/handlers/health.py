"""Health checks: whether the process runs, and whether it accepts work."""

from ingest.queue.inbox import Inbox
from service.http.http_messages import Request, Response, respond
from service.http.openapi.operation import Operation
from service.http.openapi.problem_types import list_problems
from service.http.problems import disk_full, try_again
from service.http.route import Route
from service.http.service_state import ServiceState


class HealthHandler:
    """Handles ``/healthz`` and ``/readyz``."""

    def __init__(self, state: ServiceState, inbox: Inbox) -> None:
        self._state, self._inbox = state, inbox

    async def get_liveness(self, _: Request) -> Response:
        """Respond as long as the process runs."""
        return respond({"status": "alive"})

    async def get_readiness(self, _: Request) -> Response:
        """Respond 200 while the book is loaded and the service is not stopping, else 503."""
        if self._state.is_draining:
            raise try_again("The service is stopping")
        self._state.check_clocks()
        if self._state.is_disk_full:
            raise disk_full()
        if not self._state.is_ready:
            raise try_again("The service is loading the book")
        return respond({"status": "ready", "files_waiting": len(self._inbox.files.queue)})


ROUTES = (
    Route(
        "GET",
        "/healthz",
        HealthHandler.get_liveness,
        Operation("Check that the process runs", {"200": "The process runs"}),
        is_open=True,
    ),
    Route(
        "GET",
        "/readyz",
        HealthHandler.get_readiness,
        Operation(
            "Check that the service accepts work",
            {"200": "The service accepts work", **list_problems("try-again", "disk-full", "clock-set-back")},
        ),
        is_open=True,
    ),
)
