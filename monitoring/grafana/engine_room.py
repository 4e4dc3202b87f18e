"""The engine room board: where the time goes, and how near each part is to its limit."""

from monitoring.grafana.panels import ALERTS, Board, Panel, Query, Unit

_RATE = "[$__rate_interval]"


def _build_quantile_queries(metric: str, by: str = "") -> tuple[Query, ...]:
    """Build the queries for the median and the 99th percentile of a histogram, or for the latter by a label."""
    if by:
        expression = f"histogram_quantile(0.99, sum by ({by}, le) (rate({metric}_bucket{_RATE})))"
        return (Query(expression, f"{{{{{by}}}}}"),)
    quantiles = {"median": "0.5", "99 %": "0.99"}
    return tuple(
        Query(f"histogram_quantile({quantile}, sum by (le) (rate({metric}_bucket{_RATE})))", name)
        for name, quantile in quantiles.items()
    )


ENGINE_ROOM = Board(
    "engine-room",
    "engine room",
    "Where the time goes, and how near each part is to its limit.",
    (
        *ALERTS,
        Panel(
            "Deciding thread",
            "Near 1, the processor is the bottleneck.",
            (
                Query(f"sum(rate(crescendo_kernel_busy_seconds_total{_RATE}))", "busy"),
                Query("vector(1)", "full", is_limit=True),
            ),
            Unit.SHARE,
        ),
        Panel(
            "Processor time by stage",
            "Processor seconds a second, summed over all threads.",
            (Query(f"sum by (stage) (rate(crescendo_stage_seconds_total{_RATE}))", "{{stage}}"),),
        ),
        Panel(
            "Commits, from decided to durable",
            "Including the wait for the batch before.",
            _build_quantile_queries("crescendo_commit_seconds"),
            Unit.SECONDS,
        ),
        Panel(
            "What commits wait for",
            "Average number of batches waiting at each step; with connection near 1, the database is the bottleneck.",
            (Query(f"sum by (step) (rate(crescendo_database_seconds_total{_RATE}))", "{{step}}"),),
        ),
        Panel(
            "Batches",
            "Committed, and retried after a failure.",
            (
                Query(f"sum(rate(crescendo_batches_total{_RATE}))", "committed"),
                Query(f"sum(rate(crescendo_batches_failed_total{_RATE}))", "failed"),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Lines of the last batch",
            "Large batches are files, small ones forms.",
            (Query("max(crescendo_batch_lines)", "lines"),),
        ),
        Panel(
            "Since the last commit",
            "Grows while there is nothing to do; if it grows while work waits, the engine is stuck.",
            (Query("time() - (max(crescendo_last_commit_timestamp_seconds) > 0)", "time"),),
            Unit.SECONDS,
            empty_when="nothing was committed since the start",
        ),
        Panel(
            "Chain",
            "Number of the last batch committed.",
            (Query("max(crescendo_last_batch)", "batch"),),
        ),
        Panel(
            "Requests",
            "By route and status.",
            (
                Query(
                    f"sum by (route, status) (rate(crescendo_requests_total{_RATE})) > 0",
                    "{{route}} {{status}}",
                ),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Requests, 99th percentile",
            "Includes the waiting time that ?wait= asked for.",
            _build_quantile_queries("crescendo_request_seconds", "route"),
            Unit.SECONDS,
        ),
        Panel(
            "Requests that failed",
            "500 is a fault of the service and logged; 503 means full, starting or stopping.",
            (
                Query(
                    f'sum by (route, status) (rate(crescendo_requests_total{{status=~"5.."}}{_RATE})) > 0',
                    "{{route}} {{status}}",
                ),
            ),
            Unit.PER_SECOND,
            empty_when="none ever failed",
        ),
        Panel(
            "Uploads, waiting files and keys",
            "Uploads in progress, files waiting for their turn, and valid API keys.",
            (
                Query("sum(crescendo_uploads)", "uploads"),
                Query("sum(crescendo_files_waiting)", "files waiting"),
                Query("max(crescendo_keys)", "keys"),
            ),
        ),
        Panel(
            "Processor",
            "Use by this process, in cores.",
            (Query(f'sum(rate(process_cpu_seconds_total{{job="crescendo"}}{_RATE}))', "cores"),),
        ),
        Panel(
            "Memory",
            "Resident memory of this process.",
            (Query('sum(process_resident_memory_bytes{job="crescendo"})', "resident"),),
            Unit.BYTES,
        ),
        Panel(
            "Open connections and files",
            "And the limit of the process.",
            (
                Query('sum(process_open_fds{job="crescendo"})', "open"),
                Query('sum(process_max_fds{job="crescendo"})', "limit", is_limit=True),
            ),
        ),
        Panel(
            "Clock set back",
            "1 while a clock is before the last stored time: then nothing is accepted or decided.",
            (Query("max(crescendo_clock_set_back)", "set back"),),
        ),
        Panel(
            "Free disk space",
            "On the disk of the spool and of the embedded database.",
            (
                Query("min(crescendo_disk_free_bytes)", "free"),
                Query("max(crescendo_disk_size_bytes)", "size", is_limit=True),
            ),
            Unit.BYTES,
        ),
    ),
)
