"""All routes of the service: the tables of the handlers, and the handlers bound to the parts that they need.

A route is one row in the table of its handler's module.  A new handler adds its table to ``ROUTES`` and its object to
``bind_all_routes``.
"""

from typing import Any

from service.http.authentication import Authenticator
from service.http.handlers import (
    acts,
    bank_messages,
    budget,
    cancellation,
    closing,
    closing_page,
    documents,
    dry_runs,
    forms,
    health,
    metrics,
    open_items,
    pain002,
    payment_runs,
    periods,
    persons,
    refused_lines,
    reports,
    senders,
    static_page,
    submissions,
    tasks,
    uploads,
)
from service.http.live.broadcaster import FiguresBroadcaster
from service.http.live.metrics_access import MetricsAccess
from service.http.openapi import docs_handler
from service.http.query_scope import QueryScope
from service.http.route import BoundRoute, Route, bind_routes
from service.http.router import Application
from service.http.service_context import ServiceContext

ROUTES: tuple[Route[Any], ...] = (
    *health.ROUTES,
    *metrics.METRICS_ROUTES,
    *static_page.ROUTES,
    *closing_page.ROUTES,
    *metrics.LIVE_ROUTES,
    *docs_handler.ROUTES,
    *forms.ROUTES,
    *submissions.ROUTES,
    *pain002.ROUTES,
    *cancellation.ROUTES,
    *senders.ROUTES,
    *refused_lines.ROUTES,
    *uploads.ROUTES,
    *tasks.ROUTES,
    *payment_runs.ROUTES,
    *bank_messages.ROUTES,
    *closing.ROUTES,
    *periods.ROUTES,
    *persons.ROUTES,
    *acts.ROUTES,
    *documents.ROUTES,
    *open_items.COMMITMENT_ROUTES,
    *open_items.PAYMENT_ROUTES,
    *budget.ROUTES,
    *reports.ROUTES,
)
OPEN_PATHS = frozenset(route.path for route in ROUTES if route.is_open)
METRICS_PATHS = frozenset(route.path for route in (*metrics.METRICS_ROUTES, *metrics.LIVE_ROUTES))
"""Open paths whose handlers check access themselves: requests from this machine need no key."""


def build_application(
    context: ServiceContext, authenticator: Authenticator, broadcaster: FiguresBroadcaster
) -> Application:
    """Build the application of a service."""
    routes = bind_all_routes(context, authenticator, broadcaster)
    for route in routes:
        for method in ("GET", "HEAD") if route.method == "GET" else (route.method,):
            context.metrics.increment("requests_total", method, route.path, "500", times=0)
    return Application(
        routes, authenticator, context.metrics, has_full_disk=lambda: context.state.is_disk_full
    )


def bind_all_routes(
    context: ServiceContext, authenticator: Authenticator, broadcaster: FiguresBroadcaster
) -> list[BoundRoute]:
    """Create the handlers and bind every route to its own."""
    return [
        *_bind_operating_routes(context, authenticator, broadcaster),
        *_bind_ingest_routes(context),
        *_bind_task_routes(context),
        *_bind_query_routes(context),
    ]


def _bind_operating_routes(
    context: ServiceContext, authenticator: Authenticator, broadcaster: FiguresBroadcaster
) -> list[BoundRoute]:
    """Bind the routes for operators, for monitoring, and for the description of the interface."""
    access = MetricsAccess(authenticator, is_public=context.is_metrics_public)
    live = metrics.LiveHandler(access, broadcaster, context.names, journal=context.journal)
    return [
        *bind_routes(health.HealthHandler(context.state, context.inbox), health.ROUTES),
        *bind_routes(metrics.MetricsHandler(context.metrics, access), metrics.METRICS_ROUTES),
        *bind_routes(static_page.LivePageHandler(context.labels), static_page.ROUTES),
        *bind_routes(closing_page.ClosingPageHandler(), closing_page.ROUTES),
        *bind_routes(live, metrics.LIVE_ROUTES),
        *bind_routes(docs_handler.DocsHandler(ROUTES), docs_handler.ROUTES),
        *bind_routes(senders.SendersHandler(context.sender_pauses), senders.ROUTES),
    ]


def _bind_ingest_routes(context: ServiceContext) -> list[BoundRoute]:
    """Bind the routes for forms and files, and for their results."""
    limits, receiver, tickets, names = context.limits, context.receiver, context.tickets, context.names
    bytes_max = context.file_bytes_max
    dry_runner = dry_runs.DryRunner(
        context.inbox, limits, context.validation_pool, metrics=context.metrics, names=names
    )
    form_handler = forms.FormHandler(
        limits, context.form_quota, context.inbox, dry_runner=dry_runner, names=names, metrics=context.metrics
    )
    submission_handler = submissions.SubmissionsHandler(
        limits, receiver, context.admission, tickets=tickets, dry_runner=dry_runner, file_bytes_max=bytes_max
    )
    upload_handler = uploads.UploadsHandler(
        limits, receiver, context.admission, tickets=tickets, state=context.state, file_bytes_max=bytes_max
    )
    cancellation_handler = cancellation.CancellationHandler(context.inbox, context.state, tickets)
    pain002_handler = pain002.Pain002Handler(names, context.pool, receiver.spool, tickets=tickets)
    return [
        *bind_routes(form_handler, forms.ROUTES),
        *bind_routes(submission_handler, submissions.ROUTES),
        *bind_routes(pain002_handler, pain002.ROUTES),
        *bind_routes(cancellation_handler, cancellation.ROUTES),
        *bind_routes(refused_lines.RefusedLinesHandler(names, context.pool, tickets), refused_lines.ROUTES),
        *bind_routes(upload_handler, uploads.ROUTES),
    ]


def _bind_task_routes(context: ServiceContext) -> list[BoundRoute]:
    """Bind the routes for work on payments, bank files, periods and persons."""
    requests = context.tasks
    run_handler = payment_runs.PaymentRunsHandler(requests, context.pool)
    bank_handler = bank_messages.BankMessagesHandler(requests, context.receiver, context.data)
    return [
        *bind_routes(tasks.TasksHandler(requests), tasks.ROUTES),
        *bind_routes(run_handler, payment_runs.ROUTES),
        *bind_routes(bank_handler, bank_messages.ROUTES),
        *bind_routes(closing.ClosingHandler(requests, context.pool), closing.ROUTES),
        *bind_routes(periods.PeriodsHandler(context.pool, context.task_pool), periods.ROUTES),
        *bind_routes(persons.PersonsHandler(context.pool, context.task_pool), persons.ROUTES),
    ]


def _bind_query_routes(context: ServiceContext) -> list[BoundRoute]:
    """Bind the routes that query the journal."""
    names, journal = context.names, context.journal
    scope = QueryScope(names)
    commitments = open_items.OpenItemsHandler(scope, names, journal, item_type=open_items.COMMITMENT)
    payments = open_items.OpenItemsHandler(scope, names, journal, item_type=open_items.PAYMENT)
    return [
        *bind_routes(
            acts.ActHistoryHandler(scope, names, journal, spool=context.data / "spool"), acts.ROUTES
        ),
        *bind_routes(documents.DocumentHandler(scope, names, journal), documents.ROUTES),
        *bind_routes(commitments, open_items.COMMITMENT_ROUTES),
        *bind_routes(payments, open_items.PAYMENT_ROUTES),
        *bind_routes(budget.BudgetHandler(names, journal), budget.ROUTES),
        *bind_routes(reports.ReportHandler(scope, names, journal, pool=context.pool), reports.ROUTES),
    ]
