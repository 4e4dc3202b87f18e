"""Payment files as lines of acts: element by element as lxml's tree has them, in whatever pieces they are read."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from core.act_fields import FORMATS
from core.errors import EnvelopeMismatch, InputError, LimitExceeded
from ingest.pain001 import reader
from ingest.pain001.lots import lot_names
from markup.scanner import Sizes
from tests.ingest.payment_files import IBAN, expected, lines, lot, message, remittance, transfer
from tests.markup import documents
from tests.markup.test_hostile import HOSTILE, ODD

SIZES = (None, Sizes(4096, 2, 2 * 4096 + 2**17 + 1024))


def written(folder: Path, text: bytes) -> Path:
    path = folder / "orders.xml"
    path.write_bytes(text)
    return path


@pytest.mark.parametrize("version", documents.VERSIONS)
@pytest.mark.parametrize("seed", range(12))
def test_lines_are_what_the_tree_says(version: str, seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    lots = [random.choice((1, 2, 5)) for _ in range(random.choice((1, 3)))]
    text = documents.payment(random, lots, documents.Style(version))
    path = written(tmp_path, text)
    for sizes in SIZES:
        assert lines(path, sizes) == expected(text)
        named = lot_names(tmp_path)
        assert named.name.to_pylist() == [f"LOT-{number}" for number in range(len(lots))]
        assert named.first.tolist() == [sum(lots[:number]) for number in range(len(lots))]
        assert [named.at(place) for place in range(sum(lots))] == [
            n for n, size in enumerate(lots) for _ in range(size)
        ]


@pytest.mark.parametrize("name", ODD)
def test_what_the_scanner_declines_gives_the_same_lines(name: str, tmp_path: Path) -> None:
    text = ODD[name]()
    path = written(tmp_path, text)
    if "long" in name and "nothing" not in name and "as it is written" not in name:
        assert len(lines(path)[0]["reference"]) > 1000
    assert lines(path) == expected(text)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_with_code_and_byte(name: str, tmp_path: Path) -> None:
    fault, text = HOSTILE[name]
    with pytest.raises(InputError) as raised:
        lines(written(tmp_path, text))
    assert raised.value.found.startswith(f"{fault.name}: ")
    assert raised.value.place.startswith("orders.xml, byte ")


def alone(one: str, **more: str) -> bytes:
    """A message of one transfer."""
    return message(lot([one], **more))


def levels(*codes: str) -> str:
    return f"<PmtTpInf>{''.join(f'<SvcLvl><Cd>{code}</Cd></SvcLvl>' for code in codes)}</PmtTpInf>"


def replaced(old: str, new: str) -> str:
    assert old in transfer("R")
    return transfer("R").replace(old, new)


def test_columns_are_those_of_acts() -> None:
    assert set(reader.SCHEMA.names) <= {field.column for field in FORMATS}
    assert len(set(reader.SCHEMA.names)) == len(reader.SCHEMA.names)


@pytest.mark.parametrize(
    ("text", "column", "value"),
    [
        (alone(transfer("R", more=remittance("fund-centre:0177-D013-DD13,payee:S1"))), "fund_centre", "0177-D013-DD13"),
        (alone(transfer("R", more=remittance("payee:S1", " Commitment_Item : 31 "))), "commitment_item", "31"),
        (alone(transfer("R", more=remittance("predecessor:EJ-1#2"))), "kind", "payment_request"),
        (alone(transfer("R", more=remittance("kind:service,payee:S1"))), "kind", "service"),
        (alone(transfer("R", more=remittance("exercise:2019"))), "exercise", "2019"),
        (alone(transfer("R", more=remittance("date:2018-04-30"))), "date", "2018-04-30"),
        (alone(transfer("R", more=remittance("iban:DE00"))), "iban", IBAN),
        (alone(transfer("R"), day="<DtTm>2018-05-07T10:00:00+02:00</DtTm>"), "due", "2018-05-07"),
        (alone(transfer("R"), means="CHK"), "method", "chk"),
        (alone(transfer("R"), means="TRA"), "method", None),
        (alone(transfer("R"), level=levels("URGP")), "method", "urgent"),
        (alone(transfer("R"), level=levels("NURG", "SEPA")), "method", "sepa"),
        (alone(transfer("R", before=levels("URGP")), level=levels("SEPA")), "method", "urgent"),
        (message(lot([transfer("NOTPROVIDED")])), "reference", None),
        (alone(transfer("R", "12.00", currency="USD")), "amount", "USD 12.00"),
        (alone(transfer("R", " 12.5 ")), "amount", "12.5"),
        (alone(replaced("<Nm>Fournisseur</Nm>", "<Id><OrgId><Othr><Id>1001</Id></Othr></OrgId></Id>")), "payee", "1001"),
        (alone(replaced("<Nm>Fournisseur</Nm>", "<Id><PrvtId><Othr><Id> 7 </Id></Othr></PrvtId></Id>")), "payee", "7"),
        (alone(replaced(f"<IBAN>{IBAN}</IBAN>", "<Othr><Id>00123</Id></Othr>")), "iban", "00123"),
    ],
)  # fmt: skip
def test_what_a_transfer_says_stands_in_its_column(
    text: bytes, column: str, value: str | None, tmp_path: Path
) -> None:
    (line,) = lines(written(tmp_path, text))
    assert line.get(column) == value


TOTALS: dict[str, tuple[bytes, str]] = {
    "too many in the header": (message(lot([transfer("R")]), count=2), "NbOfTxs is '2', and there are 1"),
    "no number in the header": (message(lot([transfer("R")]), count="1.0"), "NB_OF_TXS_DIFFERS: NbOfTxs is '1.0'"),
    "a cent in the header": (message(lot([transfer("R")]), total="10.01"), "is '10.01', and the amounts add up to 10.00"),
    "part of a cent": (message(lot([transfer("R")]), total="10.001"), "CTRL_SUM_DIFFERS"),
    "no sum in the header": (message(lot([transfer("R")]), total="ten"), "CTRL_SUM_DIFFERS: CtrlSum is 'ten'"),
    "third decimals": (
        message(lot([transfer("R", "0.005"), transfer("S", "0.0049")]), count=2, total="0.01"), "add up to 0.0099",
    ),
    "count of the first lot": (
        message(lot([transfer("R")], "A", "<NbOfTxs>2</NbOfTxs>"), lot([transfer("S")], "B"), count=2),
        "PmtInf 1 'A': NB_OF_TXS_DIFFERS",
    ),
    "sum of the last lot": (
        message(lot([transfer("R")], "A"), lot([transfer("S")], "B", "<CtrlSum>9.99</CtrlSum>"), count=2),
        "PmtInf 2 'B': CTRL_SUM_DIFFERS",
    ),
    "sum of a lot with an odd amount": (
        message(lot([transfer("R", "1.005")], "A", "<CtrlSum>1</CtrlSum>"), lot([transfer("S")], "B"), count=2),
        "PmtInf 1 'A': CTRL_SUM_DIFFERS",
    ),
}  # fmt: skip
SOUND: dict[str, bytes] = {
    "many decimals of nothing": message(lot([transfer("R")]), total="10.0000"),
    "no point": message(lot([transfer("R")]), total="10"),
    "odd amounts": message(lot([transfer("R", "1.005"), transfer("S", "+2"), transfer("T", ".5")]), count=3, total="3.505"),
    "negative amounts": message(lot([transfer("R", "-5.00"), transfer("S", "10.00")]), count=2, total="5"),
    "amounts beyond any limit": message(
        lot([transfer(f"R{n}", "9999999999999999.99") for n in range(3)]), count=3, total="29999999999999999.97"
    ),
    "more than can be written": message(lot([transfer("R", "9" * 17)]), total="9" * 17),
    "lots of one and of several": message(
        lot([transfer("R", "0.01")], "A", "<NbOfTxs>1</NbOfTxs><CtrlSum>0.01</CtrlSum>"),
        lot([transfer("S", "0.02"), transfer("T", "0.03")], "B", "<NbOfTxs>002</NbOfTxs><CtrlSum>0.05</CtrlSum>"),
        lot([transfer("U", "0.04")], "C"), count=4, total="0.1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TOTALS)
@pytest.mark.parametrize("sizes", SIZES)
def test_totals_that_differ_refuse_the_file(name: str, sizes: Sizes | None, tmp_path: Path) -> None:
    text, told = TOTALS[name]
    with pytest.raises(EnvelopeMismatch) as raised:
        lines(written(tmp_path, text), sizes)
    assert told in str(raised.value)


@pytest.mark.parametrize("name", SOUND)
@pytest.mark.parametrize("sizes", SIZES)
def test_totals_are_exact(name: str, sizes: Sizes | None, tmp_path: Path) -> None:
    assert lines(written(tmp_path, SOUND[name]), sizes)


@pytest.mark.parametrize("slow", [False, True])
def test_a_lot_over_many_pieces_is_added_up(slow: bool, tmp_path: Path) -> None:
    """Small pieces, and lots that begin and end within them; by the scanner and by lxml."""
    random, lots, count, cents = Random(5), [], 0, 0
    for number in range(40):
        amounts = [random.choice((1, 99_999_999_999, 12_345)) for _ in range(random.choice((1, 1, 2, 7, 30)))]
        total = f"{sum(amounts) // 100}.{sum(amounts) % 100:02}"
        transfers = [
            transfer(f"R{number}-{at}", f"{each // 100}.{each % 100:02}") for at, each in enumerate(amounts)
        ]
        lots.append(
            lot(transfers, f"L{number}", f"<NbOfTxs>{len(amounts)}</NbOfTxs><CtrlSum>{total}</CtrlSum>")
        )
        count, cents = count + len(amounts), cents + sum(amounts)
    text = message(*lots, count=count, total=f"{cents // 100}.{cents % 100:02}")
    text = text.replace(b"<EndToEndId>R0-0", b"<EndToEndId><![CDATA[R0-0]]>") if slow else text
    for sizes in SIZES:
        assert len(lines(written(tmp_path, text), sizes)) == count


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"<")
    with path.open("r+b") as file:
        file.truncate(4 * 2**30 + 1)
    with pytest.raises(LimitExceeded, match="Send at most"):
        lines(path)


@pytest.mark.parametrize("spoil", [lambda text: text, lambda text: text.replace(b"</Document>", b"")])
def test_the_message_id_is_read_without_the_rest(spoil: Callable[[bytes], bytes], tmp_path: Path) -> None:
    text = message(lot([transfer(f"R{n}") for n in range(3_000)]), name="SALARIES 12")
    assert reader.message_id(written(tmp_path, spoil(text)), "orders.xml") == "SALARIES 12"
