"""Amounts in JSON: the name of a field in cents ends in ``cents``; a field that had another name before has both names.

A struct declares the old field, and the new one behind it.  The new one is filled with the amount of the old one, so that the
code that builds the struct states each amount once.
"""

from functools import cache
from typing import Annotated

import msgspec

_SUFFIX = "_cents"
Cents = Annotated[int, msgspec.Meta(description="In cents")]
_OLD_NAME = msgspec.Meta(
    description="In cents. Deprecated: the field of this name with `_cents` has the same amount",
    extra_json_schema={"deprecated": True},
)
OldCents = Annotated[int, _OLD_NAME]
"""An amount under its old name."""
HiddenOldCents = Annotated[int | None, _OLD_NAME]
"""The same; null where the caller may not see the amount."""


class AmountStruct(msgspec.Struct, frozen=True):
    """A struct whose amounts in cents have an old and a new name."""

    def __post_init__(self) -> None:
        """Fill each field ``NAME_cents`` with the amount in ``NAME``."""
        for old, new in pair_names(type(self)):
            msgspec.structs.force_setattr(self, new, getattr(self, old))


@cache
def pair_names(struct: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """Return the old and the new name of each amount of a struct that has both; a class is looked at once."""
    fields = struct.__struct_fields__
    pairs = ((name.removesuffix(_SUFFIX), name) for name in fields if name.endswith(_SUFFIX))
    return tuple(pair for pair in pairs if pair[0] in fields)


def list_new_names(struct: type[msgspec.Struct]) -> list[str]:
    """Return the fields of a struct that repeat an amount under its new name."""
    return [new for _, new in pair_names(struct)]
