"""Payment files written by other libraries are accepted: stored samples of two, and files that one writes here."""

import re
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from lxml.etree import XMLSchema, parse
from pyiso20022.pain import pain_001_001_03, pain_001_001_09
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.models.datatype import XmlDate, XmlDateTime

from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.validation.file_validation import validate_without_cache
from settlement.orders import pain001_writer as outgoing
from tests.ingest.payment_files import IBAN, expect_lines, read_lines
from tests.settlement.outgoing_orders import Order, build_header, build_orders

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.xml"))
XSD = Path(__file__).parents[2] / "xsd"


def test_samples_exist() -> None:
    assert len(SAMPLES) == 6


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_samples_of_other_writers_are_accepted(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "orders.xml"
    path.write_bytes(sample.read_bytes())
    lines = read_lines(path)
    assert lines == expect_lines(sample.read_bytes())
    assert all(line["reference"] and line["iban"] and line["amount"] for line in lines)
    spooled = Spool(tmp_path / "spool").receive(path, path.name, Envelope(sender="MEN"))
    assert validate_without_cache(spooled).lines == len(lines)
    assert validate_without_cache(spooled).cents == sum(int(Decimal(line["amount"]) * 100) for line in lines)


@pytest.mark.parametrize("version", ["03", "09"])
@pytest.mark.parametrize("count", [1, 40])
def test_files_of_another_library_are_accepted(version: str, count: int, tmp_path: Path) -> None:
    """It writes a prefix before every name, which the scanner leaves to lxml."""
    text = XmlSerializer().render(_build_document(version, count)).encode()
    path = tmp_path / "orders.xml"
    path.write_bytes(text)
    XMLSchema(file=str(XSD / f"pain.001.001.{version}.xsd")).assertValid(parse(str(path)))
    assert b"ns0:CdtTrfTxInf" in text
    lines = read_lines(path)
    assert lines == expect_lines(text)
    assert [line["amount"] for line in lines] == [f"{number + 1}.05" for number in range(count)]


def _build_document(version: str, count: int) -> Any:
    """Build a message of one lot with the classes of the library."""
    make = partial(_build_object, pain_001_001_03 if version == "03" else pain_001_001_09)
    bank = make(
        "FinancialInstitutionIdentification", **{"bic" if version == "03" else "bicfi": "BDFEFRPPCCT"}
    )
    agent = make("BranchAndFinancialInstitutionIdentification", fin_instn_id=bank)
    account = make("CashAccount", id=make("AccountIdentification", iban=IBAN))
    amount = partial(make, "ActiveOrHistoricCurrencyAndAmount", ccy="EUR")
    transfers = [
        make(
            "CreditTransferTransaction",
            pmt_id=make("PaymentIdentification", end_to_end_id=f"E2E-{number}"),
            amt=make("AmountType", instd_amt=amount(value=Decimal(f"{number + 1}.05"))),
            cdtr_agt=agent, cdtr=make("PartyIdentification", nm=f"Société n° {number} & fils"), cdtr_acct=account,
            rmt_inf=make("RemittanceInformation", ustrd=["Facture <1>"]),
        )
        for number in range(count)
    ]  # fmt: skip
    totals = {"nb_of_txs": str(count), "ctrl_sum": sum(range(1, count + 1)) + Decimal("0.05") * count}
    day: Any = XmlDate.from_date(date(2018, 5, 4))
    lot = make(
        "PaymentInstruction", pmt_inf_id="LOT", pmt_mtd=make("PaymentMethod3Code", "TRF"), **totals,
        reqd_exctn_dt=day if version == "03" else make("DateAndDateTime2", dt=day),
        dbtr=make("PartyIdentification", nm="Ministère"), dbtr_acct=account, dbtr_agt=agent, cdt_trf_tx_inf=transfers,
    )  # fmt: skip
    header = make(
        "GroupHeader", msg_id="LIB-1", cre_dt_tm=XmlDateTime(2018, 5, 2, 8, 0, 0), **totals,
        initg_pty=make("PartyIdentification", nm="Ministère"),
    )  # fmt: skip
    return make(
        "Document",
        cstmr_cdt_trf_initn=make("CustomerCreditTransferInitiation", grp_hdr=header, pmt_inf=[lot]),
    )


def _build_object(module: Any, stem: str, *arguments: Any, **fields: Any) -> Any:
    """Build an object of the class of that name in the module's version of the message."""
    (name,) = (
        name for name in dir(module) if re.fullmatch(rf"{stem}(Information)?[0-9]*(Choice|V[0-9]+)?", name)
    )
    return getattr(module, name)(*arguments, **fields)


def test_our_own_payment_files_are_accepted(tmp_path: Path) -> None:
    for version in outgoing.Pain001Version:
        rows = [Order(41, 99_999_999_999, "Société Générale"), Order(42, 1, "O'Neill")]
        path = tmp_path / "orders.xml"
        path.write_bytes(
            b"".join(map(bytes, outgoing.write_message(build_header(version), build_orders(rows))))
        )
        lines = read_lines(path)
        assert lines == expect_lines(path.read_bytes())
        assert [line["amount"] for line in lines] == ["999999999.99", "0.01"]
