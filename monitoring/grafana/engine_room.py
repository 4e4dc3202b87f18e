"""The board of the engine room: where the time goes, and how near each part is to its limit."""

from monitoring.grafana.panels import Board, Panel, Query, Unit

_RATE = "[$__rate_interval]"


def _build_quantile_queries(metric: str, by: str = "") -> tuple[Query, ...]:
    """Half and 99 of 100 of a histogram, or the latter by a label."""
    if by:
        expression = f"histogram_quantile(0.99, sum by ({by}, le) (rate({metric}_bucket{_RATE})))"
        return (Query(expression, f"{{{{{by}}}}}"),)
    found = {"half": "0.5", "99 of 100": "0.99"}
    return tuple(
        Query(f"histogram_quantile({quantile}, sum by (le) (rate({metric}_bucket{_RATE})))", name)
        for name, quantile in found.items()
    )


ENGINE_ROOM = Board(
    "engine-room",
    "engine room",
    "Where the time goes, and how near each part is to its limit.",
    (
        Panel(
            "Thread that decides",
            "Near 1: the processor is what limits.",
            (
                Query(f"sum(rate(crescendo_kernel_busy_seconds_total{_RATE}))", "busy"),
                Query("vector(1)", "full", is_limit=True),
            ),
            Unit.SHARE,
        ),
        Panel(
            "Processor time by stage",
            "Processor seconds a second, of whichever thread did the work.",
            (Query(f"sum by (stage) (rate(crescendo_stage_seconds_total{_RATE}))", "{{stage}}"),),
        ),
        Panel(
            "Commits, from decided to durable",
            "Their turn waited for.",
            _build_quantile_queries("crescendo_commit_seconds"),
            Unit.SECONDS,
        ),
        Panel(
            "What commits wait for",
            "Batches that wait at each step, on average: connection near 1, the database is what limits.",
            (Query(f"sum by (step) (rate(crescendo_database_seconds_total{_RATE}))", "{{step}}"),),
        ),
        Panel(
            "Batches",
            "Committed, and tried again after a failure.",
            (
                Query(f"sum(rate(crescendo_batches_total{_RATE}))", "committed"),
                Query(f"sum(rate(crescendo_batches_failed_total{_RATE}))", "failed"),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Lines of the last batch",
            "Large ones are files, small ones forms.",
            (Query("max(crescendo_batch_lines)", "lines"),),
        ),
        Panel(
            "Since the last commit",
            "Grows while nothing is to do; while work waits, the engine is stuck.",
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
                    f"sum by (route, status) (rate(crescendo_requests_total{_RATE}))", "{{route}} {{status}}"
                ),
            ),
            Unit.PER_SECOND,
        ),
        Panel(
            "Requests, 99 of 100",
            "Waiting included where ?wait= asked for it.",
            _build_quantile_queries("crescendo_request_seconds", "route"),
            Unit.SECONDS,
        ),
        Panel(
            "Requests that failed",
            "500 is our fault and logged; 503 is full, starting or stopping.",
            (
                Query(
                    f'sum by (route, status) (rate(crescendo_requests_total{{status=~"5.."}}{_RATE}))',
                    "{{route}} {{status}}",
                ),
            ),
            Unit.PER_SECOND,
            empty_when="none ever did",
        ),
        Panel(
            "On their way in, and waiting",
            "Files; and keys that open something.",
            (
                Query("sum(crescendo_uploads)", "uploads"),
                Query("sum(crescendo_files_waiting)", "files that wait"),
                Query("max(crescendo_keys)", "keys"),
            ),
        ),
        Panel(
            "Processor",
            "Of this process, in cores.",
            (Query(f'sum(rate(process_cpu_seconds_total{{job="crescendo"}}{_RATE}))', "cores"),),
        ),
        Panel(
            "Memory",
            "Resident, of this process.",
            (Query('sum(process_resident_memory_bytes{job="crescendo"})', "resident"),),
            Unit.BYTES,
        ),
        Panel(
            "Connections and files open",
            "Against what the process may open.",
            (
                Query('sum(process_open_fds{job="crescendo"})', "open"),
                Query('sum(process_max_fds{job="crescendo"})', "limit", is_limit=True),
            ),
        ),
        Panel(
            "Room on the disk of the spool",
            "And of the embedded database.",
            (
                Query("min(crescendo_disk_free_bytes)", "free"),
                Query("max(crescendo_disk_size_bytes)", "size", is_limit=True),
            ),
            Unit.BYTES,
        ),
    ),
)
