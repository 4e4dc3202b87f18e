"""The change from the scanner to lxml within a document, memory, and prologs."""

import io
import tracemalloc
from random import Random

import pytest

from core.tables.xml import XmlFault
from markup.prolog import parse_prolog
from markup.reader import read_document
from markup.rows import DocumentFaulty
from markup.scanner import CHUNK_BYTES, BufferSizes
from tests.markup import documents
from tests.markup.comparison import PAYMENTS, Cells, collect_cells, read_by_lxml, read_by_scanner

_LARGE = documents.build_payment(Random(5), (40, 60), documents.Style(indent=1))


def _read_cells(text: bytes, sizes: BufferSizes | None = None) -> Cells:
    cells: Cells = {}
    collect_cells(read_document(io.BytesIO(text), PAYMENTS, sizes).rows, cells)
    return cells


@pytest.mark.parametrize("position", [1, 30, 70, 99])
def test_lxml_continues_where_the_scanner_stopped(position: int) -> None:
    """No row is repeated or missing."""
    parts = _LARGE.split(b"<EndToEndId>")
    text = (
        b"<EndToEndId>".join(parts[:position])
        + b"<EndToEndId><!-- odd -->"
        + b"<EndToEndId>".join(parts[position:])
    )
    sizes = BufferSizes(4096, 7, 2**18)
    assert read_by_scanner(text, sizes).fault is XmlFault.DECLINED
    assert read_by_scanner(text, sizes).rows.get("transfer", []) != [] or position == 1
    assert _read_cells(text, sizes) == read_by_lxml(text).rows == read_by_scanner(_LARGE).rows


@pytest.mark.parametrize("length", [0, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_buffers_that_fit_a_document_read_the_same_rows(length: int) -> None:
    """Lengths around that from which on the buffers are large; the document is padded behind its last transfer."""
    padding = b" " * max(length + parse_prolog(_LARGE, PAYMENTS).content_offset - len(_LARGE), 0)
    before, end, after = _LARGE.rpartition(b"</Document>")
    text = before + padding + end + after
    assert _read_cells(text) == _read_cells(text, BufferSizes()) == read_by_lxml(text).rows
    with pytest.raises(DocumentFaulty) as raised:
        _read_cells(before + padding)
    assert raised.value.fault is XmlFault.TRUNCATED


def test_a_fault_after_the_declined_part_has_its_offset() -> None:
    text = _LARGE.replace(b"<EndToEndId>", b"<EndToEndId><!-- odd -->", 1)
    cut = text[: len(text) - 200]
    with pytest.raises(DocumentFaulty) as raised:
        _read_cells(cut)
    assert (raised.value.fault, raised.value.offset) == (XmlFault.TRUNCATED, len(cut))


def test_lots_come_before_their_transfers() -> None:
    """A reader of transfers then knows their lot, however the rows are cut."""
    met = 0
    for rows in read_document(io.BytesIO(_LARGE), PAYMENTS, BufferSizes(4096, 5, 2**18)).rows:
        if rows.record == "lot":
            met = rows.first + rows.batch.num_rows
        if rows.record == "transfer":
            assert max(rows.batch.column("within").to_pylist()) < met


def test_memory_does_not_grow_with_the_document() -> None:
    header, _, rest = documents.build_payment(Random(9), (1,), documents.Style(indent=0)).partition(
        b"<CdtTrfTxInf>"
    )
    transfer, _, end = rest.partition(b"</CdtTrfTxInf>")
    transfer_text = b"<CdtTrfTxInf>" + transfer + b"</CdtTrfTxInf>"
    peaks: list[int] = []
    for count in (2_000, 20_000):
        file = io.BytesIO(header + transfer_text * count + end)
        tracemalloc.start()
        rows = sum(
            part.batch.num_rows for part in read_document(file, PAYMENTS, BufferSizes(2**16, 256, 2**18)).rows
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert rows == count + 2
    assert peaks[1] < peaks[0] + 100_000


_ROOT = b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">'


@pytest.mark.parametrize(
    "text",
    [
        _ROOT,
        b"<?xml version='1.0'?>" + _ROOT,
        b'<?xml version="1.0" encoding="utf-8"  standalone="yes" ?>\r\n<!-- a -- -->'.replace(b" -- ", b" - ")
        + _ROOT,
        b"\xef\xbb\xbf  " + _ROOT.replace(b'"', b"'"),
        _ROOT.replace(b">", b' xmlns:a="u" a:b="c&lt;"\n>').replace(b"&lt;", b""),
    ],
)
def test_prologs_of_generators_are_parsed(text: bytes) -> None:
    assert parse_prolog(text + b"<more", PAYMENTS).content_offset == len(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", XmlFault.DECLINED),
        (b"<?xml version='1.1'?>" + _ROOT, XmlFault.DECLINED),
        (b"<?xml version='1.0' encoding='latin-1'?>" + _ROOT, XmlFault.DECLINED),
        (b"<!-- -- -->" + _ROOT, XmlFault.DECLINED),
        (b"<?pi?>" + _ROOT, XmlFault.DECLINED),
        (_ROOT.replace(b">", b"/>"), XmlFault.DECLINED),
        (_ROOT.replace(b">", b' a="b">'), XmlFault.DECLINED),
        (_ROOT.replace(b">", b' a:b="c">'), XmlFault.DECLINED),
        (_ROOT.replace(b">", b' xml:lang="fr">'), XmlFault.DECLINED),
        (_ROOT.replace(b">", b' xmlns:a="">'), XmlFault.DECLINED),
        (_ROOT.replace(b">", b' xmlns:xmlns="u">'), XmlFault.DECLINED),
        (_ROOT.replace(b">", b' xmlns="u">'), XmlFault.DECLINED),
        (_ROOT.replace(b">", b' xmlns:a="u" xmlns:a="v">'), XmlFault.DECLINED),
        (_ROOT.replace(b">", b' xmlns:a="u" xmlns:b="u" a:c="1" b:c="2">'), XmlFault.DECLINED),
        (_ROOT.replace(b"Document", b"p:Document"), XmlFault.DECLINED),
        (b"<Document>", XmlFault.DECLINED),
        (b" <!DOCTYPE x>" + _ROOT, XmlFault.DOCTYPE_FORBIDDEN),
        (_ROOT.replace(b".09", b".08"), XmlFault.NAMESPACE_UNKNOWN),
        (_ROOT.replace(b"Document", b"Other"), XmlFault.NAMESPACE_UNKNOWN),
    ],
)
def test_unusual_prologs_are_declined_or_refused(text: bytes, fault: XmlFault) -> None:
    with pytest.raises(DocumentFaulty) as raised:
        parse_prolog(text, PAYMENTS)
    assert raised.value.fault is fault
