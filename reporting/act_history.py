"""The history of an act: its origin, the decision and its reason, the budget before and after, its followers, the proof."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.catalog import CATALOG, BudgetAction, list_kinds
from core.journals import DocumentName
from core.kind_rules import MOVES_CREDITS
from core.nomenclature import CENTRES_A_YEAR, SHEETS
from reporting import act_status
from reporting.act_rows import (
    ActLines,
    RelatedRows,
    build_origin,
    build_transfer_payee,
    choose_lookup,
    describe_line,
    fetch_related_rows,
    summarize_entry,
)
from reporting.act_views import (
    AcceptedLine,
    BankCredit,
    Explanation,
    NodeChange,
    RefusedHistory,
    Transfer,
)
from reporting.bank_credits import load_bank_credits
from reporting.budget import read_appropriations
from reporting.code_names import CodeNames
from reporting.document_numbers import fetch_lines_of_document, load_document_names
from reporting.earlier_references import name_earlier_acts_in_histories
from reporting.followers import FollowerSums, sum_followers
from reporting.giving_centres import find_giving_centre
from reporting.node_figures import fetch_figures
from reporting.proofs import prove_link
from reporting.refusals import Language, describe_refused_line
from reporting.report_queries import Connection, Row, fetch
from reporting.visibility import WHOLE_JOURNAL, ReferenceQuery, Visibility
from reporting.withdrawals import describe_withdrawal


class RefusalCursor(NamedTuple):
    """A position among refused lines: a batch, and a line's position in it."""

    batch: int
    position: int


_ENTRY_DIGITS_MAX = 18
FROM_START = RefusalCursor(0, -1)


class _BatchFigures(NamedTuple):
    """The figures of nodes, by number, just before and just after a batch."""

    before: Mapping[int, Row]
    after: Mapping[int, Row]


_FiguresByBatch = Mapping[int, _BatchFigures]


class ActHistories(NamedTuple):
    """The histories of some lines."""

    accepted: list[AcceptedLine]
    refused: list[RefusedHistory]
    batches: list[Row]
    """The batches that contain these lines, in order."""
    is_complete: bool
    """Whether all followers and duplicates are included."""


class HistoryOptions(NamedTuple):
    """The language of findings, the most followers and duplicates to include, and whose acts are shown whole."""

    language: Language = "en"
    followers_max: int | None = None
    visibility: Visibility = WHOLE_JOURNAL


ALL_FOLLOWERS = HistoryOptions()
_OF_NO_PROGRAMME = list_kinds(lambda kind: kind.names_centre_alone)
"""Openings and credits of the bank state what an accountant has of every programme, or of none."""


async def explain(
    connection: Connection, names: CodeNames, reference: str, *, sender: str | None = None
) -> Explanation:
    """Return the history of every act with this reference, of one sender or of all; empty if there is none.

    A reference that no act has, and that is a number, with or without ``@`` before it, is that of an entry.
    """
    query = ReferenceQuery(reference, Visibility(sender))
    lines = ActLines(
        await fetch_accepted_lines(connection, query), await fetch_refused_lines(connection, query)
    )
    if not any(lines) and (entry := read_entry_number(reference)):
        rows = await fetch(connection, "entry_seen", entry, sender, None)
        lines = ActLines([row for row in rows if row["is_seen"]])
    return await _explain_lines(connection, names, lines, reference=reference)


async def explain_document(
    connection: Connection, names: CodeNames, name: DocumentName, *, sender: str | None = None
) -> Explanation:
    """Return the history of the lines of a document, of one sender or of all; empty if there is none of that number."""
    lines = ActLines(await fetch_lines_of_document(connection, names, name, visibility=Visibility(sender)))
    return await _explain_lines(connection, names, lines, reference=str(name))


async def _explain_lines(
    connection: Connection, names: CodeNames, lines: ActLines, *, reference: str
) -> Explanation:
    histories = await build_histories(connection, names, lines)
    proofs = [await prove_link(connection, batch) for batch in histories.batches]
    refused = await name_earlier_acts_in_histories(connection, histories.refused)
    return Explanation(reference, histories.accepted, refused, proofs)


def read_entry_number(text: str) -> int | None:
    """Return the entry that a text names, as ``14710``, ``@14710`` or ``14,710``; None if it names none."""
    digits = text.removeprefix("@").replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _ENTRY_DIGITS_MAX else None


async def fetch_accepted_lines(
    connection: Connection, query: ReferenceQuery, *, after: int = 0, limit: int | None = None
) -> list[Row]:
    """Return the accepted lines of a reference after the entry ``after``, in order."""
    (sender, centres, _), kinds = query.visibility, query.kinds
    await choose_lookup(connection, 1)
    return await fetch(
        connection,
        "entries_by_reference",
        *(query.reference, sender, centres, kinds, query.exercise, after, limit),
    )


async def fetch_refused_lines(
    connection: Connection,
    query: ReferenceQuery,
    *,
    after: RefusalCursor = FROM_START,
    limit: int | None = None,
) -> list[Row]:
    """Return the refused lines of a reference after a position, in order of decision."""
    (sender, centres, programmes), kinds = query.visibility, query.kinds
    arguments = (query.reference, sender, centres, kinds, *after, limit, programmes, _OF_NO_PROGRAMME)
    return await fetch(connection, "refusals_by_reference", *arguments)


async def build_histories(
    connection: Connection,
    names: CodeNames,
    lines: ActLines,
    *,
    options: HistoryOptions = ALL_FOLLOWERS,
) -> ActHistories:
    """Return the histories of some lines."""
    related = await fetch_related_rows(
        connection, names, lines, limit=options.followers_max, visibility=options.visibility
    )
    figures = await _fetch_figures(connection, related, lines)
    measured = [row["entry_id"] for row in lines.accepted if row["kind"] in act_status.MEASURED]
    sums = await sum_followers(connection, measured)
    documents = await load_document_names(connection, names, lines.accepted)
    followers = [row for rows in related.followers.values() for row in rows]
    credits_ = await load_bank_credits(connection, [*lines.accepted, *followers])
    return ActHistories(
        [
            _build_history_of_entry(
                related,
                row,
                figures,
                sums=sums,
                credits_=credits_,
                document=str(documents.get(row["entry_id"], "")),
            )
            for row in lines.accepted
        ],
        [
            _build_history_of_refusal(related, row, figures, language=options.language)
            for row in lines.refused
        ],
        [related.batches[number] for number in sorted(related.batches)],
        related.is_complete,
    )


async def _fetch_figures(connection: Connection, related: RelatedRows, lines: ActLines) -> _FiguresByBatch:
    """Fetch the figures of all nodes of these lines, with two queries per batch."""
    nodes: dict[int, set[int]] = defaultdict(set)
    for row in lines.accepted:
        nodes[related.batch_of[row["entry_id"]]].update(_list_checked_nodes(related, row))
    for row in lines.refused:
        nodes[row["batch"]].update(_list_refusing_nodes(related, row))
    return {
        batch: _BatchFigures(
            await fetch_figures(connection, batch_nodes, batch - 1),
            await fetch_figures(connection, batch_nodes, batch),
        )
        for batch, batch_nodes in nodes.items()
    }


def _build_history_of_entry(
    related: RelatedRows,
    row: Row,
    figures: _FiguresByBatch,
    *,
    sums: FollowerSums,
    credits_: Mapping[int, BankCredit],
    document: str,
) -> AcceptedLine:
    batch = related.batches[related.batch_of[row["entry_id"]]]
    predecessor = related.entries.get(row["predecessor"])
    followers = related.followers.get(row["entry_id"], ())
    return AcceptedLine(
        **describe_line(related, row),
        giving_centre=find_giving_centre(related.names, row),
        document_number=document,
        batch=batch["batch"],
        acts=batch["entries"],
        committed_at=batch["committed_at"].isoformat(),
        withdrawal=describe_withdrawal(related.names, row, related.cells.get(row["cell"])),
        nodes=_build_changes(related.names, _list_checked_nodes(related, row), figures[batch["batch"]]),
        predecessor=summarize_entry(predecessor, related.hidden) if predecessor else None,
        standing=act_status.measure_payment(related, row, sums),
        collection=act_status.measure_collection(row, sums),
        followers=[summarize_entry(follower, related.hidden) for follower in followers],
        transfers=[
            _build_transfer(related, follower)
            for follower in followers
            if CATALOG[follower["kind"]].remits and follower["entry_id"] not in related.hidden
        ],
        bank_credits=[
            credits_[receipt["entry_id"]]
            for receipt in (row, *followers)
            if receipt["entry_id"] in credits_ and receipt["entry_id"] not in related.hidden
        ],
        duplicates=[
            build_origin(related, duplicate) for duplicate in related.duplicates.get(row["entry_id"], ())
        ],
    )


def _build_transfer(related: RelatedRows, row: Row) -> Transfer:
    run = related.transfer_details[row["entry_id"]].run
    return Transfer(row["entry_id"], run, build_transfer_payee(related, row))


def _build_history_of_refusal(
    related: RelatedRows, row: Row, figures: _FiguresByBatch, *, language: Language
) -> RefusedHistory:
    changes = _build_changes(related.names, _list_refusing_nodes(related, row), figures[row["batch"]])
    return RefusedHistory(
        build_origin(related, row),
        describe_refused_line(related.names, row, language),
        changes,
        related.batches[row["batch"]]["entries"],
    )


def _list_refusing_nodes(related: RelatedRows, row: Row) -> list[int]:
    """Return the node that refused the line and the nodes above it."""
    return related.names.list_path(row["node"]) if row["node"] else []


def _list_checked_nodes(related: RelatedRows, row: Row) -> list[int]:
    """Return the nodes at which the line was checked, including those of the source if it moved credits."""
    cell = related.cells.get(row["cell"])
    predecessor = related.entries.get(row["predecessor"])
    kind = (
        CATALOG[predecessor["kind"]] if CATALOG[row["kind"]].mirrors and predecessor else CATALOG[row["kind"]]
    )
    if cell is None or kind.budget is BudgetAction.NONE:
        return []
    node = related.names.find_node(cell)
    if kind.budget is BudgetAction.WITHDRAW:
        node += (row["day"].year - cell["budget_year"]) * CENTRES_A_YEAR * SHEETS
    numbers = related.names.list_path(node)
    if row["source"] and CATALOG[row["kind"]].budget in MOVES_CREDITS:
        numbers += [node for node in related.names.list_path(row["source"]) if node not in numbers]
    return numbers


def _build_changes(names: CodeNames, nodes: Sequence[int], figures: _BatchFigures) -> list[NodeChange]:
    """Return the figures of ``nodes`` before and after a batch."""
    return [
        NodeChange(
            names.format_node(number),
            *(read_appropriations(rows.get(number), measure) for measure in ("ae", "cp") for rows in figures),
        )
        for number in nodes
    ]
