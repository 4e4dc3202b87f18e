"""Payment files that libraries of others write are taken as they are: files that two wrote, and what one writes here."""

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
from ingest.validation.file_validation import inspect
from settlement.orders import pain001_writer as outgoing
from tests.ingest.payment_files import IBAN, expected, lines
from tests.settlement.outgoing_orders import Order, heading, orders

SAMPLES = sorted((Path(__file__).parents[2] / "samples").glob("*.xml"))
XSD = Path(__file__).parents[2] / "xsd"


def test_there_are_samples() -> None:
    assert len(SAMPLES) == 6


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_what_others_wrote_is_taken(sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "orders.xml"
    path.write_bytes(sample.read_bytes())
    found = lines(path)
    assert found == expected(sample.read_bytes())
    assert all(each["reference"] and each["iban"] and each["amount"] for each in found)
    spooled = Spool(tmp_path / "spool").receive(path, path.name, Envelope(sender="MEN"))
    assert inspect(spooled).lines == len(found)
    assert inspect(spooled).cents == sum(int(Decimal(each["amount"]) * 100) for each in found)


@pytest.mark.parametrize("version", ["03", "09"])
@pytest.mark.parametrize("count", [1, 40])
def test_what_a_library_writes_here_is_taken(version: str, count: int, tmp_path: Path) -> None:
    """It puts a prefix before every name, which the scanner leaves to lxml."""
    text = XmlSerializer().render(_document(version, count)).encode()
    path = tmp_path / "orders.xml"
    path.write_bytes(text)
    XMLSchema(file=str(XSD / f"pain.001.001.{version}.xsd")).assertValid(parse(str(path)))
    assert b"ns0:CdtTrfTxInf" in text
    found = lines(path)
    assert found == expected(text)
    assert [each["amount"] for each in found] == [f"{number + 1}.05" for number in range(count)]


def _document(version: str, count: int) -> Any:
    """A message of one lot, by the classes of the library."""
    make = partial(_made, pain_001_001_03 if version == "03" else pain_001_001_09)
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


def _made(module: Any, stem: str, *arguments: Any, **fields: Any) -> Any:
    """Of the class of that name in the module's version of the message."""
    (name,) = (
        each for each in dir(module) if re.fullmatch(rf"{stem}(Information)?[0-9]*(Choice|V[0-9]+)?", each)
    )
    return getattr(module, name)(*arguments, **fields)


def test_our_own_payment_files_are_taken(tmp_path: Path) -> None:
    for version in outgoing.Version:
        rows = [Order(41, 99_999_999_999, "Société Générale"), Order(42, 1, "O'Neill")]
        path = tmp_path / "orders.xml"
        path.write_bytes(b"".join(map(bytes, outgoing.written(heading(version), orders(rows)))))
        found = lines(path)
        assert found == expected(path.read_bytes())
        assert [each["amount"] for each in found] == ["999999999.99", "0.01"]
