"""Rows related to lines of the journal, fetched by number, and their descriptions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from core.catalog import CATALOG, KIND_NUMBERS, Family, list_kinds
from core.periods import to_period
from core.roles import ACCOUNTING_KINDS
from core.senders import INVOICE_SERVICE_KINDS, RESERVED_SENDERS
from reporting import code_names as name
from reporting.act_views import Assignment, CodeLabel, EntrySummary, Origin, Payee, PaymentTerms
from reporting.code_names import CodeNames, format_month
from reporting.payment_details import fetch_terms
from reporting.report_queries import Connection, Row, fetch
from reporting.signatures import Hands, fetch_hands
from reporting.transfer_accounts import TransferDetails, find_details, find_transfers_above
from reporting.visibility import WHOLE_JOURNAL, Visibility

OPEN_ITEM_STEPS = 4
"""Steps of followers that the open items need: commitment, service or request, payment, reversal."""
_VISA_DECISIONS = list_kinds(lambda kind: kind.family is kind.follows is Family.VISA)
_OF_ACCOUNTANT = ACCOUNTING_KINDS | INVOICE_SERVICE_KINDS
_KINDS_OF_OTHERS = frozenset(KIND_NUMBERS[kind] for kind in _OF_ACCOUNTANT).union(_VISA_DECISIONS)
"""What others decide about the acts of a sender, who sees it with them: accountants, and the controller of the budget."""
_LOOKUPS_MAX = 40
"""Most keys for single look-ups; for more keys, one pass over the partitions without a B-tree is faster."""


@dataclass(frozen=True, slots=True)
class RelatedRows:
    """Rows related to some lines, by number."""

    names: CodeNames
    submissions: Mapping[int, Row]
    batch_of: Mapping[int, int]
    batches: Mapping[int, Row]
    cells: Mapping[int, Row]
    payees: Mapping[int, Sequence[Row]]
    """All details of each payee, in the order of their registration."""
    transfers_above: Mapping[int, Row]
    """By entry, the transfer that it is or follows."""
    transfer_details: Mapping[int, TransferDetails]
    terms: Mapping[int, PaymentTerms]
    """By entry, for those that state payment terms."""
    hands: Hands
    entries: Mapping[int, Row]
    """The accepted lines and their predecessors."""
    followers: Mapping[int, Sequence[Row]]
    hidden: frozenset[int]
    """Those predecessors and followers of which the caller sees number and day alone."""
    duplicates: Mapping[int, Sequence[Row]]
    is_complete: bool
    """Whether all followers and duplicates are included."""


class ActLines(NamedTuple):
    """Lines of acts as they are stored."""

    accepted: Sequence[Row]
    refused: Sequence[Row] = ()


async def fetch_related_rows(
    connection: Connection,
    names: CodeNames,
    lines: ActLines,
    *,
    limit: int | None = None,
    steps: int | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
) -> RelatedRows:
    """Fetch the rows related to ``lines``; at most ``limit`` followers, of so many ``steps``, and as many duplicates.

    Without ``steps``, which is a history, the transfers among the followers have their details: these are in the pages of
    payment runs, which are large.
    """
    entries, refused = lines
    entry_numbers = [row["entry_id"] for row in entries]
    predecessors = await fetch(connection, "entries_by_number", [row["predecessor"] for row in entries])
    followers = await _fetch_follower_chain(connection, entry_numbers, limit, steps=steps)
    duplicates = await fetch(connection, "duplicates_of", entry_numbers, limit)
    numbers = {row["submission"] for row in (*entries, *refused, *duplicates)}
    batch_of = {
        row["entry_id"]: row["batch"] for row in await fetch(connection, "batches_of_entries", entry_numbers)
    }
    batches = {*batch_of.values(), *(row["batch"] for row in refused)}
    transfers_above = await find_transfers_above(connection, entries)
    transfers = [row for row in followers if CATALOG[row["kind"]].remits] if steps is None else []
    return RelatedRows(
        names,
        index_by("submission", await fetch(connection, "submissions", list(numbers))),
        batch_of,
        index_by("batch", await fetch(connection, "batches", list(batches))),
        index_by("cell", await fetch(connection, "cells", [row["cell"] for row in entries])),
        _group_by(
            "payee", await fetch(connection, "payees", [row["payee"] for row in (*entries, *transfers)])
        ),
        transfers_above,
        await find_details(connection, [*transfers_above.values(), *transfers]),
        await fetch_terms(connection, entry_numbers),
        await fetch_hands(connection, entries, batch_of),
        index_by("entry_id", [*entries, *predecessors]),
        _group_by("follows", followers),
        await find_hidden_entries(connection, [*predecessors, *followers], visibility, lines=entries),
        _group_by("entry_id", duplicates),
        limit is None or max(len(followers), len(duplicates)) < limit,
    )


async def _fetch_follower_chain(
    connection: Connection, entries: Sequence[int], limit: int | None, *, steps: int | None
) -> list[Mapping[str, Any]]:
    """Fetch the followers of ``entries``, their followers, and so on to the last; ``follows`` is the entry of the first step.

    A transfer that comes back is sent again, and may come back again: no number of steps bounds a history.
    """
    followers: list[Mapping[str, Any]] = []
    first = {number: number for number in entries}
    step = 0
    while first and step != steps and (limit is None or len(followers) < limit):
        remaining = None if limit is None else limit - len(followers)
        rows = await fetch_followers(connection, list(first), limit=remaining)
        steps_of_chain = [{**row, "follows": first[row["predecessor"]]} for row in rows]
        followers += steps_of_chain
        first = {row["entry_id"]: row["follows"] for row in steps_of_chain}
        step += 1
    return sorted(followers, key=lambda row: row["entry_id"])


async def fetch_followers(
    connection: Connection, entries: Sequence[int], *, limit: int | None = None, after: int = 0
) -> list[Row]:
    """Fetch the direct followers of ``entries`` after the entry ``after``, in order."""
    await choose_lookup(connection, len(entries))
    return await fetch(connection, "followers", entries, max(min(entries), after), limit)


async def find_hidden_entries(
    connection: Connection, rows: Sequence[Row], visibility: Visibility, *, lines: Sequence[Row]
) -> frozenset[int]:
    """Return the entries of ``rows``, before or after the visible ``lines``, of which the caller sees number and day alone.

    Those are the acts of other senders.  An act of Crescendo's own, and one of a kind that accountants send, is also visible
    to the sender whose act it follows.  Only the chain above all these rows is read from the database.
    """
    if not (rows and visibility.hides_chain):
        return frozenset()
    sender, tops = visibility.sender, _find_tops(rows, lines, visibility.sender)
    above = {top["entry_id"] for top in tops.values() if _is_visible_by_predecessor(top, sender)}
    visible = await _select_entries_of_sender(connection, list(above), sender) if above else set()
    return frozenset(
        entry for entry, top in tops.items() if top["sender"] != sender and top["entry_id"] not in visible
    )


def _find_tops(rows: Sequence[Row], lines: Sequence[Row], sender: str | None) -> Mapping[int, Row]:
    """Return, by entry of ``rows``, the row whose sender decides whether ``sender`` sees it, or the last known one above it.

    The rows are climbed in order of entries, because each act comes after its predecessor.
    """
    tops: dict[int, Row] = {}
    for row in sorted((*lines, *rows), key=lambda row: row["entry_id"]):
        is_climbed = _is_visible_by_predecessor(row, sender)
        tops[row["entry_id"]] = tops.get(row["predecessor"], row) if is_climbed else row
    return {row["entry_id"]: tops[row["entry_id"]] for row in rows}


def _is_visible_by_predecessor(row: Row, sender: str | None) -> bool:
    """Return whether an act is visible to ``sender`` if the act that it follows is."""
    is_of_service = row["sender"] in RESERVED_SENDERS or row["kind"] in _KINDS_OF_OTHERS
    return bool(row["predecessor"]) and row["sender"] != sender and is_of_service


async def _select_entries_of_sender(
    connection: Connection, entries: Sequence[int], sender: str | None
) -> set[int]:
    await choose_lookup(connection, len(entries))
    kinds = (sorted(RESERVED_SENDERS), sorted(_KINDS_OF_OTHERS))
    rows = await fetch(connection, "entries_of_sender", entries, sender, *kinds)
    return {row["entry_id"] for row in rows}


async def choose_lookup(connection: Connection, keys: int) -> None:
    """Choose the fastest plan for a look-up of so many keys, for the rest of the transaction."""
    await fetch(connection, "prefer_look_ups", keys <= _LOOKUPS_MAX)


def index_by(column: str, rows: Iterable[Row]) -> dict[int, Row]:
    """Index rows by a numeric column."""
    return {row[column]: row for row in rows}


def _group_by(column: str, rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups


def describe_line(related: RelatedRows, row: Row) -> dict[str, Any]:
    """Describe an accepted line by its own fields."""
    kind, cell = CATALOG[row["kind"]], related.cells.get(row["cell"])
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
        "payee": _build_payee(related, row),
        "terms": related.terms.get(row["entry_id"]),
        "signature": related.hands.signatures.get(row["entry_id"]),
        "agreement": related.hands.agreements.get(row["entry_id"]),
        "evidence": related.hands.evidence.get(row["entry_id"]),
        "debit": CodeLabel(*related.names.find_account(row["debit"], row["exercise"]))
        if row["debit"]
        else None,
        "credit": CodeLabel(*related.names.find_account(row["credit"], row["exercise"]))
        if row["credit"]
        else None,
    }


def _build_payee(related: RelatedRows, row: Row) -> Payee | None:
    """Return the payee of an act, with the account to which its transfer went, or else the one registered at its time."""
    transfer = related.transfers_above.get(row["entry_id"])
    return (
        build_transfer_payee(related, transfer)
        if transfer
        else _find_payee(related, row["payee"], row["entry_id"])
    )


def build_transfer_payee(related: RelatedRows, transfer: Row) -> Payee | None:
    """Return the payee of a transfer, with the account to which it went."""
    return _find_payee(related, transfer["payee"], related.transfer_details[transfer["entry_id"]].details)


def find_present_payee(related: RelatedRows, row: Row) -> Payee | None:
    """Return the payee of an act with the account that is registered now, which is the one that is paid next."""
    details = related.payees.get(row["payee"], ())
    return _name_payee(details[-1]) if details else None


def _find_payee(related: RelatedRows, number: int, entry: int) -> Payee | None:
    """Return a payee as registered at the time of an entry."""
    details = [row for row in related.payees.get(number, ()) if row["entry_id"] <= entry]
    return _name_payee(details[-1]) if details else None


def _name_payee(details: Row) -> Payee:
    return Payee(*(details[name] for name in ("code", "name", "iban", "bic", "entry_id", "merged_into")))


def build_origin(related: RelatedRows, row: Row) -> Origin:
    """Return the origin of a line: its file and its position there."""
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


def summarize_entry(row: Mapping[str, Any], hidden: frozenset[int]) -> EntrySummary:
    """Summarise an entry; of a hidden one only the numbers and the day."""
    kind, day = CATALOG[row["kind"]].name, row["day"].isoformat()
    if row["entry_id"] in hidden:
        return EntrySummary(row["entry_id"], "", "", day, None, row["predecessor"], is_visible=False)
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
