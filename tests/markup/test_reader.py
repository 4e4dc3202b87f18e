"""From the scanner to lxml on the way, the memory that a document takes, and heads."""

import io
import tracemalloc
from random import Random

import pytest

from core.tables.xml import Fault
from markup.prolog import head
from markup.reader import read
from markup.rows import Faulty
from markup.scanner import Sizes
from tests.markup import documents
from tests.markup.comparison import PAYMENTS, Cells, cells, referred, scanned

_LARGE = documents.payment(Random(5), (40, 60), documents.Style(indent=1))


def _read(text: bytes, sizes: Sizes | None = None) -> Cells:
    found: Cells = {}
    cells(read(io.BytesIO(text), PAYMENTS, sizes).rows, found)
    return found


@pytest.mark.parametrize("place", [1, 30, 70, 99])
def test_a_document_declined_on_the_way_goes_on_where_the_scanner_stopped(place: int) -> None:
    """No row twice, none left out."""
    parts = _LARGE.split(b"<EndToEndId>")
    text = (
        b"<EndToEndId>".join(parts[:place])
        + b"<EndToEndId><!-- odd -->"
        + b"<EndToEndId>".join(parts[place:])
    )
    sizes = Sizes(4096, 7, 2**18)
    assert scanned(text, sizes).fault is Fault.DECLINED
    assert scanned(text, sizes).rows.get("transfer", []) != [] or place == 1
    assert _read(text, sizes) == referred(text).rows == scanned(_LARGE).rows


def test_a_fault_behind_what_was_declined_is_told_where_it_lies() -> None:
    text = _LARGE.replace(b"<EndToEndId>", b"<EndToEndId><!-- odd -->", 1)
    cut = text[: len(text) - 200]
    with pytest.raises(Faulty) as raised:
        _read(cut)
    assert (raised.value.fault, raised.value.offset) == (Fault.TRUNCATED, len(cut))


def test_lots_come_before_their_transfers() -> None:
    """So that whoever reads transfers knows their lot, however the rows are cut."""
    met = 0
    for rows in read(io.BytesIO(_LARGE), PAYMENTS, Sizes(4096, 5, 2**18)).rows:
        if rows.record == "lot":
            met = rows.first + rows.batch.num_rows
        if rows.record == "transfer":
            assert max(rows.batch.column("within").to_pylist()) < met


def test_memory_does_not_grow_with_the_document() -> None:
    header, _, rest = documents.payment(Random(9), (1,), documents.Style(indent=0)).partition(
        b"<CdtTrfTxInf>"
    )
    transfer, _, end = rest.partition(b"</CdtTrfTxInf>")
    one = b"<CdtTrfTxInf>" + transfer + b"</CdtTrfTxInf>"
    peaks: list[int] = []
    for count in (2_000, 20_000):
        file = io.BytesIO(header + one * count + end)
        tracemalloc.start()
        rows = sum(each.batch.num_rows for each in read(file, PAYMENTS, Sizes(2**16, 256, 2**18)).rows)
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
def test_heads_as_generators_write_them(text: bytes) -> None:
    assert head(text + b"<more", PAYMENTS).behind == len(text)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", Fault.DECLINED),
        (b"<?xml version='1.1'?>" + _ROOT, Fault.DECLINED),
        (b"<?xml version='1.0' encoding='latin-1'?>" + _ROOT, Fault.DECLINED),
        (b"<!-- -- -->" + _ROOT, Fault.DECLINED),
        (b"<?pi?>" + _ROOT, Fault.DECLINED),
        (_ROOT.replace(b">", b"/>"), Fault.DECLINED),
        (_ROOT.replace(b">", b' a="b">'), Fault.DECLINED),
        (_ROOT.replace(b">", b' a:b="c">'), Fault.DECLINED),
        (_ROOT.replace(b">", b' xml:lang="fr">'), Fault.DECLINED),
        (_ROOT.replace(b">", b' xmlns:a="">'), Fault.DECLINED),
        (_ROOT.replace(b">", b' xmlns:xmlns="u">'), Fault.DECLINED),
        (_ROOT.replace(b">", b' xmlns="u">'), Fault.DECLINED),
        (_ROOT.replace(b">", b' xmlns:a="u" xmlns:a="v">'), Fault.DECLINED),
        (_ROOT.replace(b">", b' xmlns:a="u" xmlns:b="u" a:c="1" b:c="2">'), Fault.DECLINED),
        (_ROOT.replace(b"Document", b"p:Document"), Fault.DECLINED),
        (b"<Document>", Fault.DECLINED),
        (b" <!DOCTYPE x>" + _ROOT, Fault.DOCTYPE_FORBIDDEN),
        (_ROOT.replace(b".09", b".08"), Fault.NAMESPACE_UNKNOWN),
        (_ROOT.replace(b"Document", b"Other"), Fault.NAMESPACE_UNKNOWN),
    ],
)
def test_heads_that_take_a_closer_look(text: bytes, fault: Fault) -> None:
    with pytest.raises(Faulty) as raised:
        head(text, PAYMENTS)
    assert raised.value.fault is fault
