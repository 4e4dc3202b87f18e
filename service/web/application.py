"""The routes."""

from service.web.desk import Desk
from service.web.health import Health
from service.web.refusals import Refusals
from service.web.routing import Application, Route
from service.web.submissions import Submissions


def application(desk: Desk) -> Application:
    """All that can be asked."""
    health, submissions = Health(desk), Submissions(desk)
    refusals = Refusals(desk, submissions)
    return Application(
        [
            Route("GET", "/healthz", health.alive),
            Route("GET", "/readyz", health.ready),
            Route("POST", "/v1/submissions", submissions.submit),
            Route("GET", "/v1/submissions", submissions.listing),
            Route("GET", "/v1/submissions/{submission}", submissions.status),
            Route("GET", "/v1/submissions/{submission}/refusals", refusals.listing),
        ]
    )
