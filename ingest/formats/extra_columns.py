"""Columns that are not those of the flat act format: what a file may have of them, and which names are refused.

They are allowed if the sender says so.  A name like that of a column of the format is refused even then: the sender may
have meant that column, and to leave it out would change the acts without a word.
"""

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from core.act_fields import FIELD_BY_COLUMN
from core.errors import FormatUnknown, LimitExceeded

EXTRA_COLUMNS_MAX = 200
_NAME_CHARACTERS_MAX = 100
_LIKENESS_MIN = 0.85
"""From this ratio of equal characters on, a name may be a misspelt column."""
_SEPARATORS = re.compile(r"[\W_]+")


def _simplify(name: str) -> str:
    return _SEPARATORS.sub("", name).casefold()


_LIKE: Mapping[str, str] = {_simplify(column): column for column in FIELD_BY_COLUMN}


def list_extra(names: Sequence[str]) -> list[str]:
    """Return the names that are not those of columns of the format, in their order."""
    return [name for name in names if name not in FIELD_BY_COLUMN]


def check_extra(names: Sequence[str], position: str) -> None:
    """Check the columns of a file whose sender allows others than those of the format.

    Raises
    ------
    LimitExceeded
        There are too many, or a name is too long.
    FormatUnknown
        A name is not printable, or like that of a column of the format; or the file has no other columns.
    """
    extra = list_extra(names)
    if len(extra) > EXTRA_COLUMNS_MAX:
        fault = f"The file has {len(extra):,} columns that are not those of the format"
        raise LimitExceeded(position, fault, f"Send at most {EXTRA_COLUMNS_MAX} of them")
    for name in extra:
        _check_name(name, f"{position}, column {name[:_NAME_CHARACTERS_MAX]!r}")
    if len(extra) == len(names):
        fault = "None of its columns is one of the format"
        raise FormatUnknown(position, fault, f"The columns are {', '.join(FIELD_BY_COLUMN)}")


def _check_name(name: str, position: str) -> None:
    if len(name) > _NAME_CHARACTERS_MAX:
        fault = f"The name has {len(name):,} characters"
        raise LimitExceeded(position, fault, f"Give it at most {_NAME_CHARACTERS_MAX}")
    if name and not name.isprintable():
        raise FormatUnknown(position, "The name is not printable", "Name it in printable characters")
    if column := _find_like(name):
        fault = f"The column is unknown, and its name is like that of the column {column}"
        raise FormatUnknown(
            position,
            fault,
            f"Name it {column} if it is that column, else give it a name that is less like it",
        )


def _find_like(name: str) -> str | None:
    """Return the column of the format that a name may mean: written otherwise, or misspelt."""
    near = get_close_matches(name.lower(), FIELD_BY_COLUMN, 1, _LIKENESS_MIN)
    return _LIKE.get(_simplify(name)) or next(iter(near), None)
