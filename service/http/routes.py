"""The routes."""

from service.http.authentication import Door
from service.http.handlers import static_page
from service.http.handlers.acts import ActLives
from service.http.handlers.budget import BudgetNodes
from service.http.handlers.forms import Acts
from service.http.handlers.health import Health
from service.http.handlers.metrics import Live, Metrics
from service.http.handlers.open_items import COMMITMENT, PAYMENT, Standing
from service.http.handlers.pain002 import Pain002
from service.http.handlers.refused_lines import Refusals
from service.http.handlers.reports import Reports
from service.http.handlers.senders import Senders
from service.http.handlers.submissions import Submissions
from service.http.handlers.uploads import Uploads
from service.http.live.broadcaster import Lookout
from service.http.openapi.docs_handler import Docs
from service.http.query_scope import Eyes
from service.http.router import Application, Handler, Route
from service.http.service_context import Desk

ONLOOKERS = frozenset({"/metrics", "/v1/figures", "/v1/live", "/v1/batches/{batch}/proof"})
"""Paths that look themselves at who asks: this machine needs no key."""
OPEN = frozenset(
    {"/healthz", "/readyz", "/docs", "/docs.css", "/openapi.json", *static_page.PATHS, *ONLOOKERS}
)
"""Paths that the door lets everybody through to."""


Handlers = dict[tuple[str, str], Handler]
"""By method and path."""


def application(desk: Desk, door: Door, lookout: Lookout) -> Application:
    """All that can be asked."""
    return Application(routes(desk, door, lookout), door, desk.board)


def routes(desk: Desk, door: Door, lookout: Lookout) -> list[Route]:
    """Every route; each asks for a key unless its path is open."""
    handlers = {**_operating(desk, door, lookout), **_sending(desk), **_asking(desk)}
    return [Route(method, path, handler, path in OPEN) for (method, path), handler in handlers.items()]


def _operating(desk: Desk, door: Door, lookout: Lookout) -> Handlers:
    """How the service is, for those who keep it and for those who look on."""
    health, metrics, docs = Health(desk), Metrics(desk, door), Docs(OPEN)
    live, senders = Live(desk, door, lookout), Senders(desk)
    return {
        **static_page.Page(desk).handlers(),
        ("GET", "/healthz"): health.alive,
        ("GET", "/readyz"): health.ready,
        ("GET", "/metrics"): metrics.shown,
        ("GET", "/v1/figures"): live.figures,
        ("GET", "/v1/live"): live.stream,
        ("GET", "/v1/batches/{batch}/proof"): live.proof,
        ("GET", "/docs"): docs.page,
        ("GET", "/docs.css"): docs.looks,
        ("GET", "/openapi.json"): docs.openapi,
        ("POST", "/v1/senders/{sender}/pause"): senders.pause,
        ("POST", "/v1/senders/{sender}/resume"): senders.resume,
    }


def _sending(desk: Desk) -> Handlers:
    """Acts and files, and what becomes of them."""
    acts, submissions = Acts(desk), Submissions(desk)
    refusals, pain002 = Refusals(desk, submissions), Pain002(desk, submissions)
    uploads = Uploads(desk, submissions)
    return {
        ("POST", "/v1/acts"): acts.decide,
        ("POST", "/v1/submissions"): submissions.submit,
        ("GET", "/v1/submissions"): submissions.listing,
        ("GET", "/v1/submissions/{submission}"): pain002.status,
        ("DELETE", "/v1/submissions/{submission}"): submissions.cancel,
        ("GET", "/v1/submissions/{submission}/refusals"): refusals.listing,
        ("GET", "/v1/submissions/{submission}/pain002"): pain002.report,
        ("POST", "/v1/uploads"): uploads.begin,
        ("GET", "/v1/uploads"): uploads.listing,
        ("GET", "/v1/uploads/{upload}"): uploads.state,
        ("PATCH", "/v1/uploads/{upload}"): uploads.append,
        ("DELETE", "/v1/uploads/{upload}"): uploads.give_up,
    }


def _asking(desk: Desk) -> Handlers:
    """Questions to the journal."""
    eyes, reports, nodes = Eyes(desk), Reports(desk), BudgetNodes(desk)
    lives = ActLives(desk, eyes)
    commitments, payments = Standing(desk, eyes, COMMITMENT), Standing(desk, eyes, PAYMENT)
    return {
        ("GET", "/v1/acts"): lives.by_reference,
        ("GET", "/v1/acts/{entry}"): lives.by_entry,
        ("GET", "/v1/acts/{entry}/followers"): lives.followers,
        ("GET", "/v1/commitments"): commitments.by_reference,
        ("GET", "/v1/commitments/{entry}"): commitments.by_entry,
        ("GET", "/v1/payments"): payments.by_reference,
        ("GET", "/v1/payments/{entry}"): payments.by_entry,
        ("GET", "/v1/budget/nodes"): nodes.node,
        ("GET", "/v1/budget/programmes"): nodes.programmes,
        ("GET", "/v1/reports/trial-balance"): reports.trial_balance,
        ("GET", "/v1/reports/budget"): reports.budget,
        ("GET", "/v1/reports/refusals"): reports.refusals,
        ("GET", "/v1/reports/delays"): reports.delays,
    }
