"""The Grafana boards, and the panels of the operations board with their queries."""

from monitoring.grafana.engine_room import ENGINE_ROOM
from monitoring.grafana.ministries import MINISTRIES
from monitoring.grafana.panels import ALERTS, Board, Panel, PanelType, Query, Threshold, Unit

OPERATIONS = Board(
    "operations",
    "operations",
    "The year-end at a glance: is work being committed, and will it be done in time?",
    (
        *ALERTS,
        Panel(
            "Accepts work",
            "No while the service loads its book or stops.",
            (Query("min(crescendo_ready)", "ready"),),
            Unit.YES_OR_NO,
            PanelType.FIGURE,
            4,
            Threshold(1, "below"),
        ),
        Panel(
            "Lines a second",
            "Lines committed, over the last 30 seconds of work.",
            (Query("sum(crescendo_drain_lines_per_second)", "lines"),),
            Unit.PER_SECOND,
            PanelType.FIGURE,
            4,
        ),
        Panel(
            "Lines waiting",
            "Lines of waiting files, of files in progress, and forms.",
            (Query("crescendo:waiting_lines", "lines"),),
            Unit.COUNT,
            PanelType.FIGURE,
            4,
        ),
        Panel(
            "Oldest waiting",
            "Age of the oldest waiting submission or form.",
            (Query("max(crescendo_oldest_waiting_seconds)", "age"),),
            Unit.SECONDS,
            PanelType.FIGURE,
            4,
            Threshold(900, "above"),
        ),
        Panel(
            "Queue empty in",
            "Time to commit all waiting work at the rate of the last 30 seconds; infinite while nothing is committed.",
            (Query("max(crescendo_queue_empty_seconds)", "time"),),
            Unit.SECONDS,
            PanelType.FIGURE,
            4,
        ),
        Panel(
            "Cut-off in",
            "Time until the cut-off of --cut-off.",
            (Query("min(crescendo_cut_off_seconds)", "time"),),
            Unit.SECONDS,
            PanelType.FIGURE,
            4,
            Threshold(3600, "below"),
            empty_when="the service was started without --cut-off",
        ),
        Panel(
            "Received and decided",
            "While received is above decided, the queue grows.",
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
            "Lines waiting, by place in the queue; files waiting include those of paused senders.",
            (
                Query("sum(crescendo_file_lines_waiting)", "files waiting"),
                Query("sum(crescendo_file_lines_paused)", "of paused senders"),
                Query("sum(crescendo_file_lines_under_way)", "files in progress"),
                Query("sum(crescendo_forms_waiting)", "forms"),
            ),
        ),
        Panel(
            "Forms, bytes in the queue",
            "Bytes of forms being received or not yet answered; full at the dashed line, one sender at half of it.",
            (
                Query("max(crescendo_form_bytes)", "all"),
                Query("max(crescendo_form_bytes_of_one_sender)", "the sender with the most"),
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
            "Forms, from request to committed answer",
            "The target is 250 ms for 99 % of the forms.",
            (
                Query(
                    "histogram_quantile(0.5, sum by (le) (rate(crescendo_form_seconds_bucket[$__rate_interval])))",
                    "median",
                ),
                Query(
                    "histogram_quantile(0.99, sum by (le) (rate(crescendo_form_seconds_bucket[$__rate_interval])))",
                    "99 %",
                ),
                Query("vector(0.25)", "target", is_limit=True),
            ),
            Unit.SECONDS,
            empty_when="no form was received",
        ),
        Panel(
            "Why lines are refused",
            "The five most frequent reasons; a sudden rise of one is mostly one sender's mistake.",
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
            "Payments and bank messages",
            "Payments, and those the bank confirmed, rejected or returned; many returns are mostly one wrong payee file.",
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
            "Bank files",
            "Payments (left) and euros (right) in the bank files of finished runs; a step for each run.",
            (
                Query("max(crescendo_bank_file_acts_total)", "payments"),
                Query("max(crescendo_bank_file_cents_total) / 100", "euros", unit=Unit.EUROS),
            ),
        ),
        Panel(
            "Dry runs, and files of drop folders",
            "Dry runs, which store nothing; and the files of drop folders, taken or refused whole.",
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
            "Requests rejected",
            "By problem code; the table audit names the callers.",
            (Query("sum by (code) (rate(crescendo_turned_away_total[$__rate_interval]))", "{{code}}"),),
            Unit.PER_SECOND,
            empty_when="no request was ever rejected",
        ),
    ),
)

BOARDS = (OPERATIONS, MINISTRIES, ENGINE_ROOM)
