"""All metrics of the service; ``docs/metrics.md`` explains how to read them.

Labels have few values: outcomes, kinds and reasons come from the catalog, programmes from the reference data; senders are
those with keys, the first ``SENDERS_MAX`` by name and the others under one label; routes are templates.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

PREFIX = "crescendo_"
SENDERS_MAX = 200
OTHER_SENDERS = "others"
BUCKET_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds of the buckets of every histogram; 0.25 is the target for a form."""


class MetricType(StrEnum):
    """The metric types of Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """The declaration of a metric."""

    metric_type: MetricType
    labels: tuple[str, ...]
    help: str


_C, _G, _H = MetricType.COUNTER, MetricType.GAUGE, MetricType.HISTOGRAM

METRICS: Mapping[str, Metric] = {
    "received_lines_total": Metric(_C, ("sender", "way"), "Act lines received, by sender and way (file or form)"),
    "lines_total": Metric(_C, ("sender", "outcome"), "Act lines committed, by sender and outcome"),
    "cents_total": Metric(_C, ("sender", "outcome"), "Amounts of committed act lines in cents, by sender and outcome"),
    "lines_by_kind_total": Metric(_C, ("kind", "outcome"), "Act lines committed, by kind of act and outcome"),
    "accepted_cents_by_kind_total": Metric(_C, ("kind",), "Amounts of accepted act lines in cents, by kind of act"),
    "refusals_total": Metric(_C, ("reason",), "Act lines refused, by reason code"),
    "requests_without_invoice_total": Metric(_C, (), "Payment requests accepted without an invoice number"),
    "batches_total": Metric(_C, (), "Batches committed since the start"),
    "batches_failed_total": Metric(_C, (), "Commits that failed and were retried"),
    "commit_seconds": Metric(_H, (), "From a decided batch to its commit, including the wait for its turn"),
    "database_seconds_total": Metric(_C, ("step",), "Time that commits waited for the database, by step, summed over commits"),
    "batch_lines": Metric(_G, (), "Lines of the last batch"),
    "last_batch": Metric(_G, (), "Number of the last batch committed"),
    "last_commit_timestamp_seconds": Metric(_G, (), "Time of the last commit"),
    "stage_seconds_total": Metric(_C, ("stage",), "Processor time of each pipeline stage in this process"),
    "kernel_busy_seconds_total": Metric(_C, (), "Time that the deciding thread was busy"),
    "submissions": Metric(_G, ("sender", "state"), "Files received, by sender and state"),
    "files_waiting": Metric(_G, (), "Submissions waiting for their turn"),
    "file_lines_waiting": Metric(_G, (), "Lines of the submissions waiting for their turn"),
    "file_lines_paused": Metric(_G, (), "Lines of the waiting submissions whose sender is paused"),
    "file_lines_under_way": Metric(_G, (), "Lines of the submissions being decided that are not committed"),
    "files_lost": Metric(_G, (), "Submissions whose file is missing from the spool and must be sent again"),
    "files_paused": Metric(_G, (), "Waiting submissions whose sender is paused"),
    "senders_paused": Metric(_G, (), "Senders whose work waits until an operator resumes it"),
    "forms_waiting": Metric(_G, (), "Forms waiting to be decided"),
    "form_bytes": Metric(_G, (), "Bytes of the forms being received or not yet answered"),
    "form_bytes_of_one_sender": Metric(_G, (), "The part of form_bytes of the sender with the most"),
    "dry_runs_total": Metric(_C, (), "Dry runs of forms and files"),
    "oldest_waiting_seconds": Metric(
        _G, (), "Age of the oldest submission or form that waits (unless paused) or is being decided"
    ),
    "drain_lines_per_second": Metric(_G, (), "Lines committed a second, over the last 30 seconds of work"),
    "queue_empty_seconds": Metric(_G, (), "Time until work not paused is committed at that rate; infinite without commits"),
    "cut_off_seconds": Metric(_G, (), "Time until the cut-off, below 0 once it is past; no value if none is set"),
    "budget_opened_cents": Metric(_G, ("year", "programme", "measure"), "Credits opened, by programme and measure"),
    "budget_available_cents": Metric(
        _G, ("year", "programme", "measure"), "Credits neither reserved nor consumed, by programme and measure"
    ),
    "budget_nodes_near_exhaustion": Metric(
        _G, ("level", "measure"), "Budget nodes with at most a tenth of their opened credits left, by level and measure"
    ),
    "bank_file_acts_total": Metric(_C, (), "Payments and re-issues in bank files, of all finished runs"),
    "bank_file_cents_total": Metric(_C, (), "Amounts in bank files, in cents"),
    "uploads": Metric(_G, (), "Uploads in progress, until they are validated"),
    "form_seconds": Metric(_H, (), "From a form that has been read to its answer after the commit"),
    "requests_total": Metric(_C, ("method", "route", "status"), "Requests answered, by route and status"),
    "request_seconds": Metric(_H, ("route",), "From a request to the end of its response, by route"),
    "turned_away_total": Metric(_C, ("code",), "Requests rejected before processing, by problem code"),
    "drop_files_total": Metric(_C, ("outcome",), "Files of drop folders: taken, refused whole, or failed by our fault"),
    "ready": Metric(_G, (), "1 while the service accepts work, else 0"),
    "keys": Metric(_G, (), "Valid API keys"),
    "disk_free_bytes": Metric(_G, (), "Free space on the disk of the data folder, or of its fullest one"),
    "disk_size_bytes": Metric(_G, (), "Size of that disk"),
    "clock_set_back": Metric(_G, (), "1 while a clock is before the last stored time, and all work waits, else 0"),
    "disk_full": Metric(_G, (), "1 while work waits for room on a disk, or one of the data folder is full, else 0"),
}  # fmt: skip
"""By name without ``PREFIX``."""
