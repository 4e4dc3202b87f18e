"""Accounts in use that an item in use admitted: the files keep them admitted for the whole year (rule A39).

An entry names such an account in place of the item's own.  Further accounts may be admitted, and accounts that are not in
use may be removed, as both decide about acts to come alone.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from core.errors import ReferenceDataError
from posting.book.code_changes import CodeKey, FileMeanings, Meaning
from posting.book.code_numbers import CodeKind, NumbersByCode

ADMITS = "admits"
"""The property of an item: the first digits of the accounts that it admits, with blanks between them."""


class LostAdmission(NamedTuple):
    """An item, and an account that it admitted by its stored meaning and does not admit by the files."""

    item: CodeKey
    account: CodeKey


def find_lost_admissions(
    stored: Mapping[CodeKey, Meaning], files: FileMeanings, numbers: NumbersByCode
) -> list[LostAdmission]:
    """Return the lost admissions; there are none for an item whose stored meaning is of an earlier version without them."""
    return [
        LostAdmission(key, CodeKey(key.year, CodeKind.ACCOUNT, number))
        for key, meaning in stored.items()
        if key in files and key.kind == CodeKind.ITEM
        for number in _find_lost_accounts(meaning, files[key].meaning, numbers[CodeKind.ACCOUNT])
    ]


def _find_lost_accounts(stored: Meaning, current: Meaning, accounts: Mapping[str, int]) -> Iterator[int]:
    before, now = (tuple(str(meaning.get(ADMITS, "")).split()) for meaning in (stored, current))
    if before == now:
        return
    for account, number in accounts.items():
        if account.startswith(before) and not account.startswith(now):
            yield number


def reject_lost_admissions(
    lost: list[LostAdmission], used: Collection[CodeKey], numbers: NumbersByCode
) -> None:
    """Raise an error about the first of ``lost`` whose item and account are in use; do nothing if there is none.

    Raises
    ------
    ReferenceDataError
        There is one: the message names both codes, the year and the remedy.
    """
    for item, account in lost:
        if item in used and account in used:
            raise ReferenceDataError(
                f"roles.csv of {item.year}",
                f"{_find_code(item, numbers)} does not admit account {_find_code(account, numbers)}, although both are in use",
                "Put the account back: a code in use stays admitted for its whole year.",
            )


def _find_code(key: CodeKey, numbers: NumbersByCode) -> str:
    return next(code for code, number in numbers[CodeKind(key.kind)].items() if number == key.number)
