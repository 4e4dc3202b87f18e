"""The boards: what each panel shows and asks for."""

from monitoring.grafana.engine_room import ENGINE_ROOM
from monitoring.grafana.ministries import MINISTRIES
from monitoring.grafana.panels import Board, Panel, PanelType, Query, Unit

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
            PanelType.FIGURE,
            4,
            (1, "below"),
        ),
        Panel(
            "Lines a second",
            "Committed over the last half minute of work.",
            (Query("sum(crescendo_drain_lines_per_second)", "lines"),),
            Unit.PER_SECOND,
            PanelType.FIGURE,
            4,
        ),
        Panel(
            "Lines that wait",
            "In files that wait, in files under way, and forms.",
            (Query("crescendo:waiting_lines", "lines"),),
            Unit.COUNT,
            PanelType.FIGURE,
            4,
        ),
        Panel(
            "Oldest waits",
            "Age of the oldest submission or form that waits.",
            (Query("max(crescendo_oldest_waiting_seconds)", "age"),),
            Unit.SECONDS,
            PanelType.FIGURE,
            4,
            (900, "above"),
        ),
        Panel(
            "Queue empty in",
            "What waits, at the pace of the last half minute; infinite while nothing moves.",
            (Query("max(crescendo_queue_empty_seconds)", "time"),),
            Unit.SECONDS,
            PanelType.FIGURE,
            4,
        ),
        Panel(
            "Cut-off in",
            "Until the time that --cut-off names.",
            (Query("min(crescendo_cut_off_seconds)", "time"),),
            Unit.SECONDS,
            PanelType.FIGURE,
            4,
            (3600, "below"),
            empty_when="the service was started without --cut-off",
        ),
        Panel(
            "Received and decided",
            "Received above decided: the queue grows.",
            (
                Query(
                    "sum(rate(crescendo_received_lines_total[$__rate_interval]))", "received", is_limit=True
                ),
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
            "Forms, the room they take",
            "On their way or without their answer: full at the dashed line, one sender alone at half of it.",
            (
                Query("max(crescendo_form_bytes)", "all"),
                Query("max(crescendo_form_bytes_of_one_sender)", "the sender that has most"),
                Query("vector(67108864)", "full", is_limit=True),
            ),
            Unit.BYTES,
        ),
        Panel(
            "Empty before the cut-off?",
            "Above the dashed line, the queue will not be empty in time.",
            (
                Query("max(crescendo_queue_empty_seconds)", "until empty"),
                Query("min(crescendo_cut_off_seconds)", "until the cut-off", is_limit=True),
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
                Query("vector(0.25)", "bar", is_limit=True),
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
            "Payments and the bank's answers",
            "Lines sent, and what the bank confirmed, refused or sent back; a return that jumps is one payee file gone wrong.",
            (
                Query(
                    'sum by (kind) (rate(crescendo_lines_by_kind_total{outcome="accepted", '
                    'kind=~"payment|reissue|bank_debit|bank_reject|bank_return"}[$__rate_interval]))',
                    "{{kind}}",
                ),
            ),
            Unit.PER_SECOND,
            empty_when="nothing is paid",
        ),
        Panel(
            "In files for the bank",
            "Payments of runs that are over, and their euros; a step for each run.",
            (
                Query("max(crescendo_bank_file_acts_total)", "payments"),
                Query("max(crescendo_bank_file_cents_total) / 100", "euros"),
            ),
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
            threshold=_AT_ZERO,
            empty_when="all is well",
        ),
    ),
)

BOARDS = (OPERATIONS, MINISTRIES, ENGINE_ROOM)
