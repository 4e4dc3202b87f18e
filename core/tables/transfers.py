"""Tables of transfers on their way to the bank, and the identifier by which each comes back.

The end-to-end identifier of a transfer is the number of the entry that issued it: ``CRSC``, twelve digits, and two check
digits (ISO 7064, MOD 97-10), so that a bank's answer needs no search and a misread one is noticed.
"""

from typing import NamedTuple

from core.tables.columns import Byte, Entry, Index, Money

END_TO_END_PREFIX = b"CRSC"
NUMBER_DIGITS = 12
CHECK_DIGITS = 2
END_TO_END_BYTES = len(END_TO_END_PREFIX) + NUMBER_DIGITS + CHECK_DIGITS

NAME_CHARACTERS_MAX = 70
REMITTANCE_CHARACTERS_MAX = 140
"""Limits of SEPA (EPC125-05), shorter than those of ISO 20022 for names."""

SEPA_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ "
"""What every bank in SEPA takes (EPC217-08)."""


class Transliteration(NamedTuple):
    """How each code point is written in the Latin letters of payments: ``letter[start[c]:start[c + 1]]``.

    Beyond the last one a dot.
    """

    start: Index
    letter: Byte


class Transfers(NamedTuple):
    """Credit transfers: the entry that issued each, cents, and where its texts stand in ``TransferTexts``."""

    entry: Entry
    amount: Money
    name_start: Index
    name_end: Index
    iban_start: Index
    iban_end: Index
    bic_start: Index
    """The same as its end where there is none."""
    bic_end: Index
    remittance_start: Index
    remittance_end: Index


class TransferTexts(NamedTuple):
    """The bytes that the texts of ``Transfers`` stand in; fit for XML as they are."""

    name: Byte
    iban: Byte
    bic: Byte
    remittance: Byte


class TransferTemplate(NamedTuple):
    """What stands before, between and behind the values of a transfer: piece p is ``data[start[p]:start[p + 1]]``."""

    start: Index
    data: Byte


class TransferSizes(NamedTuple):
    """Bytes each transfer takes."""

    bytes: Index
