"""The routes."""

from service.access.door import Door
from service.web.acts import Acts
from service.web.desk import Desk
from service.web.docs import Docs
from service.web.figures import Metrics
from service.web.health import Health
from service.web.pain002 import Pain002
from service.web.refusals import Refusals
from service.web.routing import Application, Route
from service.web.submissions import Submissions

OPEN = frozenset({"/healthz", "/readyz", "/metrics", "/docs", "/docs.css", "/openapi.json"})
"""Paths that ask for no key; ``/metrics`` looks itself at who asks."""


def application(desk: Desk, door: Door) -> Application:
    """All that can be asked."""
    return Application(routes(desk, door), door, desk.board)


def routes(desk: Desk, door: Door) -> list[Route]:
    """Every route; each asks for a key unless its path is open."""
    health, metrics, docs = Health(desk), Metrics(desk, door), Docs(OPEN)
    acts, submissions = Acts(desk), Submissions(desk)
    refusals, pain002 = Refusals(desk, submissions), Pain002(desk, submissions)
    handlers = {
        ("GET", "/healthz"): health.alive,
        ("GET", "/readyz"): health.ready,
        ("GET", "/metrics"): metrics.shown,
        ("GET", "/docs"): docs.page,
        ("GET", "/docs.css"): docs.looks,
        ("GET", "/openapi.json"): docs.openapi,
        ("POST", "/v1/acts"): acts.decide,
        ("POST", "/v1/submissions"): submissions.submit,
        ("GET", "/v1/submissions"): submissions.listing,
        ("GET", "/v1/submissions/{submission}"): submissions.status,
        ("GET", "/v1/submissions/{submission}/refusals"): refusals.listing,
        ("GET", "/v1/submissions/{submission}/pain002"): pain002.report,
    }
    return [Route(method, path, handler, path in OPEN) for (method, path), handler in handlers.items()]
