"""The programmes that follow others from one year to the next, and the account assignment that follows another.

Source: GBCP art. 161: commitments of a suppressed programme go to one or several programmes that an order names, and so
they do where programmes are only cut anew.  The orders are data of the new year: ``successions.csv`` in its own folder,
also where ``year.toml`` names another year for all other files.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.nomenclature import CentreLevel, Nomenclature
from core.reference.files import ReferenceRow, read_rows
from core.succession_rows import (
    ANY_ACT,
    COLUMNS,
    ActName,
    Succession,
    SuccessionKey,
    Successions,
    parse_row,
)

FILE = "successions.csv"
ROWS_MAX = 100_000
PAIRS_MAX = 1_000
"""Pairs of a programme and another one that follows it, in one year: a carry to another programme looks through them."""
_PROGRAMME_DIGITS = 4


class AssignmentPlace(NamedTuple):
    """The part of an account assignment that a succession changes."""

    centre: str
    area: str
    operation: str
    """Empty for none."""


def read(path: Path, before: Nomenclature | None, after: Nomenclature) -> dict[SuccessionKey, Succession]:
    """Read the successions into the year of ``after``; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed, names an unknown code or is listed twice, or there are too many; the message gives the place,
        the finding and the remedy.
    """
    successions: dict[SuccessionKey, Succession] = {}
    if not path.exists():
        return successions
    if before is None:
        finding = f"calendar.toml has no exercise {after.year - 1}, from which it would lead"
        raise ReferenceDataError(str(path), finding, "Remove the file, or add the exercise to calendar.toml.")
    for row in read_rows(path, COLUMNS):
        key, succession = parse_row(row)
        _check_old_codes(row, key, before)
        _check_new_codes(row, succession, after)
        _check_levels(row, before.centres[key.centre].level, after.centres[succession.centre].level)
        if key in successions:
            raise ReferenceDataError(row.place, "this row is listed twice", "Keep one of the two lines.")
        successions[key] = succession
    if len(successions) > ROWS_MAX or len(list_pairs(successions)) > PAIRS_MAX:
        finding = (
            f"the file has {len(successions)} rows, for {len(list_pairs(successions))} pairs of programmes"
        )
        raise ReferenceDataError(
            str(path), finding, f"Write at most {ROWS_MAX} rows for {PAIRS_MAX} pairs of programmes."
        )
    return successions


def _check_old_codes(row: ReferenceRow, key: SuccessionKey, before: Nomenclature) -> None:
    if key.centre not in before.centres:
        finding = f"fund_centre {key.centre!r} is unknown in {before.year}"
        raise ReferenceDataError(row.place, finding, "Write a fund centre of the year before.")
    area = before.areas.get(key.area)
    if key.area and (area is None or area.programme != read_programme(key.centre)):
        finding = (
            f"functional_area {key.area!r} is not of programme {read_programme(key.centre)} in {before.year}"
        )
        raise ReferenceDataError(row.place, finding, "Write an area of that programme, or none for all.")


def _check_new_codes(row: ReferenceRow, succession: Succession, after: Nomenclature) -> None:
    if succession.centre not in after.centres:
        finding = f"new_fund_centre {succession.centre!r} is unknown in {after.year}"
        raise ReferenceDataError(row.place, finding, "Write a fund centre of this year.")
    area, programme = after.areas.get(succession.area), read_programme(succession.centre)
    if succession.area and (area is None or area.programme != programme):
        finding = f"new_functional_area {succession.area!r} is not of programme {programme} in {after.year}"
        raise ReferenceDataError(
            row.place, finding, "Write an area of that programme, or none for the area of the same number."
        )


def _check_levels(row: ReferenceRow, before: CentreLevel, after: CentreLevel) -> None:
    if before != after and not (after is CentreLevel.UO and before < after):
        raise ReferenceDataError(
            row.place,
            f"fund_centre is a {before.name.lower()}, and new_fund_centre a {after.name.lower()}",
            "Name a fund centre of the same level, or the UO to which all below a programme or BOP goes.",
        )


def read_programme(centre: str) -> str:
    """Return the programme of a fund centre's code."""
    return centre.removeprefix("OP-")[:_PROGRAMME_DIGITS]


def list_pairs(successions: Successions) -> list[tuple[str, str]]:
    """List each programme with each other one that follows it, once, in order of the file."""
    pairs = ((read_programme(key.centre), read_programme(row.centre)) for key, row in successions.items())
    return [pair for pair in dict.fromkeys(pairs) if pair[0] != pair[1]]


def names_acts(successions: Successions) -> bool:
    """Return whether a row is about a single act."""
    return any(key.act != ANY_ACT for key in successions)


def move_place(
    place: AssignmentPlace, act: ActName, before: Nomenclature, *, after: Nomenclature
) -> AssignmentPlace:
    """Return the place in the year of ``after`` that follows ``place``, which is of ``before``: itself where no row names it.

    A row of one act comes before those of all acts, then one of the lower fund centre, then one of the area.
    """
    keys = _list_keys(place, act, before)
    key = next((key for key in keys if key in after.successions), None)
    if key is None:
        return place
    succession = after.successions[key]
    new, programme = after.centres[succession.centre], read_programme(succession.centre)
    area = succession.area or programme + place.area[_PROGRAMME_DIGITS:]
    if new.level is CentreLevel.OPERATION:
        return AssignmentPlace(new.parent, area if place.area else "", new.code)
    is_unit = new.level is CentreLevel.UO
    centre = new.code if is_unit else new.code + place.centre[len(key.centre) :]
    number = place.operation[len("OP-") + _PROGRAMME_DIGITS :]
    return AssignmentPlace(
        centre, area if place.area else "", f"OP-{programme}{number}" if place.operation else ""
    )


def _list_keys(place: AssignmentPlace, act: ActName, before: Nomenclature) -> Iterator[SuccessionKey]:
    """Yield the rows that may be about a place, the most precise first."""
    for name in dict.fromkeys((act, ANY_ACT)):
        centre = place.operation or place.centre
        while centre:
            for area in dict.fromkeys((place.area, "")):
                yield SuccessionKey(centre, area, name)
            centre = before.centres[centre].parent if centre in before.centres else ""


def move_over_years(
    place: AssignmentPlace, act: ActName, years: range, *, nomenclatures: Mapping[int, Nomenclature]
) -> AssignmentPlace:
    """Return the place that follows ``place`` after the orders of every year; it is of the year before ``years``."""
    for year in years:
        if year in nomenclatures and year - 1 in nomenclatures and nomenclatures[year].successions:
            place = move_place(place, act, nomenclatures[year - 1], after=nomenclatures[year])
    return place


class ProgrammeYear(NamedTuple):
    """A programme in a year."""

    year: int
    programme: str


def list_followers(nomenclatures: Mapping[int, Nomenclature]) -> list[tuple[ProgrammeYear, ProgrammeYear]]:
    """List each programme of a year with each other programme of a later year that follows it, over several years too."""
    followers: list[tuple[ProgrammeYear, ProgrammeYear]] = []
    for year in nomenclatures:
        reached = {code: {code} for code in nomenclatures[year].programmes}
        later = year + 1
        while later in nomenclatures:
            reached = {code: _step(codes, nomenclatures[later]) for code, codes in reached.items()}
            followers += [
                (ProgrammeYear(year, code), ProgrammeYear(later, other))
                for code, codes in reached.items()
                for other in sorted(codes - {code})
            ]
            later += 1
    return followers


def _step(programmes: set[str], after: Nomenclature) -> set[str]:
    """Return the programmes that follow ``programmes`` in the next year: themselves where they go on, and their successors."""
    named = {other for code, other in list_pairs(after.successions) if code in programmes}
    return named | (programmes & after.programmes.keys())
