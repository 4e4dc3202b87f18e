"""The whole life of one act: its origin, the decision and why, what it changed, what followed, the proof."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.catalog import CATALOG, Budget
from reporting.act_rows import Found, brief, gather, origin, words
from reporting.act_views import AcceptedLine, Explanation, NodeChange, RefusedStory
from reporting.budget import measured
from reporting.code_names import Names
from reporting.node_figures import figures
from reporting.proofs import prove_link
from reporting.refusals import Language, refused_line
from reporting.report_queries import Connection, Row, fetch
from reporting.visibility import Asked, Sight

FROM_THE_START = (0, -1)
_Figures = Mapping[int, tuple[Mapping[int, Row], Mapping[int, Row]]]
"""By batch: figures of nodes just before and just after it."""


class Lives(NamedTuple):
    """Lines told."""

    accepted: list[AcceptedLine]
    refused: list[RefusedStory]
    batches: list[Row]
    """Those that hold these lines, in order."""
    is_whole: bool
    """Whether no follower and no duplicate is left off."""


class Telling(NamedTuple):
    """How lines are told."""

    language: Language = "en"
    followers_max: int | None = None


WHOLE = Telling()


async def explain(
    connection: Connection, names: Names, reference: str, *, sender: str | None = None
) -> Explanation:
    """What became of every act of this reference, of one sender or of all; empty where nothing is known."""
    asked = Asked(reference, Sight(sender))
    lines = (await accepted_lines(connection, asked), await refused_lines(connection, asked))
    told = await tell(connection, names, lines)
    proofs = [await prove_link(connection, batch) for batch in told.batches]
    return Explanation(reference, told.accepted, told.refused, proofs)


async def accepted_lines(
    connection: Connection, asked: Asked, after: int = 0, most: int | None = None
) -> list[Row]:
    """Accepted lines of a reference, in order of their entries, behind the entry ``after``."""
    (sender, centres, _), kinds = asked.sight, asked.kinds
    return await fetch(
        connection,
        "entries_by_reference",
        *(asked.reference, sender, centres, kinds, asked.exercise, after, most),
    )


async def refused_lines(
    connection: Connection, asked: Asked, after: tuple[int, int] = FROM_THE_START, most: int | None = None
) -> list[Row]:
    """Refused lines of a reference, in order of decision, behind a batch and a position in it."""
    (sender, centres, programmes), kinds = asked.sight, asked.kinds
    said = (asked.reference, sender, centres, kinds, *after, most, programmes)
    return await fetch(connection, "refusals_by_reference", *said)


async def tell(
    connection: Connection,
    names: Names,
    lines: tuple[Sequence[Row], Sequence[Row]],
    telling: Telling = WHOLE,
) -> Lives:
    """The lives of some lines, those accepted and those refused."""
    entries, refused = lines
    found = await gather(connection, names, lines, telling.followers_max)
    around = await _around(connection, found, lines)
    return Lives(
        [_accepted(found, row, around) for row in entries],
        [_refused(found, row, around, telling.language) for row in refused],
        [found.batches[number] for number in sorted(found.batches)],
        found.is_whole,
    )


async def _around(
    connection: Connection, found: Found, lines: tuple[Sequence[Row], Sequence[Row]]
) -> _Figures:
    """Figures of all nodes of these lines, each batch asked for once."""
    entries, refused = lines
    nodes: dict[int, set[int]] = defaultdict(set)
    for row in entries:
        nodes[found.batch_of[row["entry_id"]]].update(_nodes(found, row))
    for row in refused:
        nodes[row["batch"]].update(_nodes_of_refusal(found, row))
    return {
        batch: (await figures(connection, each, batch - 1), await figures(connection, each, batch))
        for batch, each in nodes.items()
    }


def _accepted(found: Found, row: Row, around: _Figures) -> AcceptedLine:
    batch = found.batches[found.batch_of[row["entry_id"]]]
    before = found.entries.get(row["predecessor"])
    return AcceptedLine(
        **words(found, row),
        batch=batch["batch"],
        committed_at=batch["committed_at"].isoformat(),
        nodes=_changes(found.names, _nodes(found, row), around[batch["batch"]]),
        predecessor=brief(before) if before else None,
        followers=[brief(each) for each in found.followers.get(row["entry_id"], ())],
        duplicates=[origin(found, each) for each in found.duplicates.get(row["entry_id"], ())],
    )


def _refused(found: Found, row: Row, around: _Figures, language: Language) -> RefusedStory:
    changes = _changes(found.names, _nodes_of_refusal(found, row), around[row["batch"]])
    return RefusedStory(origin(found, row), refused_line(found.names, row, language), changes)


def _nodes_of_refusal(found: Found, row: Row) -> list[int]:
    """The node that refused, and those above it."""
    return found.names.upwards(row["node"]) if row["node"] else []


def _nodes(found: Found, row: Row) -> list[int]:
    """The nodes this line was checked at, and those of the source where it moved credits."""
    cell = found.cells.get(row["cell"])
    before = found.entries.get(row["predecessor"])
    kind = CATALOG[before["kind"]] if CATALOG[row["kind"]].mirrors and before else CATALOG[row["kind"]]
    if cell is None or kind.budget is Budget.NONE:
        return []
    numbers = found.names.upwards(found.names.node_of(cell))
    if row["source"]:
        numbers += [each for each in found.names.upwards(row["source"]) if each not in numbers]
    return numbers


def _changes(
    names: Names, nodes: Sequence[int], figures: tuple[Mapping[int, Row], Mapping[int, Row]]
) -> list[NodeChange]:
    """Figures of ``nodes`` before and after a batch."""
    return [
        NodeChange(
            names.node(number),
            *(measured(rows.get(number), measure) for measure in ("ae", "cp") for rows in figures),
        )
        for number in nodes
    ]
