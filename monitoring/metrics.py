"""Every metric the service shows, one row each; ``docs/metrics.md`` says what to make of them.

Labels have few values: outcomes, kinds and reasons are the catalog's, programmes the reference data's, senders are those
who hold keys, the first ``SENDERS_MAX`` of them by name and the others together, routes are templates.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

PREFIX = "crescendo_"
SENDERS_MAX = 200
OTHER_SENDERS = "others"
BUCKET_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds of the buckets of every histogram; 0.25 is the bar for a form."""


class MetricType(StrEnum):
    """How a metric moves."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Metric(NamedTuple):
    """One row of the table."""

    metric_type: MetricType
    labels: tuple[str, ...]
    help: str


_C, _G, _H = MetricType.COUNTER, MetricType.GAUGE, MetricType.HISTOGRAM

METRICS: Mapping[str, Metric] = {
    "received_lines_total": Metric(_C, ("sender", "way"), "Act lines taken in, by sender and by way: file or form"),
    "lines_total": Metric(_C, ("sender", "outcome"), "Act lines committed, by sender and outcome"),
    "cents_total": Metric(_C, ("sender", "outcome"), "Cents that committed act lines asked for, by sender and outcome"),
    "lines_by_kind_total": Metric(_C, ("kind", "outcome"), "Act lines committed, by kind of act and outcome"),
    "refusals_total": Metric(_C, ("reason",), "Act lines refused, by the code of the reason"),
    "batches_total": Metric(_C, (), "Batches committed since the start"),
    "batches_failed_total": Metric(_C, (), "Commits that failed and were tried again"),
    "commit_seconds": Metric(_H, (), "From a batch that is decided to its commit, its turn waited for"),
    "database_seconds_total": Metric(_C, ("step",), "What commits spent waiting for the database, by step, side by side"),
    "batch_lines": Metric(_G, (), "Lines of the last batch"),
    "last_batch": Metric(_G, (), "Number of the last batch committed"),
    "last_commit_timestamp_seconds": Metric(_G, (), "When the last batch was committed"),
    "stage_seconds_total": Metric(_C, ("stage",), "Processor time of each stage, in this process"),
    "kernel_busy_seconds_total": Metric(_C, (), "What the thread that decides was at work, of every second"),
    "submissions": Metric(_G, ("sender", "state"), "Files received, by sender and by what has become of them"),
    "files_waiting": Metric(_G, (), "Submissions that wait for their turn"),
    "file_lines_waiting": Metric(_G, (), "Lines of the submissions that wait for their turn"),
    "file_lines_under_way": Metric(_G, (), "Lines of the submissions being decided that are not committed"),
    "files_lost": Metric(_G, (), "Submissions whose file is gone from the spool: to be sent again"),
    "files_paused": Metric(_G, (), "Of the submissions that wait, those whose sender is paused"),
    "senders_paused": Metric(_G, (), "Senders whose work waits until an operator resumes it"),
    "forms_waiting": Metric(_G, (), "Forms that wait to be decided"),
    "form_bytes": Metric(_G, (), "Bytes of forms on their way in or without their answer"),
    "form_bytes_of_one_sender": Metric(_G, (), "Of the bytes of forms, those of the sender that has most"),
    "dry_runs_total": Metric(_C, (), "Forms and files decided for show and taken back"),
    "oldest_waiting_seconds": Metric(
        _G, (), "Age of the oldest submission or form that waits and is not paused, or is being decided"
    ),
    "drain_lines_per_second": Metric(_G, (), "Lines committed a second, over the last half minute of work"),
    "queue_empty_seconds": Metric(_G, (), "Until all that waits is committed at that rate; infinite while nothing moves"),
    "cut_off_seconds": Metric(_G, (), "Until the cut-off, below 0 once it is past; nothing where none is set"),
    "budget_opened_cents": Metric(_G, ("year", "programme", "measure"), "Credits opened, by programme and measure"),
    "budget_available_cents": Metric(
        _G, ("year", "programme", "measure"), "Credits neither reserved nor consumed, by programme and measure"
    ),
    "budget_nodes_near_exhaustion": Metric(
        _G, ("level", "measure"), "Budget nodes with at most a tenth of what was opened left, by level and measure"
    ),
    "bank_file_acts_total": Metric(_C, (), "Payments and re-issues in files for the bank, of all runs that are over"),
    "bank_file_cents_total": Metric(_C, (), "Cents that stand in files for the bank"),
    "uploads": Metric(_G, (), "Files on their way in, until they are proved"),
    "form_seconds": Metric(_H, (), "From a form that is read to its answer after the commit"),
    "requests_total": Metric(_C, ("method", "route", "status"), "Requests answered, by route and status"),
    "request_seconds": Metric(_H, ("route",), "From a request to the end of its answer, by route"),
    "turned_away_total": Metric(_C, ("code",), "Requests turned away at the door, by the code of the problem"),
    "drop_files_total": Metric(_C, ("outcome",), "Files of drop folders: taken, refused whole, failed by our fault"),
    "ready": Metric(_G, (), "1 while work is taken, else 0"),
    "keys": Metric(_G, (), "Keys that open something"),
    "disk_free_bytes": Metric(_G, (), "Room left on the disk of the spool"),
    "disk_size_bytes": Metric(_G, (), "Size of the disk of the spool"),
}  # fmt: skip
"""By name without ``PREFIX``."""
