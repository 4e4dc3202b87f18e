"""The tables of ``crescendo person list``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core.money import format_euros
from reporting.report_tables import CellType, Column, ReportTable

_Rows = Sequence[Mapping[str, Any]]
_PROSE = CellType.PROSE


def build_tables(listing: Mapping[str, _Rows]) -> Iterator[ReportTable]:
    """Build a table of each part that has rows; the persons always have one."""
    yield _build_person_table(listing["persons"])
    builders = {
        "roles": _build_role_table,
        "delegations": _build_delegation_table,
        "agreements": _build_agreement_table,
        "logins": _build_login_table,
        "couples": _build_couple_table,
        "changes": _build_change_table,
    }
    for part, build in builders.items():
        if listing[part]:
            yield build(listing[part])


def _build_person_table(persons: _Rows) -> ReportTable:
    columns = [Column("person"), Column("name", _PROSE)]
    return ReportTable("Persons", columns, [[row["code"], row["name"]] for row in persons], drop_order=())


def _build_role_table(roles: _Rows) -> ReportTable:
    columns = [
        *(Column("no."), Column("person"), Column("role"), Column("hand"), Column("fund centre")),
        *(Column("accountant"), Column("from"), Column("to"), Column("up to")),
    ]
    rows = [
        [
            *(f"{row['number']}", row["person"], row["role"], row["hand"]),
            *(row["centre"] or "all", row["accountant"] or "all", *_format_term(row)),
        ]
        for row in roles
    ]
    return ReportTable("Roles", columns, rows, drop_order=("up to", "accountant", "fund centre"))


def _build_delegation_table(delegations: _Rows) -> ReportTable:
    columns = [
        *(Column("no."), Column("owner"), Column("delegate"), Column("role"), Column("fund centres", _PROSE)),
        *(Column("from"), Column("to"), Column("up to")),
    ]
    rows = [
        [
            *(row["number"], row["owner"], row["delegate"], row["role"]),
            *("all" if row["centres"] == ["*"] else " ".join(row["centres"]), *_format_term(row)),
        ]
        for row in delegations
    ]
    return ReportTable("Delegations", columns, rows, drop_order=("up to", "fund centres"))


def _build_agreement_table(agreements: _Rows) -> ReportTable:
    columns = [
        *(Column("no."), Column("sender"), Column("kinds", _PROSE), Column("separation", _PROSE)),
        *(Column("from"), Column("to"), Column("up to")),
    ]
    rows = [
        [row["number"], row["sender"], " ".join(row["kinds"]), row["separation"], *_format_term(row)]
        for row in agreements
    ]
    return ReportTable("Agreements", columns, rows, drop_order=("separation", "up to"))


def _build_login_table(logins: _Rows) -> ReportTable:
    columns = [
        *(Column("no."), Column("person"), Column("means"), Column("name"), Column("from"), Column("to")),
    ]
    rows = [
        [
            *(f"{row['number']}", row["person"], row["means"], row["name"], f"{row['first_day']}"),
            f"{row['last_day']}" if row["last_day"] else "open",
        ]
        for row in logins
    ]
    return ReportTable("Logins", columns, rows, drop_order=("from",))


def _build_couple_table(couples: _Rows) -> ReportTable:
    columns = [Column("no."), Column("person"), Column("partner"), Column("from"), Column("to")]
    rows = [
        [
            *(f"{row['number']}", row["person"], row["partner"], f"{row['first_day']}"),
            f"{row['last_day']}" if row["last_day"] else "open",
        ]
        for row in couples
    ]
    return ReportTable("Couples", columns, rows, drop_order=("from",))


def _format_term(row: Mapping[str, Any]) -> list[str]:
    ceiling = row["ceiling_cents"]
    last = f"{row['last_day']}" if row["last_day"] else "open"
    return [f"{row['first_day']}", last, "any amount" if ceiling is None else format_euros(ceiling)]


def _build_change_table(changes: _Rows) -> ReportTable:
    columns = [
        *(Column("no."), Column("what", _PROSE), Column("by"), Column("proved by")),
        *(Column("reason", _PROSE), Column("after batch"), Column("at, UTC")),
    ]
    rows = [
        [
            *(f"{row['change']}", _format_entries(row["what"]), row["by"], row["proof"] or "not proved"),
            row["reason"],
            "next" if row["after_batch"] is None else f"{row['after_batch']:,}",
            f"{row['at']:%Y-%m-%d %H:%M}",
        ]
        for row in changes
    ]
    return ReportTable("Changes", columns, rows, drop_order=("at, UTC", "after batch", "proved by", "reason"))


def _format_entries(entries: Sequence[str]) -> str:
    """List up to three entries of a change, and count the others."""
    further = [f"and {len(entries) - 3:,} more"] if len(entries) > 3 else []
    return ", ".join([*entries[:3], *further])
