"""The figures of budget nodes as of a batch: the last row of each node at or before it."""

from collections.abc import Collection, Mapping

from reporting.report_queries import Connection, Row, fetch

_BATCHES_BACK = (32, 1024)
"""The number of last batches to search first: busy nodes have a row there; for the others, all rows are searched."""


async def fetch_figures(connection: Connection, nodes: Collection[int], batch: int) -> Mapping[int, Row]:
    """Fetch the figures of ``nodes`` as of ``batch``, by node; a node without figures is left out."""
    rows_by_node: dict[int, Row] = {}
    for back in _BATCHES_BACK:
        if missing := [node for node in nodes if node not in rows_by_node]:
            rows = await fetch(connection, "figures_since", missing, max(batch - back, 0), batch)
            rows_by_node |= {row["node"]: row for row in rows}
    if batch > _BATCHES_BACK[-1] and (missing := [node for node in nodes if node not in rows_by_node]):
        rows = await fetch(connection, "figures_at", missing, batch)
        rows_by_node |= {row["node"]: row for row in rows}
    return rows_by_node


async def fetch_withdrawn(connection: Connection, nodes: Collection[int], batch: int) -> Mapping[int, int]:
    """Fetch what was withdrawn at ``nodes`` as of ``batch``, in cents; a node without withdrawals is left out."""
    rows = await fetch(connection, "withdrawn_at", list(nodes), batch)
    return {row["node"]: row["withdrawn"] for row in rows}
