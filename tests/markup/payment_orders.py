"""Payment files as a ministry's system may get them wrong, and whether every way of reading one says the same.

Mutations here know what a payment file means: transfers doubled, moved to another lot, paid twice, amounts and totals
that almost agree.  The file is read by the scanner as far as it goes, by lxml alone, and by lxml's tree in a few plain lines.
"""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import NamedTuple

from lxml.etree import XMLSyntaxError

from core.errors import InputError
from markup.scanner import BufferSizes
from tests.ingest.payment_files import expect_lines, read_lines
from tests.markup import documents, mutations

_TRANSFER = re.compile(rb"<CdtTrfTxInf>.*?</CdtTrfTxInf>", re.DOTALL)
_LOT = re.compile(rb"<PmtInf>.*?</PmtInf>", re.DOTALL)
_AMOUNT = re.compile(rb"(<InstdAmt[^>]*>)([^<]*)(?=</InstdAmt>)")
_MARK = b"\xef\xbb\xbf"
_NUMBER = re.compile(rb"[0-9]+(?:\.[0-9]+)?")
_AMOUNTS = (
    b"0.01", b"999999999.99", b"1000000000.00", b"0.00", b"-5.00", b"+1.00", b"12.345", b"12,34", b"1e3", b"", b".5", b"5.",
    b" 7.25 ", b"00012.5", b"9999999999999999.99", b"99999999999999999", b"1 0", b"\xef\xbc\x91", b"&#49;2.00", b"NaN",
)  # fmt: skip
_TEXTS = (
    b"NOTPROVIDED",
    b"R" * 35,
    b"R" * 36,
    b" R ",
    b"\xc3\xa9",
    b"",
    b"&amp;",
    b"a,b",
    b"2018",
    b"\xe2\x82\xac",
    b"R\nR",
)
_DAYS = (
    b"2018-12-24",
    b"2018-12-24T08:00:00",
    b"2018-12-24+01:00",
    b"24/12/2018",
    b"",
    b"2018",
    b"2018-02-30",
)
_WHERE: Sequence[tuple[bytes, Sequence[bytes]]] = (
    (rb"<EndToEndId>([^<]*)<", _TEXTS),
    (rb"<Nm>([^<]*)<", _TEXTS),
    (rb"<IBAN>([^<]*)<", (*_TEXTS, b"FR7630001007941234567890186", b"fr7630001007941234567890185")),
    (rb"<Ustrd>([^<]*)<", _TEXTS),
    (
        rb"<AddtlRmtInf>([^<]*)<",
        (b"payee:S1,fund:2", b"fund:", b":", b"payee:S1,,fund:1:2", b"payee", b"words, payee:S1"),
    ),
    (rb"<Dt>([^<]*)<", _DAYS),
    (rb"<CreDtTm>([^<]*)<", _DAYS),
    (rb"Ccy=\"([^\"]*)\"", (b"USD", b"eur", b"", b"EUR ")),
    (rb"<NbOfTxs>([^<]*)<", (b"1", b"0", b"03", b"3.0", b"", b" 3 ", b"1" * 16, b"x")),
    (rb"<CtrlSum>([^<]*)<", _AMOUNTS),
    (rb"<InstdAmt[^>]*>([^<]*)<", _AMOUNTS),
    (rb"<PmtMtd>([^<]*)<", (b"CHK", b"TRA", b"XXX", b"trf", b"")),
)
Mutation = Callable[[Random, bytes], bytes]


def _change_value(random: Random, text: bytes) -> bytes:
    """Change one value."""
    pattern, values = random.choice(_WHERE)
    matches = list(re.finditer(pattern, text))
    if not matches:
        return text
    match = random.choice(matches)
    return text[: match.start(1)] + random.choice(values) + text[match.end(1) :]


def _repeat_transfer(random: Random, text: bytes) -> bytes:
    """Repeat a transfer or lot after itself."""
    match = random.choice(list(random.choice((_TRANSFER, _LOT)).finditer(text)) or [None])
    return text[: match.end()] + match[0] + text[match.end() :] if match else text


def _drop_transfer(random: Random, text: bytes) -> bytes:
    match = random.choice(list(_TRANSFER.finditer(text)) or [None])
    return text[: match.start()] + text[match.end() :] if match else text


def _move_transfer(random: Random, text: bytes) -> bytes:
    """Move a transfer to the position of another one, perhaps in another lot."""
    transfers = list(_TRANSFER.finditer(text))
    if not transfers:
        return text
    one_transfer, other_transfer = random.choice(transfers), random.choice(transfers)
    first, last = sorted((one_transfer, other_transfer), key=lambda match: match.start())
    return (
        b"".join(
            (text[: first.start()], last[0], text[first.end() : last.start()], first[0], text[last.end() :])
        )
        if first is not last
        else text
    )


def _change_ids(random: Random, text: bytes) -> bytes:
    """Give a creditor numbers of its own."""
    number = b"<Othr><Id>%s</Id></Othr>" % random.choice((b"1001", b" 7 ", b"\xc3\xa9", b"<!-- c -->9"))
    identification = random.choice((b"<OrgId>%s</OrgId>", b"<PrvtId>%s</PrvtId>")) % (
        number * random.choice((1, 1, 2))
    )
    return text.replace(b"</Nm></Cdtr>", b"</Nm><Id>%s</Id></Cdtr>" % identification, random.choice((1, 9)))


def _change_account(_: Random, text: bytes) -> bytes:
    return re.sub(
        rb"(<CdtrAcct>\s*<Id>\s*)<IBAN>([^<]*)</IBAN>", rb"\1<Othr><Id>\2</Id></Othr>", text, count=1
    )


_MUTATIONS: Sequence[Mutation] = (
    _change_value,
    _change_value,
    _change_value,
    _repeat_transfer,
    _drop_transfer,
    _move_transfer,
    _change_ids,
    _change_account,
)


def _repair_totals(text: bytes) -> bytes:
    """Make the totals of the file agree where amounts are numbers; those of lots are removed."""
    amounts = [match[2].strip() for match in _AMOUNT.finditer(text)]
    total = sum((Fraction(amount.decode()) for amount in amounts if _NUMBER.fullmatch(amount)), Fraction(0))
    head, lots, rest = text.partition(b"<PmtInf>")
    rest = re.sub(rb"<NbOfTxs>[^<]*</NbOfTxs>\s*<CtrlSum>[^<]*</CtrlSum>", b"", rest)
    head = re.sub(rb"(<NbOfTxs>)[^<]*", rb"\g<1>%d" % len(_TRANSFER.findall(text)), head)
    return re.sub(rb"(<CtrlSum>)[^<]*", rb"\g<1>%d.%02d" % divmod(int(total * 100), 100), head) + lots + rest


class OrderCase(NamedTuple):
    """A payment file, and the buffer sizes of the scanner."""

    text: bytes
    sizes: BufferSizes

    def describe_difference(self, folder: Path) -> str:
        """Describe the differences of the ways of reading; empty if they agree."""
        scanned, referred = (
            read_payment_order(self.text, folder, self.sizes),
            read_payment_order(_force_lxml(self.text), folder),
        )
        if isinstance(referred, str):
            return "" if isinstance(scanned, str) else f"lxml says {referred}, and the scanner takes it"
        if scanned != referred:
            return f"lxml reads {len(referred)} lines, and the scanner {scanned!r}"[:300]
        with suppress(XMLSyntaxError):  # the tree reports more about namespaces than the events
            return "" if referred == expect_lines(self.text) else "the tree says something else"
        return ""


def read_payment_order(
    text: bytes, folder: Path, sizes: BufferSizes | None = None
) -> list[dict[str, str]] | str:
    """Return the lines of a payment file, or why it is refused."""
    path = folder / "orders.xml"
    path.write_bytes(text)
    try:
        return read_lines(path, sizes)
    except InputError as error:
        return error.finding


def _force_lxml(text: bytes) -> bytes:
    """Return the same document in a form that the scanner declines from the start."""
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text[:4]:
        return text  # the scanner accepts UTF-8 alone
    at = len(_MARK) if text.startswith(_MARK) else 0
    at = text.find(b"?>") + 2 if text.startswith(b"<?xml", at) else at
    return text[:at] + b"<?left to lxml?>" + text[at:]


def build_case(seed: int) -> OrderCase:
    """Build the case of that number."""
    random = Random(seed)
    style = documents.Style(random.choice(documents.VERSIONS), "\n", random.choice((0, 2)))
    text = documents.build_payment(random, random.choice(((1,), (2, 1), (1, 1, 1), (5, 2))), style)
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        text = random.choice(_MUTATIONS)(random, text)
    text = mutations.mutate(random, text) if random.random() < 0.3 else text
    text = _repair_totals(text) if random.random() < 0.7 else text
    chunk = random.choice((4096, 8192, 2**20))
    return OrderCase(text, BufferSizes(chunk, random.choice((2, 3, 1000)), 2 * chunk + 2**17 + 1024))
