"""Tables of transfers for payment files, and the end-to-end identifier by which banks refer to them.

The end-to-end identifier of a transfer is the ledger and the entry that issued it: ``CRSC``, the two digits of the ledger's
number, twelve digits of the entry, and two check digits over both (ISO 7064, MOD 97-10).  So a bank message is matched without
a search, a misread identifier is detected, and two ledgers never write the same one.
"""

from typing import NamedTuple

from core.tables.columns import Byte, Entry, Index, Money

END_TO_END_PREFIX = b"CRSC"
LEDGER_DIGITS = 2
ENTRY_DIGITS = 12
ENTRIES_A_LEDGER = 10**ENTRY_DIGITS
NUMBER_DIGITS = LEDGER_DIGITS + ENTRY_DIGITS
CHECK_DIGITS = 2
END_TO_END_BYTES = len(END_TO_END_PREFIX) + NUMBER_DIGITS + CHECK_DIGITS

NAME_CHARACTERS_MAX = 70
REMITTANCE_CHARACTERS_MAX = 140
"""Limits of SEPA (EPC125-05), shorter than those of ISO 20022 for names."""

SEPA_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ "
"""The characters that every bank in SEPA accepts (EPC217-08)."""


class Transliteration(NamedTuple):
    """The Latin letters of payments for each code point c: ``letter[start[c]:start[c + 1]]``.

    Code points beyond the last row become a dot.
    """

    start: Index
    letter: Byte


class Transfers(NamedTuple):
    """Credit transfers: the number in the identifier of each, its cents, and the spans of its texts in ``TransferTexts``."""

    number: Entry
    """The ledger's number times ``ENTRIES_A_LEDGER``, and the entry that issued the transfer."""
    amount: Money
    name_start: Index
    name_end: Index
    iban_start: Index
    iban_end: Index
    bic_start: Index
    """Equal to its end where there is no BIC."""
    bic_end: Index
    remittance_start: Index
    remittance_end: Index


class TransferTexts(NamedTuple):
    """The bytes of the texts of ``Transfers``; they need no escaping in XML."""

    name: Byte
    iban: Byte
    bic: Byte
    remittance: Byte


class TransferTemplate(NamedTuple):
    """The XML before, between and after the values of a transfer: piece p is ``data[start[p]:start[p + 1]]``."""

    start: Index
    data: Byte


class TransferSizes(NamedTuple):
    """The bytes of each transfer."""

    bytes: Index
