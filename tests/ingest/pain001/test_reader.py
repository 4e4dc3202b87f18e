"""Payment files as lines of acts agree with lxml's tree element by element, in whatever pieces they are read."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from core.act_fields import FORMATS
from core.errors import EnvelopeMismatch, FormatUnknown, InputError, LimitExceeded
from ingest.pain001 import reader
from ingest.pain001.lots import read_lot_names
from markup.scanner import BufferSizes
from tests.ingest.payment_files import (
    IBAN,
    build_lot,
    build_message,
    build_remittance,
    build_transfer,
    expect_lines,
    read_lines,
)
from tests.markup import documents
from tests.markup.test_hostile import HOSTILE, ODD

SIZES = (None, BufferSizes(4096, 2, 2 * 4096 + 2**17 + 1024))


def write_payment_file(folder: Path, text: bytes) -> Path:
    path = folder / "orders.xml"
    path.write_bytes(text)
    return path


@pytest.mark.parametrize("version", documents.VERSIONS)
@pytest.mark.parametrize("seed", range(12))
def test_lines_equal_those_of_the_tree(version: str, seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    lots = [random.choice((1, 2, 5)) for _ in range(random.choice((1, 3)))]
    text = documents.build_payment(random, lots, documents.Style(version))
    path = write_payment_file(tmp_path, text)
    for sizes in SIZES:
        assert read_lines(path, sizes) == expect_lines(text)
        named = read_lot_names(tmp_path)
        assert named.name.to_pylist() == [f"LOT-{number}" for number in range(len(lots))]
        assert named.first.tolist() == [sum(lots[:number]) for number in range(len(lots))]
        assert [named.find_lot(position) for position in range(sum(lots))] == [
            n for n, size in enumerate(lots) for _ in range(size)
        ]


@pytest.mark.parametrize("name", ODD)
def test_documents_that_the_scanner_declines_give_the_same_lines(name: str, tmp_path: Path) -> None:
    text = ODD[name]()
    path = write_payment_file(tmp_path, text)
    if "long" in name and "nothing" not in name and "as it is written" not in name:
        assert len(read_lines(path)[0]["reference"]) > 1000
    assert read_lines(path) == expect_lines(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_code_and_byte(name: str, tmp_path: Path) -> None:
    fault, text = HOSTILE[name]
    with pytest.raises(InputError) as raised:
        read_lines(write_payment_file(tmp_path, text))
    assert raised.value.finding.startswith(f"{fault.name}: ")
    assert raised.value.place.startswith("orders.xml, byte ")


def build_single_transfer(transfer: str, **options: str) -> bytes:
    """Build a message of one transfer."""
    return build_message(build_lot([transfer], **options))


def build_levels(*codes: str) -> str:
    return f"<PmtTpInf>{''.join(f'<SvcLvl><Cd>{code}</Cd></SvcLvl>' for code in codes)}</PmtTpInf>"


def replace_text(old: str, new: str) -> str:
    assert old in build_transfer("R")
    return build_transfer("R").replace(old, new)


def test_columns_are_those_of_the_act_format() -> None:
    assert set(reader.SCHEMA.names) <= {field.column for field in FORMATS}
    assert len(set(reader.SCHEMA.names)) == len(reader.SCHEMA.names)


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        (
            build_single_transfer(
                build_transfer("R", extra=build_remittance("fund-centre:0177-D013-DD13,payee:S1"))
            ),
            "fund_centre",
            "0177-D013-DD13",
        ),
        (
            build_single_transfer(
                build_transfer("R", extra=build_remittance("payee:S1", " Commitment_Item : 31 "))
            ),
            "commitment_item",
            "31",
        ),
        (
            build_single_transfer(build_transfer("R", extra=build_remittance("predecessor:EJ-1#2"))),
            "kind",
            "payment_request",
        ),
        (
            build_single_transfer(build_transfer("R", extra=build_remittance("kind:service,payee:S1"))),
            "kind",
            "service",
        ),
        (
            build_single_transfer(build_transfer("R", extra=build_remittance("exercise:2019"))),
            "exercise",
            "2019",
        ),
        (
            build_single_transfer(build_transfer("R", extra=build_remittance("date:2018-04-30"))),
            "date",
            "2018-04-30",
        ),
        (build_single_transfer(build_transfer("R", extra=build_remittance("iban:DE00"))), "iban", IBAN),
        (
            build_single_transfer(build_transfer("R"), day="<DtTm>2018-05-07T10:00:00+02:00</DtTm>"),
            "due",
            "2018-05-07",
        ),
        (build_single_transfer(build_transfer("R"), means="CHK"), "method", "chk"),
        (build_single_transfer(build_transfer("R"), means="TRA"), "method", None),
        (build_single_transfer(build_transfer("R"), level=build_levels("URGP")), "method", "urgent"),
        (build_single_transfer(build_transfer("R"), level=build_levels("NURG", "SEPA")), "method", "sepa"),
        (
            build_single_transfer(
                build_transfer("R", before=build_levels("URGP")), level=build_levels("SEPA")
            ),
            "method",
            "urgent",
        ),
        (build_message(build_lot([build_transfer("NOTPROVIDED")])), "reference", None),
        (build_single_transfer(build_transfer("R", "12.00", currency="USD")), "amount", "USD 12.00"),
        (build_single_transfer(build_transfer("R", " 12.5 ")), "amount", "12.5"),
        (build_single_transfer(build_transfer("R", "8.850")), "amount", "8.85"),
        (build_single_transfer(build_transfer("R", " 1.00000 ")), "amount", "1.00"),
        (build_single_transfer(build_transfer("R", "8.855")), "amount", "8.855"),
        (build_single_transfer(build_transfer("R", "8.850000")), "amount", "8.850000"),
        (build_single_transfer(build_transfer("R", "8,850")), "amount", "8,850"),
        (
            build_single_transfer(
                replace_text("<Nm>Fournisseur</Nm>", "<Id><OrgId><Othr><Id>1001</Id></Othr></OrgId></Id>")
            ),
            "payee",
            "1001",
        ),
        (
            build_single_transfer(
                replace_text("<Nm>Fournisseur</Nm>", "<Id><PrvtId><Othr><Id> 7 </Id></Othr></PrvtId></Id>")
            ),
            "payee",
            "7",
        ),
        (
            build_single_transfer(replace_text(f"<IBAN>{IBAN}</IBAN>", "<Othr><Id>00123</Id></Othr>")),
            "iban",
            "00123",
        ),
    ],
)
def test_elements_of_a_transfer_fill_their_columns(
    text: bytes, column: str, value: str | None, tmp_path: Path
) -> None:
    (line,) = read_lines(write_payment_file(tmp_path, text))
    assert line.get(column) == value


TOTALS: dict[str, tuple[bytes, str]] = {
    "too many in the header": (
        build_message(build_lot([build_transfer("R")]), count=2),
        "NbOfTxs is '2', and there are 1",
    ),
    "no number in the header": (
        build_message(build_lot([build_transfer("R")]), count="1.0"),
        "NB_OF_TXS_DIFFERS: NbOfTxs is '1.0'",
    ),
    "a cent in the header": (
        build_message(build_lot([build_transfer("R")]), total="10.01"),
        "is '10.01', and the amounts add up to 10.00",
    ),
    "part of a cent": (build_message(build_lot([build_transfer("R")]), total="10.001"), "CTRL_SUM_DIFFERS"),
    "no sum in the header": (
        build_message(build_lot([build_transfer("R")]), total="ten"),
        "CTRL_SUM_DIFFERS: CtrlSum is 'ten'",
    ),
    "third decimals": (
        build_message(
            build_lot([build_transfer("R", "0.005"), build_transfer("S", "0.0049")]), count=2, total="0.01"
        ),
        "add up to 0.0099",
    ),
    "count of the first lot": (
        build_message(
            build_lot([build_transfer("R")], "A", "<NbOfTxs>2</NbOfTxs>"),
            build_lot([build_transfer("S")], "B"),
            count=2,
        ),
        "PmtInf 1 'A': NB_OF_TXS_DIFFERS",
    ),
    "sum of the last lot": (
        build_message(
            build_lot([build_transfer("R")], "A"),
            build_lot([build_transfer("S")], "B", "<CtrlSum>9.99</CtrlSum>"),
            count=2,
        ),
        "PmtInf 2 'B': CTRL_SUM_DIFFERS",
    ),
    "sum of a lot with an odd amount": (
        build_message(
            build_lot([build_transfer("R", "1.005")], "A", "<CtrlSum>1</CtrlSum>"),
            build_lot([build_transfer("S")], "B"),
            count=2,
        ),
        "PmtInf 1 'A': CTRL_SUM_DIFFERS",
    ),
}
VALID_FILES: dict[str, bytes] = {
    "many decimals of nothing": build_message(build_lot([build_transfer("R")]), total="10.0000"),
    "no point": build_message(build_lot([build_transfer("R")]), total="10"),
    "odd amounts": build_message(
        build_lot([build_transfer("R", "1.005"), build_transfer("S", "+2"), build_transfer("T", ".5")]),
        count=3,
        total="3.505",
    ),
    "negative amounts": build_message(
        build_lot([build_transfer("R", "-5.00"), build_transfer("S", "10.00")]), count=2, total="5"
    ),
    "amounts beyond any limit": build_message(
        build_lot([build_transfer(f"R{n}", "9999999999999999.99") for n in range(3)]),
        count=3,
        total="29999999999999999.97",
    ),
    "more than can be written": build_message(build_lot([build_transfer("R", "9" * 17)]), total="9" * 17),
    "lots of one and of several": build_message(
        build_lot([build_transfer("R", "0.01")], "A", "<NbOfTxs>1</NbOfTxs><CtrlSum>0.01</CtrlSum>"),
        build_lot(
            [build_transfer("S", "0.02"), build_transfer("T", "0.03")],
            "B",
            "<NbOfTxs>002</NbOfTxs><CtrlSum>0.05</CtrlSum>",
        ),
        build_lot([build_transfer("U", "0.04")], "C"),
        count=4,
        total="0.1",
    ),
}


@pytest.mark.parametrize("name", TOTALS)
@pytest.mark.parametrize("sizes", SIZES)
def test_totals_that_differ_refuse_the_file(name: str, sizes: BufferSizes | None, tmp_path: Path) -> None:
    text, message = TOTALS[name]
    with pytest.raises(EnvelopeMismatch) as raised:
        read_lines(write_payment_file(tmp_path, text), sizes)
    assert message in str(raised.value)


@pytest.mark.parametrize("name", VALID_FILES)
@pytest.mark.parametrize("sizes", SIZES)
def test_totals_are_exact(name: str, sizes: BufferSizes | None, tmp_path: Path) -> None:
    assert read_lines(write_payment_file(tmp_path, VALID_FILES[name]), sizes)


@pytest.mark.parametrize("slow", [False, True])
def test_a_lot_across_many_pieces_is_summed(slow: bool, tmp_path: Path) -> None:
    """Small pieces, with lots that begin and end within them; by the scanner and by lxml."""
    random, lots, count, cents = Random(5), [], 0, 0
    for number in range(40):
        amounts = [random.choice((1, 99_999_999_999, 12_345)) for _ in range(random.choice((1, 1, 2, 7, 30)))]
        total = f"{sum(amounts) // 100}.{sum(amounts) % 100:02}"
        transfers = [
            build_transfer(f"R{number}-{at}", f"{amount // 100}.{amount % 100:02}")
            for at, amount in enumerate(amounts)
        ]
        lots.append(
            build_lot(transfers, f"L{number}", f"<NbOfTxs>{len(amounts)}</NbOfTxs><CtrlSum>{total}</CtrlSum>")
        )
        count, cents = count + len(amounts), cents + sum(amounts)
    text = build_message(*lots, count=count, total=f"{cents // 100}.{cents % 100:02}")
    text = text.replace(b"<EndToEndId>R0-0", b"<EndToEndId><![CDATA[R0-0]]>") if slow else text
    for sizes in SIZES:
        assert len(read_lines(write_payment_file(tmp_path, text), sizes)) == count


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = write_payment_file(tmp_path, b"<")
    with path.open("r+b") as file:
        file.truncate(4 * 2**30 + 1)
    with pytest.raises(LimitExceeded, match="Send at most"):
        read_lines(path)


@pytest.mark.parametrize("spoil", [lambda text: text, lambda text: text.replace(b"</Document>", b"")])
def test_the_message_id_is_read_without_the_rest(spoil: Callable[[bytes], bytes], tmp_path: Path) -> None:
    text = build_message(build_lot([build_transfer(f"R{n}") for n in range(3_000)]), name="SALARIES 12")
    assert reader.read_message_id(write_payment_file(tmp_path, spoil(text)), "orders.xml") == "SALARIES 12"


UNREAD = {
    "another version": (b"pain.001.001.08", "'pain.001.001.08', another message or version"),
    "another message": (b"pain.008.001.02", "'pain.008.001.02', another message or version"),
    "a long name": (b"x" * 5000, f"'{'x' * 60}', another message or version"),
    "another alphabet": ("pain.é".encode(), r"'pain.\xe9', another message or version"),
}


@pytest.mark.parametrize("name", UNREAD)
@pytest.mark.parametrize("declaration", [b"", b"<?instruction for lxml?>"], ids=["scanner", "lxml"])
def test_an_unread_message_is_named_with_those_that_are_read(
    name: str, declaration: bytes, tmp_path: Path
) -> None:
    message, finding = UNREAD[name]
    text = build_message(build_lot([build_transfer("R")])).replace(b"pain.001.001.09", message)
    text = text.replace(b"<Document", declaration + b"<Document", 1)
    with pytest.raises(FormatUnknown) as raised:
        read_lines(write_payment_file(tmp_path, text))
    assert raised.value.finding == f"NAMESPACE_UNKNOWN: This is {finding}"
    assert raised.value.remedy == "Send one of: pain.001.001.03, pain.001.001.09"


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (b' xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"', b"", "The root has no namespace"),
        (b"Document", b"Dokument", "The root is not the element Document"),
    ],
)
def test_a_root_that_names_no_message_is_described(
    old: bytes, new: bytes, finding: str, tmp_path: Path
) -> None:
    text = build_message(build_lot([build_transfer("R")])).replace(old, new)
    with pytest.raises(FormatUnknown, match=f"NAMESPACE_UNKNOWN: {finding}"):
        read_lines(write_payment_file(tmp_path, text))
