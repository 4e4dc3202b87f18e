"""The journals (*journaux*) of accountants: each numbers its documents without a gap, by accountant and exercise (rule A06).

The number of a journal is stored, and the journal of a kind decides the numbers of its documents: neither ever changes.
"""

from collections.abc import Mapping
from typing import NamedTuple

from core.act_kind import ActKind
from core.catalog import CATALOG
from core.debt_stages import Stage
from core.families import Family
from core.kind_rules import Pairing


class Journal(NamedTuple):
    """One journal."""

    number: int
    code: str
    """Its part of a document's address, as in ``ACC-1/2018/DEP/17``."""
    french: str
    english: str


JOURNALS: tuple[Journal, ...] = (
    Journal(1, "BUD", "journal des crédits", "credits"),
    Journal(2, "ENG", "journal des engagements", "commitments"),
    Journal(3, "DEP", "journal des dépenses", "expenses"),
    Journal(4, "PAI", "journal des paiements", "payments"),
    Journal(5, "BNQ", "journal de banque", "bank"),
    Journal(6, "REC", "journal des recettes", "receipts"),
    Journal(7, "INV", "journal d'inventaire", "inventory"),
    Journal(8, "OUV", "journal d'ouverture", "openings"),
    Journal(9, "CLO", "journal de clôture", "closing"),
    Journal(10, "OD", "journal des opérations diverses", "miscellaneous"),
    Journal(11, "BAS", "journal de bascule", "carries"),
)
"""In the order of their numbers; further ones are added at the end."""

NO_JOURNAL = 0
"""Of acts on third parties: they concern no accountant's books."""
NO_ACCOUNTANT = "-"
"""The accountant of documents without a fund centre, in an address."""
_CODES: Mapping[int, str] = {journal.number: journal.code for journal in JOURNALS}
_NUMBERS: Mapping[str, int] = {journal.code: journal.number for journal in JOURNALS}
_OF_FAMILY: Mapping[Family, str] = {
    Family.BUDGET: "BUD",
    Family.COMMITMENT: "ENG",
    Family.COMMITMENT_CHANGE: "ENG",
    Family.REVERSAL: "ENG",
    Family.VISA: "ENG",
    Family.SERVICE: "DEP",
    Family.SERVICE_CANCELLATION: "DEP",
    Family.PAYMENT_REQUEST: "DEP",
    Family.REJECTION: "DEP",
    Family.RETENTION: "DEP",
    Family.TERM: "DEP",
    Family.SETTLEMENT: "PAI",
    Family.RECEIVABLE: "REC",
    Family.RECEIVABLE_CHANGE: "REC",
    Family.RECEIPT: "REC",
    Family.RECEIPT_CHANGE: "REC",
    Family.RESTORATION: "REC",
    Family.ASSET: "INV",
    Family.INVENTORY: "INV",
    Family.INVENTORY_CHANGE: "INV",
    Family.OPENING: "OUV",
    Family.RESULT: "CLO",
    Family.ALLOCATION: "CLO",
    Family.JOURNAL: "OD",
    Family.REASSIGNMENT: "OD",
    Family.JUSTIFICATION: "OD",
}
_MOVED_BY_BANK = (Stage.IN_TRANSIT, Stage.DEBITED, Stage.RETURNED)


class DocumentName(NamedTuple):
    """The number of a document, and what it is a number of."""

    accountant: str
    """The code; empty for entries without a fund centre."""
    exercise: int
    journal: str
    """The code."""
    number: int

    def __str__(self) -> str:
        """Return the address."""
        return f"{self.accountant or NO_ACCOUNTANT}/{self.exercise}/{self.journal}/{self.number}"


def choose_journal(kind: ActKind) -> int:
    """Return the number of the journal in which entries of a kind have their documents; ``NO_JOURNAL`` for none."""
    if kind.family not in _OF_FAMILY:
        return NO_JOURNAL
    if kind.carries:
        return _NUMBERS["BAS"]
    if kind.family is Family.SETTLEMENT and _is_bank_movement(kind):
        return _NUMBERS["BNQ"]
    if kind.family is Family.RECEIPT and kind.reaches is Stage.BY_HAND:
        return _NUMBERS["BNQ"]
    return _NUMBERS["REC" if kind.after is Stage.DUE else _OF_FAMILY[kind.family]]


def _is_bank_movement(kind: ActKind) -> bool:
    identifies = kind.pairs in (Pairing.SUSPENSE, Pairing.IDENTIFICATION)
    return identifies or (kind.after in _MOVED_BY_BANK and kind.pairs is Pairing.NONE)


JOURNAL_OF_KIND: tuple[int, ...] = tuple(map(choose_journal, CATALOG))
"""By number of the kind."""


def read_code(number: int) -> str:
    """Return the code of a journal; empty for ``NO_JOURNAL``."""
    return _CODES.get(number, "")


def find_journal(code: str) -> int:
    """Return the number of the journal with this code; ``NO_JOURNAL`` if there is none."""
    return _NUMBERS.get(code, NO_JOURNAL)


def parse_name(text: str) -> DocumentName | None:
    """Return what ``ACCOUNTANT/YEAR/JOURNAL/NUMBER`` names; None if the text has another form."""
    parts = text.strip().rsplit("/", 3)
    if len(parts) != len(DocumentName._fields):
        return None
    accountant, year, journal, number = parts
    are_numbers = all(
        part.isascii() and part.isdigit() and len(part) <= size for part, size in ((year, 4), (number, 18))
    )
    if not (accountant and are_numbers and find_journal(journal.upper())):
        return None
    return DocumentName(
        "" if accountant == NO_ACCOUNTANT else accountant, int(year), journal.upper(), int(number)
    )
