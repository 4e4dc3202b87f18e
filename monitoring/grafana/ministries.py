"""The board of the senders: what each sends, and what becomes of it."""

from monitoring.grafana.panels import Board, Panel, PanelType, Query, Unit, Variable

MINISTRIES = Board(
    "ministries",
    "ministries",
    "What each ministry sends and what becomes of it, and what is left of the credits of each programme.",
    (
        Panel(
            "Received, by sender",
            "Lines taken in, in files and forms.",
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
            "Files, by what has become of them",
            "Received since the first of the database, by sender and state.",
            (
                Query(
                    'sum by (sender, state) (crescendo_submissions{sender=~"$sender"})',
                    "{{sender}} {{state}}",
                ),
            ),
            panel_type=PanelType.BARS,
        ),
        Panel(
            "Paused, and lost",
            "Senders that an operator has paused, and their files that wait; files gone from the spool, to be sent again.",
            (
                Query("sum(crescendo_senders_paused)", "senders"),
                Query("sum(crescendo_files_paused)", "files"),
                Query("sum(crescendo_files_lost)", "files lost"),
            ),
        ),
        Panel(
            "Share refused, last quarter of an hour",
            "Over a fifth, and three times what it was: an alert.",
            (Query('sender:crescendo_refused_lines:ratio15m{sender=~"$sender"}', "{{sender}}"),),
            Unit.SHARE,
            PanelType.BARS,
            threshold=(0.2, "above"),
            empty_when="nothing was decided for a quarter of an hour",
        ),
        Panel(
            "Accepted since the start, in euros",
            "What accepted lines asked for.",
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
            "With at most a tenth of what was opened left, by level and measure.",
            (
                Query(
                    "sum by (level, measure) (crescendo_budget_nodes_near_exhaustion)",
                    "{{level}} {{measure}}",
                ),
            ),
        ),
        *(
            Panel(
                f"Programmes with least {measure.upper()} left",
                "Share of what was opened that is neither reserved nor consumed; below zero where credits are estimated.",
                (
                    Query(
                        f'bottomk(20, sum by (programme, year) (crescendo_budget_available_cents{{measure="{measure}"}})'
                        f' / (sum by (programme, year) (crescendo_budget_opened_cents{{measure="{measure}"}}) > 0))',
                        "{{programme}} {{year}}",
                    ),
                ),
                Unit.SHARE,
                PanelType.BARS,
                threshold=(0.1, "below"),
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
