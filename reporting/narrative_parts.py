"""What the histories of accepted and of refused lines have in common: their origin, and tables of the budget nodes."""

from collections.abc import Sequence

from reporting.act_views import NodeChange, Origin
from reporting.report_tables import CellType, Column, ReportTable

HASH_CHARACTERS = 16
_FIGURES = ("opened", "reserved", "frozen", "consumed", "available")
_DROP_ORDER = tuple(f"{measure} {figure}" for figure in _FIGURES for measure in ("AE", "CP"))

NarrativePart = str | ReportTable


def format_origin(origin: Origin) -> str:
    """Return who sent a line, and in which file."""
    return (
        f"by {origin.sender} in {origin.file}, line {origin.line:,} (submission {origin.submission},"
        f" received {origin.received_at}, SHA-256 {origin.sha256[:HASH_CHARACTERS]})"
    )


def build_nodes_table(nodes: Sequence[NodeChange], title: str) -> ReportTable:
    """Build the table of each node's credits before and after a batch, two rows a node, each of which adds up."""
    columns = [
        Column("budget node"),
        Column("when"),
        *(Column(f"{measure} {figure}", CellType.MONEY) for measure in ("AE", "CP") for figure in _FIGURES),
    ]
    rows = [
        [
            node.node,
            when,
            *(getattr(measure, f"{figure}_cents") for measure in measures for figure in _FIGURES),
        ]
        for node in nodes
        for when, measures in (
            ("before", (node.ae_before, node.cp_before)),
            ("after", (node.ae_after, node.cp_after)),
        )
    ]
    return ReportTable(title, columns, rows, drop_order=_DROP_ORDER)
