"""The tags of the operations: the parts of the interface, in the order of ``/docs``, each with the paths that belong to it."""

from typing import NamedTuple


class Tag(NamedTuple):
    """One part of the interface."""

    name: str
    description: str
    paths: tuple[str, ...]
    """The beginnings of its paths, in whole segments."""


TAGS = (
    Tag("acts", "Acts sent as forms and decided at once; the history of acts", ("/v1/acts", "/v1/documents")),
    Tag(
        "submissions",
        "Files of acts: sent whole, with their tickets, refusals and reports",
        ("/v1/submissions",),
    ),
    Tag("uploads", "Files sent in pieces", ("/v1/uploads",)),
    Tag("commitments", "The state of commitments", ("/v1/commitments",)),
    Tag("payments", "The state of payment requests", ("/v1/payments",)),
    Tag("budget", "Credits of nodes and programmes", ("/v1/budget",)),
    Tag("reports", "Reports on what the key may see", ("/v1/reports",)),
    Tag(
        "payment-runs",
        "Payment runs and late interest, for accountants",
        ("/v1/payment-runs", "/v1/late-interest"),
    ),
    Tag("bank", "Files of the bank, for accountants", ("/v1/bank",)),
    Tag(
        "closing",
        "The closing of a year, step by step, which accountants execute",
        ("/v1/closing",),
    ),
    Tag("periods", "Months of exercises, which accountants close, reopen and lock", ("/v1/periods",)),
    Tag("persons", "Persons with their roles and delegations, for auditors and operators", ("/v1/persons",)),
    Tag("tasks", "Work that the engine does in turn with forms and files", ("/v1/tasks",)),
    Tag("senders", "Senders paused and resumed, for operators", ("/v1/senders",)),
    Tag("figures", "Figures, metrics and proofs", ("/v1/figures", "/v1/live", "/v1/batches", "/metrics")),
    Tag("health", "Whether the service runs and accepts work", ("/healthz", "/readyz")),
)


def find_tag(path: str) -> str:
    """Return the tag of a path.

    Raises
    ------
    LookupError
        No tag has it: a new part of the interface needs one.
    """
    for tag in TAGS:
        if any(path == start or path.startswith(f"{start}/") for start in tag.paths):
            return tag.name
    raise LookupError(f"{path} belongs to no tag: add its first segments to TAGS")
