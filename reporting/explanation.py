"""The whole life of one act: its origin, the decision and why, what it changed, what followed, the proof."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.calendar import period
from core.catalog import CATALOG, Budget
from reporting import names as name
from reporting.acts import (
    AcceptedLine,
    Assignment,
    Brief,
    Code,
    Explanation,
    NodeChange,
    Origin,
    Payee,
    RefusedStory,
)
from reporting.budget import measured
from reporting.names import Names, month_of
from reporting.postgres import Connection, Row, fetch
from reporting.proofs import prove_link
from reporting.refusals import refused_line

_ROUNDS_MAX = 4
"""Commitment, service or request, reversal: no chain of followers is longer."""


@dataclass(frozen=True, slots=True)
class _Found:
    """Rows about the act, by number."""

    names: Names
    submissions: Mapping[int, Row]
    batch_of: Mapping[int, int]
    batches: Mapping[int, Row]
    cells: Mapping[int, Row]
    payees: Mapping[int, Row]
    entries: Mapping[int, Row]
    """The act's own, those before and those behind."""
    followers: Mapping[int, Sequence[Row]]
    duplicates: Mapping[int, Sequence[Row]]


async def explain(
    connection: Connection, names: Names, reference: str, *, sender: str | None = None
) -> Explanation:
    """What became of every act of this reference, of one sender or of all; empty where nothing is known."""
    entries = await fetch(connection, "entries_by_reference", reference, sender)
    refused = await fetch(connection, "refusals_by_reference", reference, sender)
    found = await _gather(connection, names, entries, refused)
    accepted = [await _accepted(connection, found, row) for row in entries]
    stories = [await _refused(connection, found, row) for row in refused]
    touched = {found.batch_of[row["entry_id"]] for row in entries} | {row["batch"] for row in refused}
    proofs = [await prove_link(connection, found.batches[number]) for number in sorted(touched)]
    return Explanation(reference, accepted, stories, proofs)


async def _gather(
    connection: Connection, names: Names, entries: Sequence[Row], refused: Sequence[Row]
) -> _Found:
    own = [row["entry_id"] for row in entries]
    before = await fetch(connection, "entries_by_number", [row["predecessor"] for row in entries])
    followers = await _followers(connection, own)
    duplicates = await fetch(connection, "duplicates_of", own)
    numbers = {row["submission"] for row in (*entries, *refused, *duplicates)}
    batch_of = {row["entry_id"]: row["batch"] for row in await fetch(connection, "batches_of_entries", own)}
    batches = {*batch_of.values(), *(row["batch"] for row in refused)}
    return _Found(
        names,
        _by("submission", await fetch(connection, "submissions", list(numbers))),
        batch_of,
        _by("batch", await fetch(connection, "batches", list(batches))),
        _by("cell", await fetch(connection, "cells", [row["cell"] for row in entries])),
        _by("payee", await fetch(connection, "payees", [row["payee"] for row in entries])),
        _by("entry_id", [*entries, *before]),
        _grouped("follows", followers),
        _grouped("entry_id", duplicates),
    )


async def _followers(connection: Connection, entries: Sequence[int]) -> list[Mapping[str, Any]]:
    """Entries that follow ``entries``, those that follow them, and so on; ``follows`` is the first."""
    found: list[Mapping[str, Any]] = []
    first = {number: number for number in entries}
    for _ in range(_ROUNDS_MAX):
        rows = await fetch(connection, "followers", list(first)) if first else []
        steps = [{**row, "follows": first[row["predecessor"]]} for row in rows]
        found += steps
        first = {step["entry_id"]: step["follows"] for step in steps}
    return found


def _by(column: str, rows: Iterable[Row]) -> dict[int, Row]:
    return {row[column]: row for row in rows}


def _grouped(column: str, rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


async def _accepted(connection: Connection, found: _Found, row: Row) -> AcceptedLine:
    batch = found.batches[found.batch_of[row["entry_id"]]]
    before = found.entries.get(row["predecessor"])
    return AcceptedLine(
        **_words(found, row),
        origin=_origin(found, row),
        amount=row["amount"],
        batch=batch["batch"],
        committed_at=batch["committed_at"].isoformat(),
        nodes=await _nodes(connection, found, row, batch["batch"]),
        predecessor=_brief(before) if before else None,
        followers=[_brief(each) for each in found.followers.get(row["entry_id"], ())],
        duplicates=[_origin(found, each) for each in found.duplicates.get(row["entry_id"], ())],
    )


def _words(found: _Found, row: Row) -> dict[str, Any]:
    kind, payee, cell = CATALOG[row["kind"]], found.payees.get(row["payee"]), found.cells.get(row["cell"])
    return {
        "entry": row["entry_id"],
        "reference": row["reference"],
        "kind": kind.name,
        "french": kind.french,
        "day": row["day"].isoformat(),
        "month": month_of(period(row["exercise"], row["month"])),
        "assignment": _assignment(found.names, cell) if cell else None,
        "payee": Payee(payee["code"], payee["name"], payee["iban"], payee["bic"]) if payee else None,
        "debit": Code(*found.names.account(row["debit"])) if row["debit"] else None,
        "credit": Code(*found.names.account(row["credit"])) if row["credit"] else None,
    }


def _origin(found: _Found, row: Row) -> Origin:
    file = found.submissions[row["submission"]]
    return Origin(
        row["submission"],
        file["sender"],
        file["file_name"],
        file["batch_id"],
        file["file_hash"],
        file["received_at"].isoformat(),
        row["line"] + 1,
    )


def _brief(row: Mapping[str, Any]) -> Brief:
    kind, day = CATALOG[row["kind"]].name, row["day"].isoformat()
    return Brief(row["entry_id"], row["reference"], kind, day, row["amount"], row["predecessor"])


def _assignment(names: Names, cell: Row) -> Assignment:
    centre = names.code(name.CENTRE, cell["operation"] or cell["centre"])
    above: list[Code] = []
    while centre:
        above.insert(0, Code(centre, names.centre_label(centre)))
        known = names.codes.centres.get(centre)
        centre = known.parent if known else ""
    area, item = names.code(name.AREA, cell["area"]), names.code(name.ITEM, cell["item"])
    areas, items = names.codes.areas, names.codes.items
    return Assignment(
        above,
        Code(area, areas[area].label if area in areas else ""),
        Code(item, items[item].label if item in items else ""),
        names.code(name.FUND, cell["fund"]),
        cell["budget_year"],
    )


async def _refused(connection: Connection, found: _Found, row: Row) -> RefusedStory:
    numbers = found.names.upwards(row["node"]) if row["node"] else []
    nodes = await _changes(connection, found.names, numbers, row["batch"])
    return RefusedStory(_origin(found, row), refused_line(found.names, row), nodes)


async def _nodes(connection: Connection, found: _Found, row: Row, batch: int) -> list[NodeChange]:
    """The nodes this line was checked at, and those of the source where it moved credits."""
    cell = found.cells.get(row["cell"])
    before = found.entries.get(row["predecessor"])
    kind = CATALOG[before["kind"]] if CATALOG[row["kind"]].mirrors and before else CATALOG[row["kind"]]
    if cell is None or kind.budget is Budget.NONE:
        return []
    numbers = found.names.upwards(found.names.node_of(cell))
    if row["source"]:
        numbers += [each for each in found.names.upwards(row["source"]) if each not in numbers]
    return await _changes(connection, found.names, numbers, batch)


async def _changes(
    connection: Connection, names: Names, nodes: Sequence[int], batch: int
) -> list[NodeChange]:
    """Figures of ``nodes`` before and after a batch."""
    if not nodes:
        return []
    earlier, later = [
        _by("node", await fetch(connection, "figures_at", nodes, at)) for at in (batch - 1, batch)
    ]
    return [
        NodeChange(
            names.node(number),
            *(measured(rows.get(number), measure) for measure in ("ae", "cp") for rows in (earlier, later)),
        )
        for number in nodes
    ]
