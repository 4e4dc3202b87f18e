"""The routes."""

from service.access.door import Door
from service.web.acts import Acts
from service.web.desk import Desk
from service.web.figures import Metrics
from service.web.health import Health
from service.web.refusals import Refusals
from service.web.routing import Application, Route
from service.web.submissions import Submissions


def application(desk: Desk, door: Door) -> Application:
    """All that can be asked."""
    metrics = Metrics(desk, door)
    health, submissions = Health(desk), Submissions(desk)
    refusals, acts = Refusals(desk, submissions), Acts(desk)
    return Application(
        [
            Route("GET", "/healthz", health.alive, is_open=True),
            Route("GET", "/readyz", health.ready, is_open=True),
            Route("GET", "/metrics", metrics.shown, is_open=True),
            Route("POST", "/v1/acts", acts.decide),
            Route("POST", "/v1/submissions", submissions.submit),
            Route("GET", "/v1/submissions", submissions.listing),
            Route("GET", "/v1/submissions/{submission}", submissions.status),
            Route("GET", "/v1/submissions/{submission}/refusals", refusals.listing),
        ],
        door,
        desk.board,
    )
