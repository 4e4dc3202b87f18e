"""The thresholds from which on a commitment needs the visa of the budget controller, by ministry and title.

Source: GBCP art. 103, which leaves them to an order for each ministry.  They are data by year: ``visas.csv``.  Without that
file no commitment needs a visa.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.money import AMOUNT_MAX, CENTS_PER_EURO
from core.reference.files import ReferenceRow, read_rows

NO_THRESHOLD = 0
"""Stands for no threshold; one of 0 euros is 1 cent, which every act reaches."""
ANY = "*"
MINISTRIES_MAX = 255
_ANY_TITLE = 0
_TITLES: Mapping[str, int] = {ANY: _ANY_TITLE, **{title: int(title) for title in "134567"}}
"""Title 2 is not committed in advance of its payment."""


class ThresholdKey(NamedTuple):
    """Whose threshold a row gives; ``ANY`` and 0 stand for all others."""

    ministry: str
    title: int


Thresholds = Mapping[ThresholdKey, int]
"""Cents by ministry and title."""


def find_threshold(thresholds: Thresholds, ministry: str, title: int) -> int:
    """Return the threshold of a ministry and title: the row that names both, the ministry, the title, or neither."""
    keys = (ThresholdKey(*pair) for pair in product((ministry, ANY), (title, _ANY_TITLE)))
    return next((thresholds[key] for key in keys if key in thresholds), NO_THRESHOLD)


def read(path: Path, ministries: Collection[str]) -> dict[ThresholdKey, int]:
    """Read the thresholds of a year, whose programmes have these ``ministries``; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed or listed twice, or there are too many ministries; the message gives the place and the remedy.
    """
    thresholds: dict[ThresholdKey, int] = {}
    for row in _read_rows(path, ministries):
        key = _read_key(row, ministries)
        if key in thresholds:
            raise ReferenceDataError(
                row.place, "this ministry and title are listed twice", "Keep one of the two lines."
            )
        thresholds[key] = _read_threshold(row)
    return thresholds


def _read_rows(path: Path, ministries: Collection[str]) -> Iterator[ReferenceRow]:
    if path.exists():
        if len(ministries) > MINISTRIES_MAX:
            finding = f"programmes.csv names {len(ministries)} ministries"
            raise ReferenceDataError(str(path), finding, f"Name at most {MINISTRIES_MAX}.")
        yield from read_rows(path, ("ministry", "title", "threshold", "source"))


def _read_key(row: ReferenceRow, ministries: Collection[str]) -> ThresholdKey:
    ministry, title, _, source = row.cells.values()
    if ministry != ANY and ministry not in ministries:
        raise ReferenceDataError(
            row.place,
            f"ministry {ministry!r} has no programme",
            f"Write a ministry of programmes.csv, or {ANY} for all others.",
        )
    if title not in _TITLES:
        raise ReferenceDataError(
            row.place, f"title is {title!r}", f"Write 1 or 3 to 7 (LOLF art. 5), or {ANY} for all others."
        )
    if not source:
        raise ReferenceDataError(
            row.place, "the threshold has no source", "Name the text, or write: unverified."
        )
    return ThresholdKey(ministry, _TITLES[title])


def _read_threshold(row: ReferenceRow) -> int:
    """Return the cents of a threshold in whole euros; an empty one is none."""
    text = row.cells["threshold"]
    if not text:
        return NO_THRESHOLD
    euros_max = AMOUNT_MAX // CENTS_PER_EURO
    if text.isascii() and text.isdecimal() and len(text) <= len(str(euros_max)) and int(text) <= euros_max:
        return max(1, int(text) * CENTS_PER_EURO)
    raise ReferenceDataError(
        row.place,
        f"threshold is {text!r}",
        f"Write whole euros, from 0 to {euros_max}, or nothing where no commitment needs a visa.",
    )
