"""Hostile and odd documents: what is refused has a code and a byte; what is odd reads as lxml reads it."""

import io
from collections.abc import Callable
from random import Random

import pytest

from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from core.tables.xml import DEPTH_MAX, TEXT_BYTES_MAX, Fault
from markup.errors import refusal
from markup.reader import read
from markup.rows import Faulty
from tests.markup import documents
from tests.markup.comparison import PAYMENTS, Cells, cells, referred, scanned

SOUND = documents.payment(Random(7), (2, 1))
_AMOUNT = b'<InstdAmt Ccy="EUR">100.00</InstdAmt>'
_NAME = b"<EndToEndId>DP-00000</EndToEndId>"
_DECLARED = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def swapped(old: bytes, new: bytes) -> bytes:
    """The sound message, once changed."""
    assert old in SOUND
    return SOUND.replace(old, new, 1)


def _laughing() -> bytes:
    entities = b"".join(b"<!ENTITY l%d '%s'>" % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    bomb = b"<!DOCTYPE x [<!ENTITY l0 'ha'>" + entities + b"]>"
    return swapped(_DECLARED, _DECLARED + bomb).replace(b"DP-00000", b"&l9;")


_DEEP = b"<PstlAdr>" * DEPTH_MAX + b"</PstlAdr>" * DEPTH_MAX
HOSTILE: dict[str, tuple[Fault, bytes]] = {
    "truncated": (Fault.TRUNCATED, SOUND[: len(SOUND) // 2]),
    "truncated within a tag": (Fault.TRUNCATED, SOUND[: SOUND.index(b"</PmtInf>") + 5]),
    "without the end of its root": (Fault.TRUNCATED, SOUND.replace(b"</Document>", b"")),
    "mismatched tag": (Fault.TAG_MISMATCHED, swapped(b"</Nm>", b"</Mn>")),
    "tag behind": (Fault.CONTENT_BEHIND, SOUND + b"</Document>"),
    "two roots": (Fault.CONTENT_BEHIND, SOUND + SOUND[len(_DECLARED) :]),
    "junk behind": (Fault.CONTENT_BEHIND, SOUND + b"junk"),
    "external entity": (
        Fault.DOCTYPE_FORBIDDEN,
        swapped(_DECLARED, _DECLARED + b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>").replace(
            b"DP-00000", b"&e;"
        ),
    ),
    "entity bomb": (Fault.DOCTYPE_FORBIDDEN, _laughing()),
    "bare doctype": (Fault.DOCTYPE_FORBIDDEN, swapped(_DECLARED, b"<!DOCTYPE Document>")),
    "entity that is not declared": (Fault.ENTITY_UNKNOWN, swapped(b"DP-00000", b"a&e;b")),
    "character 0 by number": (Fault.CHARACTER_FORBIDDEN, swapped(b"DP-00000", b"a&#0;b")),
    "NUL": (Fault.CHARACTER_FORBIDDEN, swapped(b"DP-00000", b"a\0b")),
    "control character": (Fault.CHARACTER_FORBIDDEN, swapped(b"DP-00000", b"a\x01b")),
    "noncharacter": (Fault.CHARACTER_FORBIDDEN, swapped(b"DP-00000", b"a\xef\xbf\xbfb")),
    "bad UTF-8": (Fault.NOT_UTF8, swapped(b"DP-00000", b"a\xff\xfeb")),
    "overlong UTF-8": (Fault.NOT_UTF8, swapped(b"DP-00000", b"a\xc0\xbcb")),
    "surrogate in UTF-8": (Fault.NOT_UTF8, swapped(b"DP-00000", b"a\xed\xa0\x80b")),
    "Latin-1 said to be UTF-8": (Fault.NOT_UTF8, SOUND.decode().encode("latin-1")),
    "bad UTF-8 where nothing is wanted": (Fault.NOT_UTF8, swapped("Ministère".encode(), b"Minist\xe8re")),
    "end of CDATA in a text": (Fault.MARKUP_INVALID, swapped(b"DP-00000", b"a]]>b")),
    "attribute twice": (Fault.ATTRIBUTE_REPEATED, swapped(b'Ccy="EUR"', b'Ccy="EUR" Ccy="EUR"')),
    "attribute unknown": (Fault.ATTRIBUTE_UNKNOWN, swapped(b"<EndToEndId>", b'<EndToEndId a="1">')),
    "attribute of another namespace": (
        Fault.ATTRIBUTE_UNKNOWN, swapped(b'Ccy="EUR"', b'xmlns:x="urn:x" x:Ccy="USD" Ccy="EUR"')
    ),
    "prefix that is not declared": (Fault.ELEMENT_UNKNOWN, SOUND.replace(b"PmtId>", b"q:PmtId>")),
    "element twice": (Fault.ELEMENT_REPEATED, swapped(_NAME, _NAME + _NAME)),
    "amount twice": (Fault.ELEMENT_REPEATED, swapped(_AMOUNT, _AMOUNT + _AMOUNT)),
    "account by two ways": (
        Fault.ELEMENT_MISPLACED,
        SOUND.replace(b"</IBAN>", b"</IBAN><Othr><Id>1</Id></Othr>"),
    ),
    "element unknown": (Fault.ELEMENT_UNKNOWN, swapped(_NAME, _NAME + b"<Foo/>")),
    "element in a text": (Fault.ELEMENT_UNKNOWN, swapped(b"DP-00000", b"DP<b>-</b>00000")),
    "elements out of order": (Fault.ELEMENT_MISPLACED, swapped(_NAME, _NAME + b"<InstrId>late</InstrId>")),
    "element missing": (Fault.ELEMENT_MISSING, swapped(_NAME, b"")),
    "nothing in a lot": (Fault.ELEMENT_MISSING, swapped(b"<PmtInf>", b"<PmtInf/><PmtInf>")),
    "text between elements": (Fault.TEXT_MISPLACED, swapped(_NAME, b"text" + _NAME)),
    "too deep": (Fault.DEPTH_EXCEEDED, swapped(b"<PstlAdr>", _DEEP + b"<PstlAdr>")),
    "text too long": (Fault.TEXT_TOO_LONG, swapped(b"DP-00000", b"x" * (TEXT_BYTES_MAX + 1))),
    "text far too long": (Fault.TEXT_TOO_LONG, swapped(b"DP-00000", b"x" * 5_000_000)),
    "text too long in pieces": (
        Fault.TEXT_TOO_LONG,
        SOUND.replace(b"</CdtTrfTxInf>", b"<RmtInf>" + b"<Ustrd>%s</Ustrd>" % (b"y" * 999) * 70 + b"</RmtInf></CdtTrfTxInf>"),
    ),
    "wrong version": (Fault.NAMESPACE_UNKNOWN, swapped(b"pain.001.001.09", b"pain.001.001.10")),
    "wrong message": (Fault.NAMESPACE_UNKNOWN, swapped(b"pain.001.001.09", b"pain.008.001.02")),
    "no namespace": (Fault.NAMESPACE_UNKNOWN, swapped(b' xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"', b"")),
    "wrong root": (Fault.NAMESPACE_UNKNOWN, SOUND.replace(b"Document", b"Dokument")),
    "version of another message": (Fault.ELEMENT_UNKNOWN, swapped(b"pain.001.001.09", b"pain.001.001.03")),
}  # fmt: skip
ODD: dict[str, Callable[[], bytes]] = {
    "comment in a text": lambda: swapped(b"DP-00000", b"DP<!-- no part of it -->-00000"),
    "instruction in a text": lambda: swapped(b"DP-00000", b"DP<?no part of it?>-00000"),
    "CDATA": lambda: swapped(b"DP-00000", b"<![CDATA[DP-0]]>0000"),
    "CDATA that looks like tags": lambda: swapped(b"DP-00000", b"<![CDATA[</EndToEndId>]]>"),
    "comment between elements": lambda: swapped(_NAME, b"<!-- <EndToEndId>other</EndToEndId> -->" + _NAME),
    "comment in another alphabet": lambda: swapped(_NAME, "<!-- été -->".encode() + _NAME),
    "instruction between elements": lambda: swapped(_NAME, b"<?x <EndToEndId>?>" + _NAME),
    "instruction ahead": lambda: swapped(_DECLARED, _DECLARED + b'<?xml-stylesheet href="a"?>'),
    "comment behind": lambda: SOUND + b"<!-- end -->\n",
    "byte order mark": lambda: b"\xef\xbb\xbf" + SOUND,
    "no declaration": lambda: swapped(_DECLARED, b""),
    "UTF-16": lambda: SOUND.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "Latin-1": lambda: SOUND.decode().replace("UTF-8", "ISO-8859-1").encode("latin-1", "xmlcharrefreplace"),
    "prefix": lambda: SOUND.replace(b"</", b"</p:").replace(b"<", b"<p:").replace(b"<p:/p:", b"</p:")
    .replace(b"<p:?", b"<?").replace(b"xmlns=", b"xmlns:p="),
    "schema location": lambda: swapped(
        b"<Document ",
        b'<Document xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b.xsd" ',
    ),
    "namespace again": lambda: swapped(b"<PmtId>", b'<PmtId xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">'),
    "characters by number": lambda: swapped(b"DP-00000", b"D&#80;&#x2d;00000"),
    "characters written at length": lambda: swapped(b"DP-00000", b"D&#0000000080;-00000"),
    "Windows line ends": lambda: SOUND.replace(b"\n", b"\r\n"),
    "a line end in a text": lambda: swapped(b"DP-00000", b"DP-\r\n00000"),
    "white space in tags": lambda: SOUND.replace(b"</Nm>", b"</Nm \t\r\n>").replace(b"<Nm>", b"<Nm  >"),
    "entities in an attribute": lambda: swapped(b'"EUR"', b'"&#69;&amp;R&lt;&amp;amp;&#38;#38;"'),
    "white space in an attribute": lambda: swapped(b'"EUR"', b'" E\tU\r\nR&#10;"'),
    "other quotes": lambda: SOUND.replace(b'"EUR"', b"'EUR'"),
    "a text about as long as one may be": lambda: swapped(b"DP-00000", b"x" * TEXT_BYTES_MAX),
    "a text that is as long only as it is written": lambda: swapped(b"DP-00000", b"&amp;" * (TEXT_BYTES_MAX // 5 + 9)),
    "long texts where nothing is wanted": lambda: swapped("Ministère".encode(), b"x" * 3_000_000),
    "data of others": lambda: swapped(
        b"</CdtTrfTxInf>", b'<SplmtryData><Envlp><o:X xmlns:o="u" o:a="1">t</o:X></Envlp></SplmtryData></CdtTrfTxInf>'
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_by_both_readers(name: str) -> None:
    """With the same code; the scanner may leave it to lxml, which tells a byte at or just behind the fault."""
    fault, text = HOSTILE[name]
    ours, theirs = scanned(text), referred(text)
    assert theirs.fault is fault
    assert ours.fault in (fault, Fault.DECLINED)
    assert 0 <= ours.offset <= len(text)
    if ours.fault is fault:
        assert abs(ours.offset - theirs.offset) < max(
            200, 2 * TEXT_BYTES_MAX * (fault is Fault.TEXT_TOO_LONG)
        )


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_told_in_words(name: str) -> None:
    fault, text = HOSTILE[name]
    file = io.BytesIO(text)
    with pytest.raises(Faulty) as raised:
        cells(read(file, PAYMENTS).rows, {})
    told = refusal(raised.value, file, "payments.xml")
    assert told.found.startswith(f"{fault.name}: ")
    assert told.place == f"payments.xml, byte {raised.value.offset:,}"
    kinds: dict[Fault, type[InputError]] = {
        Fault.NAMESPACE_UNKNOWN: FormatUnknown,
        Fault.TEXT_TOO_LONG: LimitExceeded,
        Fault.DEPTH_EXCEEDED: LimitExceeded,
    }
    assert type(told) is kinds.get(fault, FileUnreadable)


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_reads_as_lxml_reads_it(name: str) -> None:
    text = ODD[name]()
    found: Cells = {}
    cells(read(io.BytesIO(text), PAYMENTS).rows, found)
    expected = referred(text)
    assert expected.fault is Fault.NONE
    assert found == expected.rows
    assert len(found["transfer"]) == 3


def test_the_usual_is_not_declined() -> None:
    """Or the quick reader would be none."""
    quick = (
        "comment between elements", "comment behind", "byte order mark", "no declaration", "schema location",
        "characters by number", "Windows line ends", "white space in tags", "other quotes",
        "a text about as long as one may be",
    )  # fmt: skip
    assert [name for name in quick if scanned(ODD[name]()).fault is not Fault.NONE] == []


def test_an_entity_is_never_looked_up(tmp_path: object) -> None:
    """Not even where a parser would be asked to: the fault is told before the document goes on."""
    for name in ("external entity", "entity bomb"):
        _, text = HOSTILE[name]
        for encoded in (text, text.decode().replace("UTF-8", "UTF-16").encode("utf-16")):
            assert referred(encoded).fault is Fault.DOCTYPE_FORBIDDEN
            assert referred(encoded).rows == {}
