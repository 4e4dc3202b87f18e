"""``crescendo explain``: the complete history of one act."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from core.errors import NoSuchRecord
from core.journals import JOURNALS, DocumentName, parse_name
from service.cli.shared_options import DEFAULT_DATA, DataOptions, JsonOption
from service.configuration.settings import UsageError
from service.terminal import console

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from reporting.act_history import Explanation
    from reporting.act_views import AcceptedLine
    from reporting.code_names import CodeNames
    from reporting.line_documents import LineDocument
    from reporting.report_queries import Connection
    from service.configuration.settings import Settings


def explain(
    reference: Annotated[
        str | None,
        Parameter(help="The sender's reference of the act, or an entry: 14710 or @14710, as pay show lists."),
    ] = None,
    *,
    document: Annotated[
        str | None,
        Parameter(help="The number of a document of an accountant, as ACCOUNTANT/YEAR/JOURNAL/NUMBER."),
    ] = None,
    sender: Annotated[str | None, Parameter(help="Only acts of this sender.")] = None,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> None:
    """Show the complete history of an act: file, decision, budget before and after, entry, batch, proof.

    A number is a reference first; an entry if no act has it as its reference, or if @ stands before it.  With --document, the
    lines of one document of an accountant.

    Exit codes: 0 found; 1 there is no act with this reference or entry, or no such document.
    """
    settings = options.read_settings()
    if (reference is None) == (document is None):
        raise UsageError("name either a reference or, with --document, the number of a document")
    explanation = read_explanation(settings, reference or "", sender, document=_parse_document(document))
    from reporting import act_narrative  # it loads behind the database, which starts at once

    if not (explanation.accepted or explanation.refused):
        raise NoSuchRecord(_describe_absence(settings, reference or "", sender, document=document))
    if json:
        console.print_json(explanation)
    else:
        console.print_parts(act_narrative.render(explanation))


def _parse_document(text: str | None) -> DocumentName | None:
    if text is None:
        return None
    if name := parse_name(text):
        return name
    journals = ", ".join(journal.code for journal in JOURNALS)
    raise UsageError(
        f"--document {text!r}: write ACCOUNTANT/YEAR/JOURNAL/NUMBER; the journals are {journals}"
    )


def _describe_absence(
    settings: "Settings", reference: str, sender: str | None, *, document: str | None
) -> str:
    """Return that there is no such act, and what is similar."""
    if document:
        return f"There is no document {document}. Its accountant has given no such number in this journal and year."
    from reporting import near_references
    from service.database.report_session import read_report

    near = read_report(settings, lambda connection, _: near_references.find_near(connection, reference))
    of_sender = f" of {sender}" if sender else ""
    hint = near.describe() or "Check the reference, and the ledger with crescendo db status."
    return f"There is no act {reference!r}{of_sender}. {hint}"


def read_explanation(
    settings: "Settings", reference: str, sender: str | None, *, document: DocumentName | None = None
) -> "Explanation":
    """Read everything about a reference; the documents of its lines are read from the spool of the data folder."""
    import msgspec

    from service.database.report_session import read_report

    async def load(connection: "Connection", names: "CodeNames") -> "Explanation":
        from reporting import act_history

        # the choice of look-ups holds for a transaction
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if document:
                return await act_history.explain_document(connection, names, document, sender=sender)
            return await act_history.explain(connection, names, reference, sender=sender)

    with ThreadPoolExecutor(1) as threads:
        reader = threads.submit(_import_document_reader)  # it loads while the database starts
        explanation = read_report(settings, load)
    # no time limit: the import has ended with the executor
    documents = reader.result()(settings.data / "spool", explanation.accepted)
    return msgspec.structs.replace(explanation, documents=documents)


def _import_document_reader() -> "Callable[[Path, Sequence[AcceptedLine]], list[LineDocument]]":
    from service.results.line_documents import read_line_documents

    return read_line_documents
