"""The documents of lines: the hash that a line states of its supporting document, as the service reads it from the spool."""

from collections.abc import Mapping

import msgspec

from core.document_findings import DocumentFinding

_REASONS: Mapping[DocumentFinding, str] = {
    DocumentFinding.FILE_MISSING: "its file is not in the spool of this data folder; ask where the file was processed",
    DocumentFinding.FILE_CHANGED: "the bytes in the spool are not those that were received",
    DocumentFinding.FILE_UNREADABLE: "its file in the spool cannot be read",
    DocumentFinding.FILE_TOO_LARGE: "its file is too large to be read here",
}


class LineDocument(msgspec.Struct, frozen=True):
    """What a line states of its document."""

    entry: int
    document_hash: str
    """The hash, as the sender wrote it; empty where the line states none, or its file cannot be read."""
    finding: DocumentFinding


def describe_document(document: LineDocument | None) -> str:
    """Return the hash of a document, or why it is unknown; empty where the line states none."""
    if document is None or document.finding is DocumentFinding.WITHOUT_HASH:
        return ""
    if document.finding is DocumentFinding.WITH_HASH:
        return f"{document.document_hash}, the hash that the line states"
    return f"unknown: {_REASONS[document.finding]}"
