"""The acts that carry what is open into the next year, in the flat act format."""

from collections.abc import Sequence
from datetime import date
from itertools import islice
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from closing.assignments import CODES, Assignments
from closing.owned_line_queries import OwnedLines
from closing.steps import Step
from core.money import format_plain_euros, sum_exactly
from core.senders import CLOSING

_VERSION = "1"
RENAMED_MAX = 200
"""Renamed acts that a result lists."""


class CarryLines(NamedTuple):
    """Lines of one kind to carry."""

    kind: str
    lines: OwnedLines
    amount: NDArray[np.int64]
    """Cents."""
    cell: NDArray[np.int32]
    """The row of ``Assignments`` to whose codes it goes."""
    own_reference: pa.Array
    """The reference that its ministry gave it, which may be used in the next year already."""


class RenamedAct(msgspec.Struct, frozen=True):
    """An act whose reference is used in the next year already, so that it goes on under another one."""

    reference: str
    new_reference: str


class RenamedActs(msgspec.Struct, frozen=True):
    """The acts that go on under another reference."""

    count: int = 0
    first: Sequence[RenamedAct] = ()
    """The first ones, ``RENAMED_MAX`` at most; the journal has all."""


def list_renamed_acts(parts: Sequence[CarryLines]) -> RenamedActs:
    """List the renamed acts, each once, in the order in which they are carried."""
    acts: dict[RenamedAct, None] = {}
    for part in parts:
        is_renamed = pc.call_function("not_equal", [part.lines.reference, part.own_reference])
        names = (texts.filter(is_renamed).to_pylist() for texts in (part.own_reference, part.lines.reference))
        acts |= dict.fromkeys(map(RenamedAct, *names))
    return RenamedActs(len(acts), list(islice(acts, RENAMED_MAX)))


def select_lines(carried: CarryLines, is_selected: NDArray[np.bool_]) -> CarryLines:
    """Return the selected lines."""
    rows = np.flatnonzero(is_selected)
    at = pa.array(rows)
    lines = carried.lines
    selected = OwnedLines(lines.entry[rows], lines.reference.take(at), lines.owner.take(at), lines.act[rows])
    own_reference = carried.own_reference.take(at)
    return CarryLines(carried.kind, selected, carried.amount[rows], carried.cell[rows], own_reference)


def build_acts_table(
    parts: Sequence[CarryLines], assignments: Assignments, day: date, *, step: Step, cause: str
) -> pa.Table:
    """Build the acts of a step, dated ``day``, in the order of ``parts``; there is at least one line.

    ``cause`` ends the batch id: it tells one execution of the step from another.
    """
    table = pa.concat_tables([_build_table(part, assignments, day) for part in parts])
    amount = np.concatenate([part.amount for part in parts])
    return describe_file(table, amount, day.year - 1, step=step, cause=cause)


def describe_file(table: pa.Table, cents: NDArray[np.int64], year: int, *, step: str, cause: str) -> pa.Table:
    """Add the envelope of a file of the step that closes ``year``."""
    envelope = {"sender": CLOSING, "batch_id": f"{year}-{step}-{cause}", "version": _VERSION}
    envelope |= {"count": str(len(cents)), "control_sum": format_plain_euros(sum_exactly(cents))}
    return table.replace_schema_metadata({f"crescendo.{name}": text for name, text in envelope.items()})


def _build_table(part: CarryLines, assignments: Assignments, day: date) -> pa.Table:
    lines, count = part.lines, len(part.amount)
    cells = pa.array(part.cell)
    columns: dict[str, pa.Array] = {
        "reference": lines.reference,
        "line": pa.array(_number_lines(lines.act)),
        "kind": pa.repeat(part.kind, count),
        "exercise": pa.array(np.full(count, day.year, np.int32)),
        "date": pa.repeat(pa.scalar(day, pa.date32()), count),
        **{column: assignments.codes[column].take(cells) for column in CODES},
        "predecessor": name_entries(lines.entry),
        "reference_sender": lines.owner.dictionary_decode(),
        "amount_cents": pa.array(part.amount),
    }
    return pa.table(columns)


def _number_lines(act: NDArray[np.int64]) -> NDArray[np.int32]:
    """Number the lines of each act from 1."""
    starts = np.flatnonzero(np.append(True, act[1:] != act[:-1])) if len(act) else np.zeros(0, np.int64)
    return (np.arange(len(act)) - np.repeat(starts, np.diff(np.append(starts, len(act)))) + 1).astype(
        np.int32
    )


def name_entries(entries: NDArray[np.int64]) -> pa.Array:
    """Return the names by which acts follow entries, as in ``@14710``."""
    return pc.binary_join_element_wise("@", pa.array(entries).cast(pa.string()), "")  # type: ignore[call-overload]
