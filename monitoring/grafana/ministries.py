"""The ministries board: what each sender sends, with which outcome, and the credits that remain."""

from monitoring.grafana.panels import ALERTS, Board, Panel, PanelType, Query, Threshold, Unit, Variable

MINISTRIES = Board(
    "ministries",
    "ministries",
    "What each ministry sends and with which outcome, and the remaining credits of each programme.",
    (
        *ALERTS,
        Panel(
            "Received, by sender",
            "Lines received in files and forms.",
            (
                Query(
                    'sum by (sender) (rate(crescendo_received_lines_total{sender=~"$sender"}[$__rate_interval]))',
                    "{{sender}}",
                ),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Accepted, by sender",
            "Lines committed.",
            (
                Query(
                    'sum by (sender) (rate(crescendo_lines_total{sender=~"$sender",outcome="accepted"}[$__rate_interval]))',
                    "{{sender}}",
                ),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Refused, by sender",
            "Lines refused.",
            (
                Query(
                    'sum by (sender) (rate(crescendo_lines_total{sender=~"$sender",outcome="refused"}[$__rate_interval]))',
                    "{{sender}}",
                ),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Files by state",
            "Files received since the database was created, by sender and state.",
            (
                Query(
                    'sum by (sender, state) (crescendo_submissions{sender=~"$sender"})',
                    "{{sender}} {{state}}",
                ),
            ),
            panel_type=PanelType.BARS,
        ),
        Panel(
            "Paused senders and missing files",
            "Senders paused by an operator, and their waiting files; files missing from the spool, which must be sent again.",
            (
                Query("sum(crescendo_senders_paused)", "senders paused"),
                Query("sum(crescendo_files_paused)", "files paused"),
                Query("sum(crescendo_files_lost)", "files missing"),
            ),
        ),
        Panel(
            "Share refused, last 15 minutes",
            "A share over 20 % and three times the share before raises an alert.",
            (Query('sender:crescendo_refused_lines:ratio15m{sender=~"$sender"}', "{{sender}}"),),
            Unit.SHARE,
            PanelType.BARS,
            threshold=Threshold(0.2, "above"),
            empty_when="nothing was decided for 15 minutes",
        ),
        Panel(
            "Requests without an invoice number",
            "Such a request is compared with no other: nothing tells whether its invoice was requested before.",
            (Query("sum(crescendo_requests_without_invoice_total)", "accepted since the start"),),
        ),
        Panel(
            "Accepted since the start, by kind of act, in euros",
            "What is opened, committed, certified and requested is the same money at four steps: never add it up.",
            (Query("sum by (kind) (crescendo_accepted_cents_by_kind_total) / 100", "{{kind}}"),),
            Unit.EUROS,
            PanelType.BARS,
        ),
        Panel(
            "Control totals of accepted lines, by sender",
            "All kinds of act together, as receipts state them: to compare with what a sender says it sent.",
            (
                Query(
                    'sum by (sender) (crescendo_cents_total{sender=~"$sender",outcome="accepted"}) / 100',
                    "{{sender}}",
                ),
            ),
            Unit.EUROS,
            PanelType.BARS,
        ),
        Panel(
            "Budget nodes near exhaustion",
            "Nodes with at most a tenth of their opened credits left, by level and measure.",
            (
                Query(
                    "sum by (level, measure) (crescendo_budget_nodes_near_exhaustion)",
                    "{{level}} {{measure}}",
                ),
            ),
        ),
        *(
            Panel(
                f"Programmes with the least {measure.upper()} left",
                "Share of opened credits neither reserved nor consumed; below zero only where credits are estimated.",
                (
                    Query(
                        f'bottomk(20, sum by (programme, year) (crescendo_budget_available_cents{{measure="{measure}"}})'
                        f' / (sum by (programme, year) (crescendo_budget_opened_cents{{measure="{measure}"}}) > 0))',
                        "{{programme}} {{year}}",
                    ),
                ),
                Unit.SHARE,
                PanelType.BARS,
                threshold=Threshold(0.1, "below"),
            )
            for measure in ("ae", "cp")
        ),
        *(
            Panel(
                f"{measure.upper()} left, all programmes",
                "In euros, by budget year.",
                (
                    Query(
                        f'sum by (year) (crescendo_budget_available_cents{{measure="{measure}"}}) / 100',
                        "{{year}} left",
                    ),
                    Query(
                        f'sum by (year) (crescendo_budget_opened_cents{{measure="{measure}"}}) / 100',
                        "{{year}} opened",
                    ),
                ),
                Unit.EUROS,
            )
            for measure in ("ae", "cp")
        ),
    ),
    (Variable("sender", "crescendo_lines_total"),),
)
