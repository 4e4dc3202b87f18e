"""The document of an entry, and the entries of a document (rule A06), from the stored ranges of numbers."""

from collections.abc import Sequence
from typing import NamedTuple

from core.journals import JOURNAL_OF_KIND, NO_JOURNAL, DocumentName, find_journal, read_code
from reporting.code_names import ACCOUNTANT, CodeNames
from reporting.report_definition import PageRange
from reporting.report_queries import Connection, Row, fetch
from reporting.visibility import Visibility


class DocumentNumber(NamedTuple):
    """The number of a document, and the code of the journal that counts it."""

    journal: str
    number: int


async def load_document_numbers(connection: Connection, rows: Sequence[Row]) -> dict[int, DocumentNumber]:
    """Return, by entry, the document of each row of entries that has one: with number, exercise, accountant and kind."""
    numbered = [row for row in rows if JOURNAL_OF_KIND[row["kind"]] != NO_JOURNAL]
    keys = ([row[name] for row in numbered] for name in ("entry_id", "exercise", "accountant"))
    journals = [JOURNAL_OF_KIND[row["kind"]] for row in numbered]
    found_rows = await fetch(connection, "documents_of_entries", *keys, journals) if numbered else []
    return {row["entry_id"]: DocumentNumber(read_code(row["journal"]), row["number"]) for row in found_rows}


async def load_document_names(
    connection: Connection, names: CodeNames, rows: Sequence[Row]
) -> dict[int, DocumentName]:
    """Return, by entry, the whole name of the document of each row of entries that has one."""
    numbers = await load_document_numbers(connection, rows)
    return {
        row["entry_id"]: DocumentName(
            names.find_code(ACCOUNTANT, row["accountant"]), row["exercise"], *numbers[row["entry_id"]]
        )
        for row in rows
        if row["entry_id"] in numbers
    }


async def fetch_lines_of_document(
    connection: Connection,
    names: CodeNames,
    name: DocumentName,
    *,
    visibility: Visibility,
    page: PageRange | None = None,
) -> list[Row]:
    """Return the lines of a document that the caller may see, in order, or a page of them; none of a document that is none."""
    accountant = names.find_accountant(name.accountant) if name.accountant else 0
    journal = find_journal(name.journal)
    kinds = [kind for kind, number in enumerate(JOURNAL_OF_KIND) if number == journal]
    arguments = (name.exercise, accountant, journal, name.number, kinds)
    limits = (visibility.sender, visibility.centres, *(page or (0, None)))
    return await fetch(connection, "lines_of_document", *arguments, *limits)
