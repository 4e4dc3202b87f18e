"""The routes."""

from service.http.authentication import Authenticator
from service.http.handlers import static_page
from service.http.handlers.acts import ActHistoryHandler
from service.http.handlers.budget import BudgetHandler
from service.http.handlers.forms import FormHandler
from service.http.handlers.health import HealthHandler
from service.http.handlers.metrics import LiveHandler, MetricsHandler
from service.http.handlers.open_items import COMMITMENT, PAYMENT, OpenItemsHandler
from service.http.handlers.pain002 import Pain002Handler
from service.http.handlers.refused_lines import RefusedLinesHandler
from service.http.handlers.reports import Reports
from service.http.handlers.senders import SendersHandler
from service.http.handlers.submissions import SubmissionsHandler
from service.http.handlers.uploads import UploadsHandler
from service.http.live.broadcaster import FiguresBroadcaster
from service.http.openapi.docs_handler import DocsHandler
from service.http.query_scope import QueryScope
from service.http.router import Application, Handler, Route
from service.http.service_context import ServiceContext

METRICS_PATHS = frozenset({"/metrics", "/v1/figures", "/v1/live", "/v1/batches/{batch}/proof"})
"""Paths that look themselves at who asks: this machine needs no key."""
OPEN_PATHS = frozenset(
    {"/healthz", "/readyz", "/docs", "/docs.css", "/openapi.json", *static_page.PATHS, *METRICS_PATHS}
)
"""Paths that the door lets everybody through to."""


HandlersByRoute = dict[tuple[str, str], Handler]
"""By method and path."""


def build_application(
    context: ServiceContext, authenticator: Authenticator, broadcaster: FiguresBroadcaster
) -> Application:
    """All that can be asked."""
    return Application(build_routes(context, authenticator, broadcaster), authenticator, context.metrics)


def build_routes(
    context: ServiceContext, authenticator: Authenticator, broadcaster: FiguresBroadcaster
) -> list[Route]:
    """Every route; each asks for a key unless its path is open."""
    handlers = {
        **_build_operating_routes(context, authenticator, broadcaster),
        **_build_ingest_routes(context),
        **_build_query_routes(context),
    }
    return [Route(method, path, handler, path in OPEN_PATHS) for (method, path), handler in handlers.items()]


def _build_operating_routes(
    desk: ServiceContext, door: Authenticator, lookout: FiguresBroadcaster
) -> HandlersByRoute:
    """How the service is, for those who keep it and for those who look on."""
    health, metrics, docs = HealthHandler(desk), MetricsHandler(desk, door), DocsHandler(OPEN_PATHS)
    live, senders = LiveHandler(desk, door, lookout), SendersHandler(desk)
    return {
        **static_page.LivePageHandler(desk).build_handlers(),
        ("GET", "/healthz"): health.get_liveness,
        ("GET", "/readyz"): health.get_readiness,
        ("GET", "/metrics"): metrics.get_metrics,
        ("GET", "/v1/figures"): live.get_figures,
        ("GET", "/v1/live"): live.stream_figures,
        ("GET", "/v1/batches/{batch}/proof"): live.get_proof,
        ("GET", "/docs"): docs.get_page,
        ("GET", "/docs.css"): docs.get_stylesheet,
        ("GET", "/openapi.json"): docs.get_openapi,
        ("POST", "/v1/senders/{sender}/pause"): senders.pause,
        ("POST", "/v1/senders/{sender}/resume"): senders.resume,
    }


def _build_ingest_routes(desk: ServiceContext) -> HandlersByRoute:
    """Acts and files, and what becomes of them."""
    acts, submissions = FormHandler(desk), SubmissionsHandler(desk)
    refusals, pain002 = RefusedLinesHandler(desk, submissions), Pain002Handler(desk, submissions)
    uploads = UploadsHandler(desk, submissions)
    return {
        ("POST", "/v1/acts"): acts.decide,
        ("POST", "/v1/submissions"): submissions.submit,
        ("GET", "/v1/submissions"): submissions.list_submissions,
        ("GET", "/v1/submissions/{submission}"): pain002.get_status,
        ("DELETE", "/v1/submissions/{submission}"): submissions.cancel,
        ("GET", "/v1/submissions/{submission}/refusals"): refusals.list_refused,
        ("GET", "/v1/submissions/{submission}/pain002"): pain002.get_report,
        ("POST", "/v1/uploads"): uploads.begin,
        ("GET", "/v1/uploads"): uploads.list_uploads,
        ("GET", "/v1/uploads/{upload}"): uploads.get_state,
        ("PATCH", "/v1/uploads/{upload}"): uploads.append,
        ("DELETE", "/v1/uploads/{upload}"): uploads.remove,
    }


def _build_query_routes(desk: ServiceContext) -> HandlersByRoute:
    """Questions to the journal."""
    eyes, reports, nodes = QueryScope(desk), Reports(desk), BudgetHandler(desk)
    lives = ActHistoryHandler(desk, eyes)
    commitments, payments = OpenItemsHandler(desk, eyes, COMMITMENT), OpenItemsHandler(desk, eyes, PAYMENT)
    return {
        ("GET", "/v1/acts"): lives.get_by_reference,
        ("GET", "/v1/acts/{entry}"): lives.get_by_entry,
        ("GET", "/v1/acts/{entry}/followers"): lives.list_followers,
        ("GET", "/v1/commitments"): commitments.get_by_reference,
        ("GET", "/v1/commitments/{entry}"): commitments.get_by_entry,
        ("GET", "/v1/payments"): payments.get_by_reference,
        ("GET", "/v1/payments/{entry}"): payments.get_by_entry,
        ("GET", "/v1/budget/nodes"): nodes.get_node,
        ("GET", "/v1/budget/programmes"): nodes.list_programmes,
        ("GET", "/v1/reports/trial-balance"): reports.trial_balance,
        ("GET", "/v1/reports/budget"): reports.budget,
        ("GET", "/v1/reports/refusals"): reports.refusals,
        ("GET", "/v1/reports/delays"): reports.delays,
    }
