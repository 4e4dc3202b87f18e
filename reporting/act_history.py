"""The whole life of one act: its origin, the decision and why, what it changed, what followed, the proof."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.catalog import CATALOG, BudgetAction
from reporting.act_rows import RelatedRows, build_origin, describe_line, fetch_related, summarize_entry
from reporting.act_views import AcceptedLine, Explanation, NodeChange, RefusedHistory
from reporting.budget import read_appropriations
from reporting.code_names import CodeNames
from reporting.node_figures import fetch_figures
from reporting.proofs import prove_link
from reporting.refusals import Language, describe_refused_line
from reporting.report_queries import Connection, Row, fetch
from reporting.visibility import ReferenceQuery, Visibility

FROM_START = (0, -1)
_FiguresByBatch = Mapping[int, tuple[Mapping[int, Row], Mapping[int, Row]]]
"""By batch: figures of nodes just before and just after it."""


class ActHistories(NamedTuple):
    """Lines told."""

    accepted: list[AcceptedLine]
    refused: list[RefusedHistory]
    batches: list[Row]
    """Those that hold these lines, in order."""
    is_complete: bool
    """Whether no follower and no duplicate is left off."""


class HistoryOptions(NamedTuple):
    """How lines are told."""

    language: Language = "en"
    followers_max: int | None = None


ALL_FOLLOWERS = HistoryOptions()


async def explain(
    connection: Connection, names: CodeNames, reference: str, *, sender: str | None = None
) -> Explanation:
    """What became of every act of this reference, of one sender or of all; empty where nothing is known."""
    asked = ReferenceQuery(reference, Visibility(sender))
    lines = (await fetch_accepted_lines(connection, asked), await fetch_refused_lines(connection, asked))
    told = await build_histories(connection, names, lines)
    proofs = [await prove_link(connection, batch) for batch in told.batches]
    return Explanation(reference, told.accepted, told.refused, proofs)


async def fetch_accepted_lines(
    connection: Connection, asked: ReferenceQuery, after: int = 0, most: int | None = None
) -> list[Row]:
    """Accepted lines of a reference, in order of their entries, behind the entry ``after``."""
    (sender, centres, _), kinds = asked.visibility, asked.kinds
    return await fetch(
        connection,
        "entries_by_reference",
        *(asked.reference, sender, centres, kinds, asked.exercise, after, most),
    )


async def fetch_refused_lines(
    connection: Connection,
    asked: ReferenceQuery,
    after: tuple[int, int] = FROM_START,
    most: int | None = None,
) -> list[Row]:
    """Refused lines of a reference, in order of decision, behind a batch and a position in it."""
    (sender, centres, programmes), kinds = asked.visibility, asked.kinds
    said = (asked.reference, sender, centres, kinds, *after, most, programmes)
    return await fetch(connection, "refusals_by_reference", *said)


async def build_histories(
    connection: Connection,
    names: CodeNames,
    lines: tuple[Sequence[Row], Sequence[Row]],
    telling: HistoryOptions = ALL_FOLLOWERS,
) -> ActHistories:
    """The lives of some lines, those accepted and those refused."""
    entries, refused = lines
    found = await fetch_related(connection, names, lines, telling.followers_max)
    around = await _fetch_figures(connection, found, lines)
    return ActHistories(
        [_build_accepted(found, row, around) for row in entries],
        [_build_refused(found, row, around, telling.language) for row in refused],
        [found.batches[number] for number in sorted(found.batches)],
        found.is_complete,
    )


async def _fetch_figures(
    connection: Connection, found: RelatedRows, lines: tuple[Sequence[Row], Sequence[Row]]
) -> _FiguresByBatch:
    """Figures of all nodes of these lines, each batch asked for once."""
    entries, refused = lines
    nodes: dict[int, set[int]] = defaultdict(set)
    for row in entries:
        nodes[found.batch_of[row["entry_id"]]].update(_list_checked_nodes(found, row))
    for row in refused:
        nodes[row["batch"]].update(_list_refusing_nodes(found, row))
    return {
        batch: (
            await fetch_figures(connection, each, batch - 1),
            await fetch_figures(connection, each, batch),
        )
        for batch, each in nodes.items()
    }


def _build_accepted(found: RelatedRows, row: Row, around: _FiguresByBatch) -> AcceptedLine:
    batch = found.batches[found.batch_of[row["entry_id"]]]
    before = found.entries.get(row["predecessor"])
    return AcceptedLine(
        **describe_line(found, row),
        batch=batch["batch"],
        committed_at=batch["committed_at"].isoformat(),
        nodes=_build_changes(found.names, _list_checked_nodes(found, row), around[batch["batch"]]),
        predecessor=summarize_entry(before) if before else None,
        followers=[summarize_entry(each) for each in found.followers.get(row["entry_id"], ())],
        duplicates=[build_origin(found, each) for each in found.duplicates.get(row["entry_id"], ())],
    )


def _build_refused(
    found: RelatedRows, row: Row, around: _FiguresByBatch, language: Language
) -> RefusedHistory:
    changes = _build_changes(found.names, _list_refusing_nodes(found, row), around[row["batch"]])
    return RefusedHistory(
        build_origin(found, row), describe_refused_line(found.names, row, language), changes
    )


def _list_refusing_nodes(found: RelatedRows, row: Row) -> list[int]:
    """The node that refused, and those above it."""
    return found.names.list_path(row["node"]) if row["node"] else []


def _list_checked_nodes(found: RelatedRows, row: Row) -> list[int]:
    """The nodes this line was checked at, and those of the source where it moved credits."""
    cell = found.cells.get(row["cell"])
    before = found.entries.get(row["predecessor"])
    kind = CATALOG[before["kind"]] if CATALOG[row["kind"]].mirrors and before else CATALOG[row["kind"]]
    if cell is None or kind.budget is BudgetAction.NONE:
        return []
    numbers = found.names.list_path(found.names.find_node(cell))
    if row["source"]:
        numbers += [each for each in found.names.list_path(row["source"]) if each not in numbers]
    return numbers


def _build_changes(
    names: CodeNames, nodes: Sequence[int], figures: tuple[Mapping[int, Row], Mapping[int, Row]]
) -> list[NodeChange]:
    """Figures of ``nodes`` before and after a batch."""
    return [
        NodeChange(
            names.format_node(number),
            *(read_appropriations(rows.get(number), measure) for measure in ("ae", "cp") for rows in figures),
        )
        for number in nodes
    ]
