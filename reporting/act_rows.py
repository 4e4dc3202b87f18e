"""Rows about lines of the journal, gathered by number, and what they say in words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.calendar import period
from core.catalog import CATALOG
from reporting import code_names as name
from reporting.act_views import Assignment, Brief, Code, Origin, Payee, PaymentTerms
from reporting.code_names import Names, month_of
from reporting.payment_details import terms_of
from reporting.report_queries import Connection, Row, fetch

_ROUNDS_MAX = 4
"""Commitment, service or request, reversal: no chain of followers is longer."""
_EACH_MAX = 40
"""So many keys are looked up one by one; for more, one pass over what has no tree yet is faster."""


@dataclass(frozen=True, slots=True)
class Found:
    """Rows about some lines, by number."""

    names: Names
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
    is_whole: bool
    """Whether no follower and no duplicate is left off."""


async def gather(
    connection: Connection, names: Names, lines: tuple[Sequence[Row], Sequence[Row]], most: int | None = None
) -> Found:
    """What hangs on ``lines``, those accepted and those refused; at most so many followers, and duplicates."""
    entries, refused = lines
    own = [row["entry_id"] for row in entries]
    before = await fetch(connection, "entries_by_number", [row["predecessor"] for row in entries])
    followers = await _followers(connection, own, most)
    duplicates = await fetch(connection, "duplicates_of", own, most)
    numbers = {row["submission"] for row in (*entries, *refused, *duplicates)}
    batch_of = {row["entry_id"]: row["batch"] for row in await fetch(connection, "batches_of_entries", own)}
    batches = {*batch_of.values(), *(row["batch"] for row in refused)}
    return Found(
        names,
        by("submission", await fetch(connection, "submissions", list(numbers))),
        batch_of,
        by("batch", await fetch(connection, "batches", list(batches))),
        by("cell", await fetch(connection, "cells", [row["cell"] for row in entries])),
        by("payee", await fetch(connection, "payees", [row["payee"] for row in entries])),
        await terms_of(connection, own),
        by("entry_id", [*entries, *before]),
        _grouped("follows", followers),
        _grouped("entry_id", duplicates),
        most is None or max(len(followers), len(duplicates)) < most,
    )


async def _followers(
    connection: Connection, entries: Sequence[int], most: int | None
) -> list[Mapping[str, Any]]:
    """Entries that follow ``entries``, those that follow them, and so on; ``follows`` is the first."""
    found: list[Mapping[str, Any]] = []
    first = {number: number for number in entries}
    for _ in range(_ROUNDS_MAX):
        left = None if most is None else most - len(found)
        rows = await following(connection, list(first), left) if first else []
        steps = [{**row, "follows": first[row["predecessor"]]} for row in rows]
        found += steps
        first = {step["entry_id"]: step["follows"] for step in steps}
    return found


async def following(
    connection: Connection, entries: Sequence[int], most: int | None = None, after: int = 0
) -> list[Row]:
    """What follows ``entries`` directly, in order, behind the entry ``after``."""
    await look_up(connection, len(entries))
    return await fetch(connection, "followers", entries, max(min(entries), after), most)


async def look_up(connection: Connection, keys: int) -> None:
    """Have so many keys looked up in the way that is fastest; it counts inside a transaction alone."""
    await fetch(connection, "look_up_each", keys <= _EACH_MAX)


def by(column: str, rows: Iterable[Row]) -> dict[int, Row]:
    """Rows by a number of theirs."""
    return {row[column]: row for row in rows}


def _grouped(column: str, rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def words(found: Found, row: Row) -> dict[str, Any]:
    """What an accepted line says of itself."""
    kind, payee, cell = CATALOG[row["kind"]], found.payees.get(row["payee"]), found.cells.get(row["cell"])
    return {
        "entry": row["entry_id"],
        "reference": row["reference"],
        "kind": kind.name,
        "french": kind.french,
        "origin": origin(found, row),
        "amount": row["amount"],
        "day": row["day"].isoformat(),
        "month": month_of(period(row["exercise"], row["month"])),
        "assignment": _assignment(found.names, cell) if cell else None,
        "payee": Payee(payee["code"], payee["name"], payee["iban"], payee["bic"]) if payee else None,
        "terms": found.terms.get(row["entry_id"]),
        "debit": Code(*found.names.account(row["debit"], row["exercise"])) if row["debit"] else None,
        "credit": Code(*found.names.account(row["credit"], row["exercise"])) if row["credit"] else None,
    }


def origin(found: Found, row: Row) -> Origin:
    """Where a line stood when it was sent."""
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


def brief(row: Mapping[str, Any]) -> Brief:
    """An entry in short."""
    kind, day = CATALOG[row["kind"]].name, row["day"].isoformat()
    return Brief(row["entry_id"], row["reference"], kind, day, row["amount"], row["predecessor"])


def _assignment(names: Names, cell: Row) -> Assignment:
    meant = names.codes.of(cell["budget_year"])
    centre = names.code(name.CENTRE, cell["operation"] or cell["centre"])
    above: list[Code] = []
    while centre:
        known = meant.centres.get(centre)
        above.insert(0, Code(centre, known.label if known else ""))
        centre = known.parent if known else ""
    area, item = names.code(name.AREA, cell["area"]), names.code(name.ITEM, cell["item"])
    areas, items = meant.areas, meant.items
    return Assignment(
        above,
        Code(area, areas[area].label if area in areas else ""),
        Code(item, items[item].label if item in items else ""),
        names.code(name.FUND, cell["fund"]),
        cell["budget_year"],
    )
