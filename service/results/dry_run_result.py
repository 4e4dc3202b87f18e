"""The result of a dry run of one file, shared by the HTTP service and ``crescendo run --dry-run``."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from core.outcome_codes import Outcome
from ingest.validation.file_totals import FileTotals
from posting import outcome_rows
from posting.batch import Piece, PieceDecisions
from posting.outcome_rows import BatchPosition
from reporting.code_names import CodeNames
from reporting.refusals import Language, RefusedLine, describe_refused_line
from service.results.receipts import OutcomeTotals, Reason, build_reasons

REFUSALS_MAX = 1000
"""Refused lines that are listed one by one."""

_OUTCOMES = ("accepted", "duplicate", "refused")


class DryRunResult(msgspec.Struct, frozen=True, kw_only=True):
    """How a file would be decided now; nothing of it is stored."""

    file: str
    lines: int
    cents: int
    accepted: OutcomeTotals
    duplicate: OutcomeTotals
    refused: OutcomeTotals
    reasons: list[Reason]
    """Why lines would be refused, the most frequent reason first."""
    refusals: list[RefusedLine]
    """The first refused lines, in the order of the file."""
    batch: int
    """The last committed batch at the time of the decision."""
    extra_columns: list[str] = []
    """Columns of the file that are not those of the format: they were allowed by its sender, and not read."""


class BookPosition(NamedTuple):
    """The state of the book at a dry run: its last batch, and the number of the node at position 0."""

    batch: int
    first_node: int


class FileContent(NamedTuple):
    """What a validation finds in a file: its totals, and its columns that are not those of the format."""

    totals: FileTotals
    extra_columns: Sequence[str]


class DecidedFile(NamedTuple):
    """A file of a dry run: its name, its content, and the decisions of all passes over its lines, at least one."""

    name: str
    content: FileContent
    passes: Sequence[PieceDecisions]


def build_dry_run_result(
    file: DecidedFile, position: BookPosition, names: CodeNames, *, language: Language
) -> DryRunResult:
    """Build the dry-run result of a file, with texts in ``language``."""
    passes = file.passes
    tally = passes[0][0].submission.tally
    outcomes = {
        outcome: OutcomeTotals(getattr(tally, outcome), getattr(tally, f"{outcome}_cents"))
        for outcome in _OUTCOMES
    }
    return DryRunResult(
        file=file.name,
        lines=file.content.totals.lines,
        cents=file.content.totals.cents,
        **outcomes,
        reasons=build_reasons(_count_by_code(passes), language),
        refusals=[
            describe_refused_line(names, row, language)
            for row in _list_refused_lines(passes, position.first_node)
        ],
        batch=position.batch,
        extra_columns=list(file.content.extra_columns),
    )


def _select_refused_lines(decisions: np.ndarray) -> Any:
    return np.flatnonzero(decisions["outcome"] > Outcome.HELD).astype(np.int32)


def _count_by_code(passes: Sequence[PieceDecisions]) -> list[dict[str, int]]:
    """Count refused lines and cents by code, the most frequent first."""
    codes = np.concatenate(
        [decisions["outcome"][_select_refused_lines(decisions)] for _, decisions in passes]
    )
    cents = np.concatenate([piece.cents[_select_refused_lines(decisions)] for piece, decisions in passes])
    counts = [(int((codes == code).sum()), int(code)) for code in np.unique(codes)]
    return [
        {"code": code, "lines": lines, "cents": int(cents[codes == code].sum())}
        for lines, code in sorted(counts, key=lambda count: (-count[0], count[1]))
    ]


def _list_refused_lines(passes: Sequence[PieceDecisions], first_node: int) -> list[dict[str, Any]]:
    """Return the first refused lines as rows of ``refusal``, in the order of the file."""
    rows = [
        row
        for piece, decisions in passes
        if len(_select_refused_lines(decisions))
        for row in _build_refusal_rows(piece, decisions, first_node)
    ]
    return sorted(rows, key=lambda row: row["line"])[:REFUSALS_MAX]


def _build_refusal_rows(piece: Piece, decisions: np.ndarray, first_node: int) -> Iterator[dict[str, Any]]:
    rows = _select_refused_lines(decisions)[:REFUSALS_MAX]
    table, texts = outcome_rows.build_refusals(
        piece, decisions, rows, position=BatchPosition(0, 0, first_node)
    )
    columns = {name: column.tolist() for name, column in table._asdict().items()}
    for row in range(len(rows)):
        row_texts = {
            name: cells.decode_row(row) for name, cells in zip(("reference", "found"), texts, strict=True)
        }
        yield {**{name: column[row] for name, column in columns.items()}, **row_texts}
