"""Written pain.001 files: valid by the official schemas whatever the texts, and readable by another library."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml.etree import XMLSchema, fromstring
from pyiso20022.pain import pain_001_001_03, pain_001_001_09
from xsdata.formats.dataclass.parsers import XmlParser

from core.errors import EngineError
from core.payment_rules import TransferMethod
from core.tables.transfers import NAME_CHARACTERS_MAX, REMITTANCE_CHARACTERS_MAX, SEPA_CHARACTERS
from settlement.orders import pain001_writer, transfer_texts
from settlement.orders.charset import NOT_PROVIDED, build_transliteration_table, to_transfer_charset
from settlement.orders.end_to_end import format_identifier, format_identifiers, parse_identifiers
from settlement.orders.pain001_writer import Pain001Version, PaymentFileHeader
from tests.settlement.outgoing_orders import BIC, IBAN, Order, build_cells, build_header, build_orders

XSD = Path(__file__).parents[2] / "xsd"
SCHEMAS = {version: XMLSchema(file=str(XSD / f"pain.001.001.{version}.xsd")) for version in Pain001Version}
LIBRARY = {Pain001Version.V03: pain_001_001_03.Document, Pain001Version.V09: pain_001_001_09.Document}
HOSTILE = (
    "</Nm><Amt>1</Amt>",
    "a&b<c>\"d'",
    "]]>",
    "\x01\x08\x0b\x1f\x7f\x85\u2028\ufffe\uffff",
    "   ",
    "",
    "é" * 200,
    "😀" * 40,
    "A" * 10_000,
    " Société d'Œuvres & Cie ",
)
_names = st.text(max_size=90) | st.sampled_from(HOSTILE)
_orders = st.builds(
    Order,
    st.integers(1, 10**12 - 1),
    st.integers(1, 10**14),
    _names,
    st.just(IBAN),
    st.sampled_from(("", BIC, "BDFEFRPP")),
    _names,
)


def write_file(rows: list[Order], header: PaymentFileHeader) -> bytes:
    return b"".join(map(bytes, pain001_writer.write_message(header, build_orders(rows))))


def read_file(message: bytes, version: Pain001Version = Pain001Version.V09) -> Any:
    """Parse the message with the other library; by its types, every field might be None."""
    return XmlParser().from_bytes(message, LIBRARY[version])


@pytest.mark.parametrize("version", Pain001Version)
@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(_orders, min_size=1, max_size=4),
    holder=_names,
    method=st.sampled_from(list(TransferMethod)),
)
@example(
    rows=[Order(name=text, remittance=text) for text in HOSTILE], holder="x" * 200, method=TransferMethod.SEPA
)
def test_any_text_is_valid_by_the_schema(
    version: Pain001Version, rows: list[Order], holder: str, method: TransferMethod
) -> None:
    header = build_header(version, method=method, holder=f"H{holder}", initiator=f"I{holder}")
    document = fromstring(write_file(rows, header))
    SCHEMAS[version].assertValid(document)
    texts = [element.text for element in document.iter() if element.text and element.text.strip()]
    assert all(set(text) <= set(SEPA_CHARACTERS) for text in texts)


@pytest.mark.parametrize("version", Pain001Version)
def test_another_library_reads_the_orders(version: Pain001Version) -> None:
    rows = [
        Order(41, 99_999_999_999, "Société Générale", bic="", remittance="facture n\u00b0 12 & 13"),
        Order(42, 1, "  "),
        Order(10**12 - 1, 1050, "Straße", remittance=""),
    ]
    message = read_file(write_file(rows, build_header(version)), version).cstmr_cdt_trf_initn
    (lot,) = message.pmt_inf
    for part in (message.grp_hdr, lot):
        assert (part.nb_of_txs, part.ctrl_sum) == ("3", Decimal("1000000010.50"))
    assert (message.grp_hdr.msg_id, lot.pmt_inf_id) == ("CRSC-01-7-PACA-SEPA-1",) * 2
    assert str(message.grp_hdr.cre_dt_tm) == "2018-12-21T14:02:11Z"
    day = lot.reqd_exctn_dt if version is Pain001Version.V03 else lot.reqd_exctn_dt.dt
    assert str(day) == "2018-12-24"
    assert (lot.dbtr.nm, lot.dbtr_acct.id.iban) == ("DRFiP (exemple)", IBAN)
    transfers = lot.cdt_trf_tx_inf
    assert [
        (
            transfer.pmt_id.end_to_end_id,
            transfer.amt.instd_amt.value,
            transfer.amt.instd_amt.ccy,
            transfer.cdtr.nm,
        )
        for transfer in transfers
    ] == [
        (format_identifier(41, ledger=1), Decimal("999999999.99"), "EUR", "Societe Generale"),
        (format_identifier(42, ledger=1), Decimal("0.01"), "EUR", NOT_PROVIDED),
        (format_identifier(10**12 - 1, ledger=1), Decimal("10.50"), "EUR", "Strasse"),
    ]
    assert [transfer.rmt_inf and transfer.rmt_inf.ustrd for transfer in transfers] == [
        ["facture n. 12 + 13"],
        ["EJ 2103955300"],
        None,
    ]
    assert [transfer.cdtr_agt is None for transfer in transfers] == [True, False, False]
    assert {transfer.cdtr_acct.id.iban for transfer in transfers} == {IBAN}


@pytest.mark.parametrize(
    ("method", "service", "charges"),
    [(TransferMethod.SEPA, "SEPA", "SLEV"), (TransferMethod.RTGS, "URGP", "SHAR")],
)
def test_each_method_has_its_service(method: TransferMethod, service: str, charges: str) -> None:
    message = read_file(write_file([Order()], build_header(method=method)))
    (lot,) = message.cstmr_cdt_trf_initn.pmt_inf
    assert (lot.pmt_tp_inf.svc_lvl[0].cd, lot.chrg_br.value) == (service, charges)
    assert (lot.pmt_tp_inf.instr_prty is not None) == (method is TransferMethod.RTGS)


@settings(max_examples=30, deadline=None)
@given(st.lists(_orders, min_size=1, max_size=4), st.sampled_from(list(Pain001Version)))
def test_measured_sizes_are_those_of_the_file(rows: list[Order], version: Pain001Version) -> None:
    whole = write_file(rows, build_header(version))
    bodies = [line for line in whole.splitlines(keepends=True) if line.startswith(b"<CdtTrfTxInf>")]
    assert pain001_writer.measure_transfers(build_orders(rows), version).tolist() == [
        len(body) for body in bodies
    ]
    assert len(whole) - sum(map(len, bodies)) < pain001_writer.OVERHEAD_BYTES_MAX


def test_chunks_do_not_change_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [Order(at, at, f"Nom {at}") for at in range(1, 12)]
    whole, sizes = (
        write_file(rows, build_header()),
        pain001_writer.measure_transfers(build_orders(rows), Pain001Version.V09).tolist(),
    )
    monkeypatch.setattr(transfer_texts, "CHUNK_ROWS", 4)
    assert write_file(rows, build_header()) == whole
    assert pain001_writer.measure_transfers(build_orders(rows), Pain001Version.V09).tolist() == sizes


@pytest.mark.parametrize(
    "invalid",
    [Order(iban="FR00"), Order(iban=IBAN.lower()), Order(bic="BDFEFR"), Order(cents=0), Order(bic="x" * 8)],
)
def test_orders_that_no_bank_accepts_are_never_written(invalid: Order) -> None:
    with pytest.raises(EngineError, match=r"the transfer of entry 1 has an? "):
        transfer_texts.validate_orders(build_orders([Order(), invalid]))


def test_every_code_point_is_transliterated_as_in_a_text() -> None:
    """The table of the kernel agrees with ``to_transfer_charset``, also for code points beyond the table."""
    table = build_transliteration_table()
    letters, size = table.letter.tobytes().decode("ascii"), len(table.start) - 1
    for code in range(0x110000):
        expected = to_transfer_charset(chr(code))
        actual = letters[table.start[code] : table.start[code + 1]] if code < size else "."
        assert actual == expected, hex(code)
    assert set(letters) <= set(SEPA_CHARACTERS)


def test_texts_are_cut_to_the_limits_of_sepa() -> None:
    message = read_file(write_file([Order(name="n" * 200, remittance="r " * 200)], build_header()))
    (transfer,) = message.cstmr_cdt_trf_initn.pmt_inf[0].cdt_trf_tx_inf
    assert transfer.cdtr.nm == "n" * NAME_CHARACTERS_MAX
    assert transfer.rmt_inf.ustrd == [("r " * 200)[:REMITTANCE_CHARACTERS_MAX].rstrip()]


def test_identifiers_are_parsed_and_misread_ones_are_not() -> None:
    entries = np.array([1, 2**32 - 2, 10**12 - 1])
    texts = [row.tobytes().decode() for row in format_identifiers(entries, ledger=1)]
    assert parse_identifiers(build_cells(texts), ledger=1).tolist() == entries.tolist()
    swapped = [text[:-3] + text[-2] + text[-3] + text[-1] for text in texts if text[-3] != text[-2]]
    assert swapped
    assert not parse_identifiers(
        build_cells([*swapped, "NOTPROVIDED", texts[0].lower(), f" {texts[0]}"]), ledger=1
    ).any()


def test_large_sums_are_exact() -> None:
    amounts = np.array([2**62, 2**62, 2**62, 1], np.int64)
    assert pain001_writer.sum_exactly(amounts) == 3 * 2**62 + 1
