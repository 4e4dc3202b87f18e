"""What would become of a file, told: shared by the service's dry runs and by those of the command line."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from core.outcome_codes import Outcome
from ingest.validation.file_totals import Inspection
from posting import outcome_rows
from posting.batch import Passed
from posting.outcome_rows import Place
from reporting.code_names import Names
from reporting.refusals import Language, RefusedLine, refused_line
from service.results.receipts import Part, Reason, reasons

REFUSALS_MAX = 1000
"""Refused lines told one by one."""

_OUTCOMES = ("accepted", "duplicate", "refused")


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a file, were it decided now; nothing of it is kept."""

    file: str
    lines: int
    cents: int
    accepted: Part
    duplicate: Part
    refused: Part
    reasons: list[Reason]
    """Why lines would be refused, the most frequent reason first."""
    refusals: list[RefusedLine]
    """The first of them, in the order of the file."""
    batch: int
    """The batch it was decided after."""


class After(NamedTuple):
    """What it was decided after: the last batch, and the number of the node at position 0 of the book."""

    batch: int
    first_node: int


def told(
    file: tuple[str, Inspection], passes: Sequence[Passed], after: After, words: tuple[Names, Language]
) -> DryRun:
    """The dry run of a file of that name and these totals, from all passes over its lines; at least one."""
    (name, total), (names, language) = file, words
    tally = passes[0][0].submission.tally
    parts = {each: Part(getattr(tally, each), getattr(tally, f"{each}_cents")) for each in _OUTCOMES}
    return DryRun(
        file=name,
        lines=total.lines,
        cents=total.cents,
        **parts,
        reasons=reasons(_by_code(passes)),
        refusals=[refused_line(names, row, language) for row in _refused(passes, after.first_node)],
        batch=after.batch,
    )


def _refused_rows(decisions: np.ndarray) -> Any:
    return np.flatnonzero(decisions["outcome"] > Outcome.HELD).astype(np.int32)


def _by_code(passes: Sequence[Passed]) -> list[dict[str, int]]:
    """Lines and cents refused by code, the most frequent first."""
    codes = np.concatenate([found["outcome"][_refused_rows(found)] for _, found in passes])
    cents = np.concatenate([piece.cents[_refused_rows(found)] for piece, found in passes])
    counted = [(int((codes == code).sum()), int(code)) for code in np.unique(codes)]
    return [
        {"code": code, "lines": lines, "cents": int(cents[codes == code].sum())}
        for lines, code in sorted(counted, key=lambda each: (-each[0], each[1]))
    ]


def _refused(passes: Sequence[Passed], first_node: int) -> list[dict[str, Any]]:
    """The first refused lines as rows of ``refusal``, in the order of the file."""
    rows = [row for one in passes if len(_refused_rows(one[1])) for row in _rows(one, first_node)]
    return sorted(rows, key=lambda row: row["line"])[:REFUSALS_MAX]


def _rows(one: Passed, first_node: int) -> Iterator[dict[str, Any]]:
    piece, decisions = one
    rows = _refused_rows(decisions)[:REFUSALS_MAX]
    table, texts = outcome_rows.refusals(piece, decisions, rows, Place(0, 0, first_node))
    columns = {name: column.tolist() for name, column in table._asdict().items()}
    for at in range(len(rows)):
        said = {name: cells.shown(at) for name, cells in zip(("reference", "found"), texts, strict=True)}
        yield {**{name: column[at] for name, column in columns.items()}, **said}
