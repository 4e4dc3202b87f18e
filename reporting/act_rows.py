"""Rows about lines of the journal, gathered by number, and what they say in words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.calendar import to_period
from core.catalog import CATALOG
from reporting import code_names as name
from reporting.act_views import Assignment, CodeLabel, EntrySummary, Origin, Payee, PaymentTerms
from reporting.code_names import CodeNames, format_month
from reporting.payment_details import fetch_terms
from reporting.report_queries import Connection, Row, fetch

_ROUNDS_MAX = 4
"""Commitment, service or request, reversal: no chain of followers is longer."""
_LOOKUPS_MAX = 40
"""So many keys are looked up one by one; for more, one pass over what has no tree yet is faster."""


@dataclass(frozen=True, slots=True)
class RelatedRows:
    """Rows about some lines, by number."""

    names: CodeNames
    submissions: Mapping[int, Row]
    batch_of: Mapping[int, int]
    batches: Mapping[int, Row]
    cells: Mapping[int, Row]
    payees: Mapping[int, Row]
    terms: Mapping[int, PaymentTerms]
    """By entry, for those that say any."""
    entries: Mapping[int, Row]
    """The lines accepted, and those before them."""
    followers: Mapping[int, Sequence[Row]]
    duplicates: Mapping[int, Sequence[Row]]
    is_complete: bool
    """Whether no follower and no duplicate is left off."""


async def fetch_related(
    connection: Connection,
    names: CodeNames,
    lines: tuple[Sequence[Row], Sequence[Row]],
    limit: int | None = None,
) -> RelatedRows:
    """What hangs on ``lines``, those accepted and those refused; at most so many followers, and duplicates."""
    entries, refused = lines
    entry_numbers = [row["entry_id"] for row in entries]
    predecessors = await fetch(connection, "entries_by_number", [row["predecessor"] for row in entries])
    followers = await _fetch_follower_chain(connection, entry_numbers, limit)
    duplicates = await fetch(connection, "duplicates_of", entry_numbers, limit)
    numbers = {row["submission"] for row in (*entries, *refused, *duplicates)}
    batch_of = {
        row["entry_id"]: row["batch"] for row in await fetch(connection, "batches_of_entries", entry_numbers)
    }
    batches = {*batch_of.values(), *(row["batch"] for row in refused)}
    return RelatedRows(
        names,
        index_by("submission", await fetch(connection, "submissions", list(numbers))),
        batch_of,
        index_by("batch", await fetch(connection, "batches", list(batches))),
        index_by("cell", await fetch(connection, "cells", [row["cell"] for row in entries])),
        index_by("payee", await fetch(connection, "payees", [row["payee"] for row in entries])),
        await fetch_terms(connection, entry_numbers),
        index_by("entry_id", [*entries, *predecessors]),
        _group_by("follows", followers),
        _group_by("entry_id", duplicates),
        limit is None or max(len(followers), len(duplicates)) < limit,
    )


async def _fetch_follower_chain(
    connection: Connection, entries: Sequence[int], limit: int | None
) -> list[Mapping[str, Any]]:
    """Entries that follow ``entries``, those that follow them, and so on; ``follows`` is the first."""
    followers: list[Mapping[str, Any]] = []
    first = {number: number for number in entries}
    for _ in range(_ROUNDS_MAX):
        remaining = None if limit is None else limit - len(followers)
        rows = await fetch_followers(connection, list(first), remaining) if first else []
        steps = [{**row, "follows": first[row["predecessor"]]} for row in rows]
        followers += steps
        first = {step["entry_id"]: step["follows"] for step in steps}
    return followers


async def fetch_followers(
    connection: Connection, entries: Sequence[int], limit: int | None = None, after: int = 0
) -> list[Row]:
    """What follows ``entries`` directly, in order, behind the entry ``after``."""
    await choose_lookup(connection, len(entries))
    return await fetch(connection, "followers", entries, max(min(entries), after), limit)


async def choose_lookup(connection: Connection, keys: int) -> None:
    """Have so many keys looked up in the way that is fastest; it counts inside a transaction alone."""
    await fetch(connection, "look_up_each", keys <= _LOOKUPS_MAX)


def index_by(column: str, rows: Iterable[Row]) -> dict[int, Row]:
    """Rows by a number of theirs."""
    return {row[column]: row for row in rows}


def _group_by(column: str, rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def describe_line(related: RelatedRows, row: Row) -> dict[str, Any]:
    """What an accepted line says of itself."""
    kind, payee, cell = CATALOG[row["kind"]], related.payees.get(row["payee"]), related.cells.get(row["cell"])
    return {
        "entry": row["entry_id"],
        "reference": row["reference"],
        "kind": kind.name,
        "french": kind.french,
        "origin": build_origin(related, row),
        "amount": row["amount"],
        "day": row["day"].isoformat(),
        "month": format_month(to_period(row["exercise"], row["month"])),
        "assignment": _build_assignment(related.names, cell) if cell else None,
        "payee": Payee(payee["code"], payee["name"], payee["iban"], payee["bic"]) if payee else None,
        "terms": related.terms.get(row["entry_id"]),
        "debit": CodeLabel(*related.names.find_account(row["debit"], row["exercise"]))
        if row["debit"]
        else None,
        "credit": CodeLabel(*related.names.find_account(row["credit"], row["exercise"]))
        if row["credit"]
        else None,
    }


def build_origin(related: RelatedRows, row: Row) -> Origin:
    """Where a line stood when it was sent."""
    file = related.submissions[row["submission"]]
    return Origin(
        row["submission"],
        file["sender"],
        file["file_name"],
        file["batch_id"],
        file["file_hash"],
        file["received_at"].isoformat(),
        row["line"] + 1,
    )


def summarize_entry(row: Mapping[str, Any]) -> EntrySummary:
    """An entry in short."""
    kind, day = CATALOG[row["kind"]].name, row["day"].isoformat()
    return EntrySummary(row["entry_id"], row["reference"], kind, day, row["amount"], row["predecessor"])


def _build_assignment(names: CodeNames, cell: Row) -> Assignment:
    nomenclature = names.codes.find_year(cell["budget_year"])
    centre = names.find_code(name.CENTRE, cell["operation"] or cell["centre"])
    path: list[CodeLabel] = []
    while centre:
        listed = nomenclature.centres.get(centre)
        path.insert(0, CodeLabel(centre, listed.label if listed else ""))
        centre = listed.parent if listed else ""
    area, item = names.find_code(name.AREA, cell["area"]), names.find_code(name.ITEM, cell["item"])
    areas, items = nomenclature.areas, nomenclature.items
    return Assignment(
        path,
        CodeLabel(area, areas[area].label if area in areas else ""),
        CodeLabel(item, items[item].label if item in items else ""),
        names.find_code(name.FUND, cell["fund"]),
        cell["budget_year"],
    )
