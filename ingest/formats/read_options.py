"""What the sender of a file states about its reading; the same file is read the same way whenever it is read again."""

from typing import NamedTuple


class ReadOptions(NamedTuple):
    """The options of a reading."""

    charset: str = ""
    """One of ``charsets.CHARSETS``; empty if it is not stated."""
    extra_columns: bool = False
    """The file may have columns that are not those of the format."""
    may_allow_extra: bool = False
    """The sender can allow such columns: an account assignment file, for one, never has them."""


PLAIN = ReadOptions()
"""Nothing is stated."""
