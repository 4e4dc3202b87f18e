"""Hostile and odd documents: a refused one has a code and a byte; an odd one is read as lxml reads it."""

import io
from collections.abc import Callable
from random import Random

import pytest

from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from core.tables.xml import DEPTH_MAX, TEXT_BYTES_MAX, XmlFault
from markup.errors import describe_fault
from markup.reader import read_document
from markup.rows import DocumentFaulty
from tests.markup import documents
from tests.markup.comparison import PAYMENTS, Cells, collect_cells, read_by_lxml, read_by_scanner

VALID_DOCUMENT = documents.build_payment(Random(7), (2, 1))
_AMOUNT = b'<InstdAmt Ccy="EUR">100.00</InstdAmt>'
_NAME = b"<EndToEndId>DP-00000</EndToEndId>"
_DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def swap(old: bytes, new: bytes) -> bytes:
    """Return the valid message with one change."""
    assert old in VALID_DOCUMENT
    return VALID_DOCUMENT.replace(old, new, 1)


def _build_entity_bomb() -> bytes:
    entities = b"".join(b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    bomb = b"<!DOCTYPE x [<!ENTITY l0 'ha'>" + entities + b"]>"
    return swap(_DECLARED, _DECLARED + bomb).replace(b"DP-00000", b"&l9;")


_DEEP = b"<PstlAdr>" * DEPTH_MAX + b"</PstlAdr>" * DEPTH_MAX
HOSTILE: dict[str, tuple[XmlFault, bytes]] = {
    "truncated": (XmlFault.TRUNCATED, VALID_DOCUMENT[: len(VALID_DOCUMENT) // 2]),
    "truncated within a tag": (XmlFault.TRUNCATED, VALID_DOCUMENT[: VALID_DOCUMENT.index(b"</PmtInf>") + 5]),
    "without the end of its root": (XmlFault.TRUNCATED, VALID_DOCUMENT.replace(b"</Document>", b"")),
    "mismatched tag": (XmlFault.TAG_MISMATCHED, swap(b"</Nm>", b"</Mn>")),
    "tag behind": (XmlFault.CONTENT_BEHIND, VALID_DOCUMENT + b"</Document>"),
    "two roots": (XmlFault.CONTENT_BEHIND, VALID_DOCUMENT + VALID_DOCUMENT[len(_DECLARED) :]),
    "junk behind": (XmlFault.CONTENT_BEHIND, VALID_DOCUMENT + b"junk"),
    "external entity": (
        XmlFault.DOCTYPE_FORBIDDEN,
        swap(_DECLARED, _DECLARED + b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>").replace(
            b"DP-00000", b"&e;"
        ),
    ),
    "entity bomb": (XmlFault.DOCTYPE_FORBIDDEN, _build_entity_bomb()),
    "bare doctype": (XmlFault.DOCTYPE_FORBIDDEN, swap(_DECLARED, b"<!DOCTYPE Document>")),
    "entity that is not declared": (XmlFault.ENTITY_UNKNOWN, swap(b"DP-00000", b"a&e;b")),
    "character 0 by number": (XmlFault.CHARACTER_FORBIDDEN, swap(b"DP-00000", b"a&#0;b")),
    "NUL": (XmlFault.CHARACTER_FORBIDDEN, swap(b"DP-00000", b"a\0b")),
    "control character": (XmlFault.CHARACTER_FORBIDDEN, swap(b"DP-00000", b"a\x01b")),
    "noncharacter": (XmlFault.CHARACTER_FORBIDDEN, swap(b"DP-00000", b"a\xef\xbf\xbfb")),
    "bad UTF-8": (XmlFault.NOT_UTF8, swap(b"DP-00000", b"a\xff\xfeb")),
    "overlong UTF-8": (XmlFault.NOT_UTF8, swap(b"DP-00000", b"a\xc0\xbcb")),
    "surrogate in UTF-8": (XmlFault.NOT_UTF8, swap(b"DP-00000", b"a\xed\xa0\x80b")),
    "Latin-1 said to be UTF-8": (XmlFault.NOT_UTF8, VALID_DOCUMENT.decode().encode("latin-1")),
    "bad UTF-8 where nothing is wanted": (XmlFault.NOT_UTF8, swap("Ministère".encode(), b"Minist\xe8re")),
    "end of CDATA in a text": (XmlFault.MARKUP_INVALID, swap(b"DP-00000", b"a]]>b")),
    "attribute twice": (XmlFault.ATTRIBUTE_REPEATED, swap(b'Ccy="EUR"', b'Ccy="EUR" Ccy="EUR"')),
    "attribute unknown": (XmlFault.ATTRIBUTE_UNKNOWN, swap(b"<EndToEndId>", b'<EndToEndId a="1">')),
    "attribute of another namespace": (
        XmlFault.ATTRIBUTE_UNKNOWN,
        swap(b'Ccy="EUR"', b'xmlns:x="urn:x" x:Ccy="USD" Ccy="EUR"'),
    ),
    "prefix that is not declared": (XmlFault.ELEMENT_UNKNOWN, VALID_DOCUMENT.replace(b"PmtId>", b"q:PmtId>")),
    "element twice": (XmlFault.ELEMENT_REPEATED, swap(_NAME, _NAME + _NAME)),
    "amount twice": (XmlFault.ELEMENT_REPEATED, swap(_AMOUNT, _AMOUNT + _AMOUNT)),
    "account by two ways": (
        XmlFault.ELEMENT_MISPLACED,
        VALID_DOCUMENT.replace(b"</IBAN>", b"</IBAN><Othr><Id>1</Id></Othr>"),
    ),
    "element unknown": (XmlFault.ELEMENT_UNKNOWN, swap(_NAME, _NAME + b"<Foo/>")),
    "element in a text": (XmlFault.ELEMENT_UNKNOWN, swap(b"DP-00000", b"DP<b>-</b>00000")),
    "elements out of order": (XmlFault.ELEMENT_MISPLACED, swap(_NAME, _NAME + b"<InstrId>late</InstrId>")),
    "element missing": (XmlFault.ELEMENT_MISSING, swap(_NAME, b"")),
    "nothing in a lot": (XmlFault.ELEMENT_MISSING, swap(b"<PmtInf>", b"<PmtInf/><PmtInf>")),
    "text between elements": (XmlFault.TEXT_MISPLACED, swap(_NAME, b"text" + _NAME)),
    "too deep": (XmlFault.DEPTH_EXCEEDED, swap(b"<PstlAdr>", _DEEP + b"<PstlAdr>")),
    "text too long": (XmlFault.TEXT_TOO_LONG, swap(b"DP-00000", b"x" * (TEXT_BYTES_MAX + 1))),
    "text far too long": (XmlFault.TEXT_TOO_LONG, swap(b"DP-00000", b"x" * 5_000_000)),
    "text too long in pieces": (
        XmlFault.TEXT_TOO_LONG,
        VALID_DOCUMENT.replace(
            b"</CdtTrfTxInf>",
            b"<RmtInf>" + b"<Ustrd>%s</Ustrd>" % (b"y" * 999) * 70 + b"</RmtInf></CdtTrfTxInf>",
        ),
    ),
    "wrong version": (XmlFault.NAMESPACE_UNKNOWN, swap(b"pain.001.001.09", b"pain.001.001.10")),
    "wrong message": (XmlFault.NAMESPACE_UNKNOWN, swap(b"pain.001.001.09", b"pain.008.001.02")),
    "no namespace": (
        XmlFault.NAMESPACE_UNKNOWN,
        swap(b' xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"', b""),
    ),
    "wrong root": (XmlFault.NAMESPACE_UNKNOWN, VALID_DOCUMENT.replace(b"Document", b"Dokument")),
    "version of another message": (XmlFault.ELEMENT_UNKNOWN, swap(b"pain.001.001.09", b"pain.001.001.03")),
}
ODD: dict[str, Callable[[], bytes]] = {
    "comment in a text": lambda: swap(b"DP-00000", b"DP<!-- no part of it -->-00000"),
    "instruction in a text": lambda: swap(b"DP-00000", b"DP<?no part of it?>-00000"),
    "CDATA": lambda: swap(b"DP-00000", b"<![CDATA[DP-0]]>0000"),
    "CDATA that looks like tags": lambda: swap(b"DP-00000", b"<![CDATA[</EndToEndId>]]>"),
    "comment between elements": lambda: swap(_NAME, b"<!-- <EndToEndId>other</EndToEndId> -->" + _NAME),
    "comment in another alphabet": lambda: swap(_NAME, "<!-- été -->".encode() + _NAME),
    "instruction between elements": lambda: swap(_NAME, b"<?x <EndToEndId>?>" + _NAME),
    "instruction ahead": lambda: swap(_DECLARED, _DECLARED + b'<?xml-stylesheet href="a"?>'),
    "comment behind": lambda: VALID_DOCUMENT + b"<!-- end -->\n",
    "byte order mark": lambda: b"\xef\xbb\xbf" + VALID_DOCUMENT,
    "no declaration": lambda: swap(_DECLARED, b""),
    "UTF-16": lambda: VALID_DOCUMENT.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "Latin-1": lambda: (
        VALID_DOCUMENT.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1", "xmlcharrefreplace")
    ),
    "prefix": lambda: (
        VALID_DOCUMENT.replace(b"</", b"</p:")
        .replace(b"<", b"<p:")
        .replace(b"<p:/p:", b"</p:")
        .replace(b"<p:?", b"<?")
        .replace(b"xmlns=", b"xmlns:p=")
    ),
    "schema location": lambda: swap(
        b"<Document ",
        b'<Document xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b.xsd" ',
    ),
    "namespace again": lambda: swap(
        b"<PmtId>", b'<PmtId xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">'
    ),
    "characters by number": lambda: swap(b"DP-00000", b"D&#80;&#x2d;00000"),
    "characters written at length": lambda: swap(b"DP-00000", b"D&#0000000080;-00000"),
    "Windows line ends": lambda: VALID_DOCUMENT.replace(b"\n", b"\r\n"),
    "a line end in a text": lambda: swap(b"DP-00000", b"DP-\r\n00000"),
    "white space in tags": lambda: VALID_DOCUMENT.replace(b"</Nm>", b"</Nm \t\r\n>").replace(
        b"<Nm>", b"<Nm  >"
    ),
    "entities in an attribute": lambda: swap(b'"EUR"', b'"&#69;&amp;R&lt;&amp;amp;&#38;#38;"'),
    "white space in an attribute": lambda: swap(b'"EUR"', b'" E\tU\r\nR&#10;"'),
    "other quotes": lambda: VALID_DOCUMENT.replace(b'"EUR"', b"'EUR'"),
    "a text about as long as one may be": lambda: swap(b"DP-00000", b"x" * TEXT_BYTES_MAX),
    "a text that is as long only as it is written": lambda: swap(
        b"DP-00000", b"&amp;" * (TEXT_BYTES_MAX // 5 + 9)
    ),
    "long texts where nothing is wanted": lambda: swap("Ministère".encode(), b"x" * 3_000_000),
    "data of others": lambda: swap(
        b"</CdtTrfTxInf>",
        b'<SplmtryData><Envlp><o:X xmlns:o="u" o:a="1">t</o:X></Envlp></SplmtryData></CdtTrfTxInf>',
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_refused_by_both_readers(name: str) -> None:
    """With the same code; the scanner may leave it to lxml, which reports a byte at or just after the fault."""
    fault, text = HOSTILE[name]
    ours, theirs = read_by_scanner(text), read_by_lxml(text)
    assert theirs.fault is fault
    assert ours.fault in (fault, XmlFault.DECLINED)
    assert 0 <= ours.offset <= len(text)
    if ours.fault is fault:
        assert abs(ours.offset - theirs.offset) < max(
            200, 2 * TEXT_BYTES_MAX * (fault is XmlFault.TEXT_TOO_LONG)
        )


@pytest.mark.parametrize("name", HOSTILE)
def test_faults_of_hostile_documents_are_described(name: str) -> None:
    fault, text = HOSTILE[name]
    file = io.BytesIO(text)
    with pytest.raises(DocumentFaulty) as raised:
        collect_cells(read_document(file, PAYMENTS).rows, {})
    error = describe_fault(raised.value, file, "payments.xml", messages=PAYMENTS)
    assert error.finding.startswith(f"{fault.name}: ")
    assert error.place == f"payments.xml, byte {raised.value.offset:,}"
    kinds: dict[XmlFault, type[InputError]] = {
        XmlFault.NAMESPACE_UNKNOWN: FormatUnknown,
        XmlFault.TEXT_TOO_LONG: LimitExceeded,
        XmlFault.DEPTH_EXCEEDED: LimitExceeded,
    }
    assert type(error) is kinds.get(fault, FileUnreadable)


@pytest.mark.parametrize("name", ODD)
def test_odd_documents_are_read_as_lxml_reads_them(name: str) -> None:
    text = ODD[name]()
    cells: Cells = {}
    collect_cells(read_document(io.BytesIO(text), PAYMENTS).rows, cells)
    expected = read_by_lxml(text)
    assert expected.fault is XmlFault.NONE
    assert cells == expected.rows
    assert len(cells["transfer"]) == 3


def test_usual_documents_are_not_declined() -> None:
    """Otherwise the fast reader would be of no use."""
    quick = (
        "comment between elements", "comment behind", "byte order mark", "no declaration", "schema location",
        "characters by number", "Windows line ends", "white space in tags", "other quotes",
        "a text about as long as one may be",
    )  # fmt: skip
    assert [name for name in quick if read_by_scanner(ODD[name]()).fault is not XmlFault.NONE] == []


def test_an_entity_is_never_resolved(tmp_path: object) -> None:
    """Not even if the parser could be asked to: the fault is raised before the document goes on."""
    for name in ("external entity", "entity bomb"):
        _, text = HOSTILE[name]
        for encoded in (text, text.decode().replace("UTF-8", "UTF-16").encode("utf-16")):
            assert read_by_lxml(encoded).fault is XmlFault.DOCTYPE_FORBIDDEN
            assert read_by_lxml(encoded).rows == {}
