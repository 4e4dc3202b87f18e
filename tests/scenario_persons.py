"""The tables of scenarios about persons, as entries of the directory."""

from collections.abc import Callable, Mapping
from datetime import date

from core.directory_entries import (
    AgreementEntry,
    DelegationEntry,
    DirectoryEntry,
    HandName,
    PersonEntry,
    RoleEntry,
)
from core.roles import Role

Row = dict[str, str]
_HANDS: Mapping[str, HandName] = {"entry": "entry", "validation": "validation", "both": "both"}


def _build_person(row: Row) -> DirectoryEntry:
    return PersonEntry(row["person"], row["name"])


def _build_role(row: Row) -> DirectoryEntry:
    return RoleEntry(
        row["person"],
        Role(row["role"]),
        _HANDS[row["hand"]],
        *_read_term(row),
        centre=row.get("centre", ""),
        accountant=row.get("accountant", ""),
        ceiling=row.get("ceiling", ""),
    )


def _build_delegation(row: Row) -> DirectoryEntry:
    return DelegationEntry(
        *(row["delegation"], row["owner"], row["delegate"], Role(row["role"])),
        row["centres"].split(" "),
        *_read_term(row),
        ceiling=row.get("ceiling", ""),
    )


def _build_agreement(row: Row) -> DirectoryEntry:
    first, last = _read_term(row)
    return AgreementEntry(
        *(row["agreement"], row["sender"], row["kinds"].split(" "), first, row["separation"], last),
        ceiling=row.get("ceiling", ""),
    )


def _read_term(row: Row) -> tuple[date, date | None]:
    last = row.get("to", "")
    return date.fromisoformat(row["from"]), date.fromisoformat(last) if last else None


_BUILDERS: Mapping[str, Callable[[Row], DirectoryEntry]] = {
    "person": _build_person,
    "role": _build_role,
    "delegation": _build_delegation,
    "agreement": _build_agreement,
}
CATEGORIES = frozenset(_BUILDERS)


def build_entries(category: str, rows: list[Row]) -> list[DirectoryEntry]:
    """Return the entries of a table."""
    return [_BUILDERS[category](row) for row in rows]
