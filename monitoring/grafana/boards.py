"""The boards: what each panel shows and asks for."""

from monitoring.grafana.engine_room import ENGINE_ROOM
from monitoring.grafana.panels import Board, Look, Panel, Query, Unit, Variable

_AT_ZERO = (1, "above")

OPERATIONS = Board(
    "operations",
    "operations",
    "The year-end at a glance: does work flow, and will it be done in time?",
    (
        Panel(
            "Takes work",
            "No while the book is loaded or the service stops.",
            (Query("min(crescendo_ready)", "ready"),),
            Unit.YES_OR_NO,
            Look.FIGURE,
            4,
            (1, "below"),
        ),
        Panel(
            "Lines a second",
            "Committed over the last half minute of work.",
            (Query("sum(crescendo_drain_lines_per_second)", "lines"),),
            Unit.PER_SECOND,
            Look.FIGURE,
            4,
        ),
        Panel(
            "Lines that wait",
            "In files that wait, in files under way, and forms.",
            (Query("crescendo:waiting_lines", "lines"),),
            Unit.COUNT,
            Look.FIGURE,
            4,
        ),
        Panel(
            "Oldest waits",
            "Age of the oldest submission or form that waits.",
            (Query("max(crescendo_oldest_waiting_seconds)", "age"),),
            Unit.SECONDS,
            Look.FIGURE,
            4,
            (900, "above"),
        ),
        Panel(
            "Queue empty in",
            "What waits, at the pace of the last half minute; infinite while nothing moves.",
            (Query("max(crescendo_queue_empty_seconds)", "time"),),
            Unit.SECONDS,
            Look.FIGURE,
            4,
        ),
        Panel(
            "Cut-off in",
            "Until the time that --cut-off names.",
            (Query("min(crescendo_cut_off_seconds)", "time"),),
            Unit.SECONDS,
            Look.FIGURE,
            4,
            (3600, "below"),
            empty_when="the service was started without --cut-off",
        ),
        Panel(
            "Received and decided",
            "Received above decided: the queue grows.",
            (
                Query("sum(rate(crescendo_received_lines_total[$__rate_interval]))", "received", bar=True),
                Query("sum by (outcome) (rate(crescendo_lines_total[$__rate_interval]))", "{{outcome}}"),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Queue",
            "Lines by where they wait.",
            (
                Query("sum(crescendo_file_lines_waiting)", "files that wait"),
                Query("sum(crescendo_file_lines_under_way)", "files under way"),
                Query("sum(crescendo_forms_waiting)", "forms"),
            ),
        ),
        Panel(
            "Empty before the cut-off?",
            "Above the dashed line, the queue will not be empty in time.",
            (
                Query("max(crescendo_queue_empty_seconds)", "until empty"),
                Query("min(crescendo_cut_off_seconds)", "until the cut-off", bar=True),
            ),
            Unit.SECONDS,
        ),
        Panel(
            "Forms, from send to committed answer",
            "The bar is 250 ms for 99 of 100.",
            (
                Query(
                    "histogram_quantile(0.5, sum by (le) (rate(crescendo_form_seconds_bucket[$__rate_interval])))",
                    "half",
                ),
                Query(
                    "histogram_quantile(0.99, sum by (le) (rate(crescendo_form_seconds_bucket[$__rate_interval])))",
                    "99 of 100",
                ),
                Query("vector(0.25)", "bar", bar=True),
            ),
            Unit.SECONDS,
            empty_when="no form has come",
        ),
        Panel(
            "Why lines are refused",
            "The five most frequent reasons; one that jumps is mostly one sender's mistake.",
            (
                Query(
                    "topk(5, sum by (reason) (rate(crescendo_refusals_total[$__rate_interval])) > 0)",
                    "{{reason}}",
                ),
            ),
            Unit.PER_SECOND,
            empty_when="nothing is refused",
        ),
        Panel(
            "Acts by kind",
            "Accepted lines.",
            (
                Query(
                    'sum by (kind) (rate(crescendo_lines_by_kind_total{outcome="accepted"}[$__rate_interval]))',
                    "{{kind}}",
                ),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Dry runs, and files of drop folders",
            "Dry runs are decided and taken back; files are taken or refused whole.",
            (
                Query("sum(rate(crescendo_dry_runs_total[$__rate_interval]))", "dry runs"),
                Query(
                    "sum by (outcome) (rate(crescendo_drop_files_total[$__rate_interval]))",
                    "files {{outcome}}",
                ),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Turned away at the door",
            "By the code of the problem; the table audit says who.",
            (Query("sum by (code) (rate(crescendo_turned_away_total[$__rate_interval]))", "{{code}}"),),
            Unit.PER_SECOND,
            empty_when="nobody was ever turned away",
        ),
        Panel(
            "Alerts",
            "What fires; docs/alerts.md says what to do.",
            (Query('ALERTS{alertstate="firing"}', "{{alertname}} {{sender}}"),),
            alarms=_AT_ZERO,
            empty_when="all is well",
        ),
    ),
)

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
            look=Look.BARS,
        ),
        Panel(
            "Paused",
            "Senders that an operator has paused, and their files that wait.",
            (
                Query("sum(crescendo_senders_paused)", "senders"),
                Query("sum(crescendo_files_paused)", "files"),
            ),
        ),
        Panel(
            "Share refused, last quarter of an hour",
            "Over a fifth, and three times what it was: an alert.",
            (Query('sender:crescendo_refused_lines:ratio15m{sender=~"$sender"}', "{{sender}}"),),
            Unit.SHARE,
            Look.BARS,
            alarms=(0.2, "above"),
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
            Look.BARS,
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
                Look.BARS,
                alarms=(0.1, "below"),
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

BOARDS = (OPERATIONS, MINISTRIES, ENGINE_ROOM)
