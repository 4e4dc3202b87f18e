"""What would become of a file, told: shared by the service's dry runs and by those of the command line."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from core.outcome_codes import Outcome
from ingest.validation.file_totals import FileTotals
from posting import outcome_rows
from posting.batch import PieceDecisions
from posting.outcome_rows import BatchPosition
from reporting.code_names import CodeNames
from reporting.refusals import Language, RefusedLine, describe_refused_line
from service.results.receipts import OutcomeTotals, Reason, build_reasons

REFUSALS_MAX = 1000
"""Refused lines told one by one."""

_OUTCOMES = ("accepted", "duplicate", "refused")


class DryRunResult(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a file, were it decided now; nothing of it is kept."""

    file: str
    lines: int
    cents: int
    accepted: OutcomeTotals
    duplicate: OutcomeTotals
    refused: OutcomeTotals
    reasons: list[Reason]
    """Why lines would be refused, the most frequent reason first."""
    refusals: list[RefusedLine]
    """The first of them, in the order of the file."""
    batch: int
    """The batch it was decided after."""


class BookPosition(NamedTuple):
    """What it was decided after: the last batch, and the number of the node at position 0 of the book."""

    batch: int
    first_node: int


def build_dry_run_result(
    file: tuple[str, FileTotals],
    passes: Sequence[PieceDecisions],
    position: BookPosition,
    words: tuple[CodeNames, Language],
) -> DryRunResult:
    """The dry run of a file of that name and these totals, from all passes over its lines; at least one."""
    (name, total), (names, language) = file, words
    tally = passes[0][0].submission.tally
    parts = {each: OutcomeTotals(getattr(tally, each), getattr(tally, f"{each}_cents")) for each in _OUTCOMES}
    return DryRunResult(
        file=name,
        lines=total.lines,
        cents=total.cents,
        **parts,
        reasons=build_reasons(_count_by_code(passes)),
        refusals=[
            describe_refused_line(names, row, language)
            for row in _list_refused_lines(passes, position.first_node)
        ],
        batch=position.batch,
    )


def _select_refused(decisions: np.ndarray) -> Any:
    return np.flatnonzero(decisions["outcome"] > Outcome.HELD).astype(np.int32)


def _count_by_code(passes: Sequence[PieceDecisions]) -> list[dict[str, int]]:
    """Lines and cents refused by code, the most frequent first."""
    codes = np.concatenate([found["outcome"][_select_refused(found)] for _, found in passes])
    cents = np.concatenate([piece.cents[_select_refused(found)] for piece, found in passes])
    counted = [(int((codes == code).sum()), int(code)) for code in np.unique(codes)]
    return [
        {"code": code, "lines": lines, "cents": int(cents[codes == code].sum())}
        for lines, code in sorted(counted, key=lambda each: (-each[0], each[1]))
    ]


def _list_refused_lines(passes: Sequence[PieceDecisions], first_node: int) -> list[dict[str, Any]]:
    """The first refused lines as rows of ``refusal``, in the order of the file."""
    rows = [
        row for one in passes if len(_select_refused(one[1])) for row in _build_refusal_rows(one, first_node)
    ]
    return sorted(rows, key=lambda row: row["line"])[:REFUSALS_MAX]


def _build_refusal_rows(one: PieceDecisions, first_node: int) -> Iterator[dict[str, Any]]:
    piece, decisions = one
    rows = _select_refused(decisions)[:REFUSALS_MAX]
    table, texts = outcome_rows.build_refusals(
        piece, decisions, rows, position=BatchPosition(0, 0, first_node)
    )
    columns = {name: column.tolist() for name, column in table._asdict().items()}
    for at in range(len(rows)):
        said = {name: cells.decode_row(at) for name, cells in zip(("reference", "found"), texts, strict=True)}
        yield {**{name: column[at] for name, column in columns.items()}, **said}
