"""Hostile and damaged files: each is refused with the byte of the fault, and none is read partly."""

from pathlib import Path

import pytest

from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from core.tables.xml import XmlFault
from settlement.bank_files import bank_file_reader
from settlement.bank_formats import BankFormat
from tests.settlement.camt_messages import (
    balance,
    detail,
    document,
    entry,
    list_movements,
    read_message,
    statement,
)

GOOD = document(
    statement(balance("OPBD", "100.00"), balance("CLBD", "89.50"), entry("10.50", "DBIT", [detail("E-1")]))
)
ROOT = "<Document"
NESTED_ENTITIES = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def test_the_undamaged_text_is_read() -> None:
    assert list_movements(read_message(GOOD)) == [("debit", 1050, "E-1", "")]


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        f'<!DOCTYPE Document [<!ENTITY l0 "ha">{NESTED_ENTITIES}]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE Document [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
    ],
)
def test_any_doctype_is_refused(doctype: str) -> None:
    text = GOOD.replace(ROOT, f"{doctype}{ROOT}", 1).replace("E-1", "&x;")
    with pytest.raises(FileUnreadable) as refused:
        read_message(text)
    assert refused.value.place == f"bank.xml, byte {text.index('<!DOCTYPE')}"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_doctype_is_refused_in_other_encodings_too(encoding: str) -> None:
    text = GOOD.replace("UTF-8", "UTF-16").replace(ROOT, f'<!DOCTYPE Document [<!ENTITY x "y">]>{ROOT}', 1)
    with pytest.raises(InputError):
        read_message(text.encode(encoding))


@pytest.mark.parametrize("share", [1, 7, 30, 50, 80, 99])
def test_a_truncated_file_is_refused(share: int) -> None:
    with pytest.raises((FileUnreadable, FormatUnknown)):
        read_message(GOOD.encode()[: len(GOOD) * share // 100])


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("</Ntry>", "</Ntri>", XmlFault.TAG_MISMATCHED),
        ("</Document>", "</Document></Document>", XmlFault.CONTENT_BEHIND),
        ("</Document>", "</Document><Document/>", XmlFault.CONTENT_BEHIND),
        ("</Document>", "</Document>more", XmlFault.CONTENT_BEHIND),
        ("E-1", "E\x00-1", XmlFault.CHARACTER_FORBIDDEN),
        ("E-1", "E\x0b-1", XmlFault.CHARACTER_FORBIDDEN),
        ("E-1", "E&unknown;", XmlFault.ENTITY_UNKNOWN),
        ("E-1", "E&#0;", XmlFault.CHARACTER_FORBIDDEN),
        ("<Ntry>", "<Ntry a='1' a='2'>", XmlFault.ATTRIBUTE_REPEATED),
        ("<Ntry>", "<Ntry", XmlFault.MARKUP_INVALID),
        ("E-1", "E]]>1", XmlFault.MARKUP_INVALID),
        ("</Ntry>", "", XmlFault.TAG_MISMATCHED),
        ("<EndToEndId>E-1</EndToEndId>", "<EndToEndId>E-1</EndToEndId>" * 2, XmlFault.ELEMENT_REPEATED),
        ("<Id>S-1</Id>", "<Id>S-1</Id><Id>S-2</Id>", XmlFault.ELEMENT_REPEATED),
        ("<Sts><Cd>BOOK</Cd></Sts>", "<Sts><Cd>BOOK</Cd></Sts>" * 2, XmlFault.ELEMENT_REPEATED),
        ("<Sts><Cd>BOOK</Cd></Sts>", "<Sts><Cd>BOOK</Cd><Cd>PDNG</Cd></Sts>", XmlFault.ELEMENT_REPEATED),
        ("<Ntry>", "text<Ntry>", XmlFault.TEXT_MISPLACED),
    ],
)
def test_a_damaged_message_is_refused_with_a_code_at_its_byte(old: str, new: str, fault: XmlFault) -> None:
    text = GOOD.replace(old, new, 1)
    with pytest.raises(FileUnreadable) as refused:
        read_message(text)
    byte = int(refused.value.place.partition("byte ")[2])
    assert refused.value.finding == fault.name
    assert text.index(new) <= byte <= len(text.encode()) if new else byte > text.index("</NtryDtls>")


def test_files_beyond_the_limits_are_refused(tmp_path: Path) -> None:
    deep = GOOD.replace("<BkTxCd/>", "<x>" * 80 + "</x>" * 80)
    with pytest.raises(LimitExceeded, match="DEPTH_EXCEEDED"):
        read_message(deep)
    with pytest.raises(LimitExceeded, match="TEXT_TOO_LONG"):
        read_message(GOOD.replace("E-1", "E" * 70_000))
    large = tmp_path / "large.xml"
    with large.open("wb") as file:
        file.truncate((1 << 30) + 1)
    with pytest.raises(LimitExceeded, match="1,073,741,825 bytes"):
        bank_file_reader.read_bank_file(large)


def test_an_empty_or_missing_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.xml").touch()
    with pytest.raises(FileUnreadable, match="empty"):
        bank_file_reader.read_bank_file(tmp_path / "empty.xml")
    with pytest.raises(FileUnreadable, match="No such file"):
        bank_file_reader.read_bank_file(tmp_path / "none.xml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("E-1", "E<!-- remark -->-1"),
        ("E-1", "E<?target data?>-1"),
        ("E-1", "<![CDATA[E-1]]>"),
        ("E-1", "E&#45;1"),
        ("E-1", "&#69;-1"),
        ("<Ntry>", "\n\t <Ntry >\r\n"),
        ("<Ntry>", "<!-- <Ntry> --><Ntry>"),
        ("<BkTxCd/>", '<Other xmlns="urn:other"><Amt>1</Amt><Ntry/></Other>'),
        (
            "</Stmt>",
            "<SplmtryData><Envlp><x:Ntry xmlns:x='urn:x'><x:Amt>1</x:Amt></x:Ntry></Envlp></SplmtryData></Stmt>",
        ),
        ('<Amt Ccy="EUR">10.50', "<Amt Ccy='EUR' >10.50"),
    ],
)
def test_unusual_but_valid_xml_is_read(old: str, new: str) -> None:
    assert list_movements(read_message(GOOD.replace(old, new, 1))) == [("debit", 1050, "E-1", "")]


def test_prefixes_and_other_encodings_are_read() -> None:
    prefixed = (
        GOOD.replace("<", "<b:").replace("<b:/", "</b:").replace("<b:?", "<?").replace("xmlns=", "xmlns:b=")
    )
    assert list_movements(read_message(prefixed)) == [("debit", 1050, "E-1", "")]
    latin = GOOD.replace("UTF-8", "ISO-8859-1").replace("E-1", "É-1")
    assert list_movements(read_message(latin.encode("latin-1"))) == [("debit", 1050, "É-1", "")]
    assert list_movements(read_message(GOOD.replace("UTF-8", "UTF-16").encode("utf-16"))) == [
        ("debit", 1050, "E-1", "")
    ]
    assert list_movements(read_message(b"\xef\xbb\xbf" + GOOD.encode())) == [("debit", 1050, "E-1", "")]


def test_bytes_of_another_encoding_than_declared_are_refused() -> None:
    with pytest.raises(FileUnreadable):
        read_message(GOOD.encode().replace(b"E-1", b"E\xe9\xe91"))


def test_an_unforeseen_error_of_a_reader_refuses_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(BankFormat, "load_reader", lambda _: read)
    with pytest.raises(FileUnreadable, match=r"bank.xml: The reader failed: IndexError: list index"):
        read_message(GOOD)
