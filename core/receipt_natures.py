"""The natures of receipts of a year: what a receivable states as its commitment item, and the accounts of its product.

Source: the State's chart of accounts (4111100000; 7291000000 for what is annulled in a later year).  The list is data by year:
``receipts.csv``.  Without that file there are no receivables.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows

_NATURE_PATTERN = re.compile(r"[0-9A-Z]{1,10}")
_COLUMNS = ("nature", "label", "product", "annulment", "source")


@dataclass(frozen=True, slots=True)
class ReceiptNature:
    """A nature of receipt, and its source."""

    code: str
    label: str
    product: str
    """The account that a receivable credits."""
    annulment: str
    """The account that its reduction or cancellation debits in a later year; in the same year it is the product."""
    source: str


def read(path: Path, items: Container[str]) -> dict[str, ReceiptNature]:
    """Read the natures of a year by code; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed, a code is listed twice or is a commitment item of expenses; the message gives place and remedy.
    """
    natures: dict[str, ReceiptNature] = {}
    for row in _read_rows(path):
        nature = ReceiptNature(*row.cells.values())
        _check_row(row, nature)
        if nature.code in natures or nature.code in items:
            raise ReferenceDataError(
                row.place,
                f"{nature.code} is listed twice, or is an item of items.csv",
                "Give each nature of receipt a code of its own.",
            )
        natures[nature.code] = nature
    return natures


def _read_rows(path: Path) -> Iterator[ReferenceRow]:
    if path.exists():
        yield from read_rows(path, _COLUMNS)


def _check_row(row: ReferenceRow, nature: ReceiptNature) -> None:
    if not _NATURE_PATTERN.fullmatch(nature.code):
        raise ReferenceDataError(
            row.place,
            f"nature {nature.code!r} is malformed",
            f"Write a code that matches {_NATURE_PATTERN.pattern}",
        )
    if not nature.source:
        raise ReferenceDataError(
            row.place,
            f"{nature.code} has no source",
            "Name the account whose text says it, or write: not settled.",
        )


def check_accounts(path: Path, natures: dict[str, ReceiptNature], accounts: Container[str]) -> None:
    """Check that the chart has the accounts of every nature.

    Raises
    ------
    ReferenceDataError
        It lacks one.
    """
    for nature in natures.values():
        for account in (nature.product, nature.annulment):
            if account not in accounts:
                raise ReferenceDataError(
                    str(path),
                    f"account {account!r} of nature {nature.code} is unknown",
                    "Add the account to accounts.csv.",
                )
