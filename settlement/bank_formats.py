"""The bank formats, one row each: reading, matching, the simulated bank and the choices of commands follow from the rows.

To add a format, add a row here, its reader, its schema in ``bank_files.message_schemas`` if it is XML, and tests.  A row
names its reader and writer instead of importing them: commands show the formats in their help without loading NumPy, Arrow
and the kernels.
"""

import pkgutil
from collections.abc import Callable, Iterator, Sequence
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from core.tables.bank_messages import BankMessage
    from settlement.simulated_bank.accounts import AccountDay
    from settlement.simulated_bank.camt_writer import BankActivity


class AccountNaming(Enum):
    """How the messages of a format name the account that they are about."""

    NONE = "none"
    """Not at all: it is a report on one of our messages."""
    IBAN = "iban"
    NATIONAL = "national"
    """By the national account number without its check digits; the IBAN is found among our own accounts."""


class FormatRow(NamedTuple):
    """What a bank format consists of, beside its name."""

    label: str
    """Its name in help texts."""
    accounts: AccountNaming
    reader: str
    """``module:function``; see ``BankFormat.load_reader``."""
    namespace: str = ""
    """XML: what the namespaces of all its versions contain.  Empty: a text format."""
    start: bytes = b""
    """Text: how a file begins."""
    statement_writer: str = ""
    """``module:function`` of the simulated bank; empty if it writes no statements in this format."""

    @property
    def suffix(self) -> str:
        """The file name extension that the simulated bank uses."""
        return "xml" if self.namespace else "txt"


class BankFormat(StrEnum):
    """The formats of bank files.  The value is stored with each message."""

    row: FormatRow

    PAIN002 = (
        "pain.002",
        FormatRow(
            label="pain.002",
            namespace="pain.002.001",
            reader="settlement.bank_files.pain002_reader:read_message",
            accounts=AccountNaming.NONE,
        ),
    )
    CAMT053 = (
        "camt.053",
        FormatRow(
            label="camt.053",
            namespace="camt.053.001",
            reader="settlement.bank_files.camt_reader:read_message",
            accounts=AccountNaming.IBAN,
            statement_writer="settlement.simulated_bank.camt_writer:write_statement",
        ),
    )
    CAMT054 = (
        "camt.054",
        FormatRow(
            label="camt.054",
            namespace="camt.054.001",
            reader="settlement.bank_files.camt_reader:read_message",
            accounts=AccountNaming.IBAN,
        ),
    )
    CFONB120 = (  # the last text format: it begins with anything, so that its reader reports what is wrong
        "cfonb.120",
        FormatRow(
            label="CFONB 120",
            reader="settlement.bank_files.cfonb120_reader:read_message",
            accounts=AccountNaming.NATIONAL,
            statement_writer="settlement.simulated_bank.cfonb120_writer:write_statement",
        ),
    )

    def __new__(cls, name: str, row: FormatRow) -> Self:
        """Make a member whose value is its name alone."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.row = row
        return member

    def load_reader(self) -> "Callable[..., BankMessage]":
        """Return the reader.  It takes an ``XmlBankFile``, or the bytes and the name of a text file."""
        return pkgutil.resolve_name(self.row.reader)

    def load_statement_writer(self) -> "Callable[[BankActivity, Sequence[AccountDay]], Iterator[str]]":
        """Return the writer of the statements of one day, in chunks of text."""
        return pkgutil.resolve_name(self.row.statement_writer)

    @classmethod
    def find_xml(cls, namespace: str) -> "BankFormat":
        """Return the format of an XML message; its namespace must be one of ``bank_files.message_schemas``."""
        return next(member for member in cls if member.row.namespace and member.row.namespace in namespace)

    @classmethod
    def find_text(cls, start: bytes) -> "BankFormat":
        """Return the format of a text file, from its first bytes."""
        return next(
            member for member in cls if not member.row.namespace and start.startswith(member.row.start)
        )


STATEMENT_FORMATS = tuple(member for member in BankFormat if member.row.statement_writer)
"""The formats in which the simulated bank can write statements."""


def list_labels() -> str:
    """List the formats for a help text: "pain.002, camt.053, camt.054 or CFONB 120"."""
    *others, last = (member.row.label for member in BankFormat)
    return f"{', '.join(others)} or {last}"
