"""The documents of accepted lines, read from the files in the spool: each file once, up to the last of its lines."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from ingest.spool.file_claims import FileIdentity
from ingest.validation.document_hashes import read_document_hashes
from reporting.act_views import AcceptedLine
from reporting.line_documents import LineDocument


def read_line_documents(
    spool: Path, lines: Sequence[AcceptedLine], bytes_max: int | None = None
) -> list[LineDocument]:
    """Return the document of each line, from the folder of a spool; files beyond ``bytes_max`` together are not read."""
    by_file: dict[FileIdentity, list[AcceptedLine]] = defaultdict(list)
    for line in lines:
        by_file[FileIdentity(line.origin.sender, bytes.fromhex(line.origin.sha256))].append(line)
    documents: dict[int, LineDocument] = {}
    for identity, members in by_file.items():
        hashes = read_document_hashes(
            spool, identity, [line.origin.line - 1 for line in members], bytes_max=bytes_max
        )
        if bytes_max is not None:
            bytes_max -= hashes.bytes_read
        for line in members:
            place = line.origin.line - 1
            text = hashes.by_line.get(place, "")
            documents[line.entry] = LineDocument(line.entry, text, hashes.find(place))
    return [documents[line.entry] for line in lines]
