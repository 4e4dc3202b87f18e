"""Payment files as the systems of ministries write them: pain.001 with its account assignments, and the setup files.

The same seed gives the same bytes.  A fixed share of the transfers must be refused; the summary counts them by code.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

import pyarrow as pa

from bench.payments import payable_requests
from bench.payments.payable_requests import BIC, DAY, SENDER, YEAR, Size
from bench.year import act_files
from core.money import CENTS_PER_EURO
from core.outcome_codes import Outcome
from posting.book.registry import ReferenceData

SIDECAR_FORMATS, STRUCTURED = ("csv", "parquet", "arrow", "jsonl"), "structured"
_DEBTOR = "FR353000100064EXEMPLE000190"
_OTHER_IBAN = "FR7630001007941234567890185"
_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.{version}">
  <CstmrCdtTrfInitn>
    <GrpHdr>
      <MsgId>{message}</MsgId>
      <CreDtTm>{day}T08:30:00</CreDtTm>
      <NbOfTxs>{count}</NbOfTxs>
      <CtrlSum>{sum}</CtrlSum>
      <InitgPty>
        <Nm>Ministère (exemple)</Nm>
      </InitgPty>
    </GrpHdr>
"""
_LOT = """    <PmtInf>
      <PmtInfId>{lot}</PmtInfId>
      <PmtMtd>TRF</PmtMtd>
      <BtchBookg>true</BtchBookg>
      <NbOfTxs>{count}</NbOfTxs>
      <CtrlSum>{sum}</CtrlSum>
      <PmtTpInf>
        <SvcLvl>
          <Cd>SEPA</Cd>
        </SvcLvl>
      </PmtTpInf>
      <ReqdExctnDt>{due}</ReqdExctnDt>
      <Dbtr>
        <Nm>Ministère (exemple)</Nm>
      </Dbtr>
      <DbtrAcct>
        <Id>
          <IBAN>{debtor}</IBAN>
        </Id>
      </DbtrAcct>
      <DbtrAgt>
        <FinInstnId>
          <{bank}>{bic}</{bank}>
        </FinInstnId>
      </DbtrAgt>
      <ChrgBr>SLEV</ChrgBr>
"""
_TRANSFER = """      <CdtTrfTxInf>
        <PmtId>
          <InstrId>{reference}</InstrId>
          <EndToEndId>{reference}</EndToEndId>
        </PmtId>
        <Amt>
          <InstdAmt Ccy="EUR">{amount}</InstdAmt>
        </Amt>
        <CdtrAgt>
          <FinInstnId>
            <{bank}>{bic}</{bank}>
          </FinInstnId>
        </CdtrAgt>
        <Cdtr>
          <Nm>{name}</Nm>
          <PstlAdr>
            <Ctry>FR</Ctry>
          </PstlAdr>
        </Cdtr>
        <CdtrAcct>
          <Id>
            <IBAN>{iban}</IBAN>
          </Id>
        </CdtrAcct>
        <RmtInf>
          <Ustrd>Facture {reference}</Ustrd>{more}
        </RmtInf>
      </CdtTrfTxInf>
"""
_STRUCTURED_REMITTANCE = "\n          <Strd>\n            <AddtlRmtInf>{}</AddtlRmtInf>\n          </Strd>"
_TAIL = "  </CstmrCdtTrfInitn>\n</Document>\n"
_DUE_DATE = DAY.replace(day=DAY.day + 2)


class _Payees(NamedTuple):
    """The names and accounts of the payees, by number."""

    names: list[str]
    accounts: list[str]


class Style(NamedTuple):
    """The format of the files."""

    version: str = "09"
    imputation: str = "csv"
    """The format of the account assignment file, or ``structured`` for assignments in the remittance."""
    file_transfers: int = 1_000_000
    lot_transfers: int = 1_000
    wrong_every: int = 500
    """One transfer in so many must be refused; 0 for none."""


_FAULTS: tuple[tuple[Outcome, str, str], ...] = (
    (Outcome.IBAN_INVALID, "iban", "FR7630001007941234567890186"),
    (Outcome.BANK_DETAILS_DIFFER, "iban", _OTHER_IBAN),
    (Outcome.PAYEE_UNKNOWN, "payee", "NOBODY"),
    (Outcome.REFERENCE_INVALID, "reference", ""),
)
Row = dict[str, Any]


def write_files(folder: Path, size: Size, style: Style, *, reference: ReferenceData) -> dict[str, Any]:
    """Write the files and ``summary.json``; return the summary, which contains the expected outcomes.

    Raises
    ------
    ValueError
        The version or the imputation is unknown.
    """
    if style.version not in ("03", "09") or style.imputation not in (*SIDECAR_FORMATS, STRUCTURED):
        formats = f"version {style.version} with account assignments {style.imputation}"
        raise ValueError(f"no payment files of {formats}")
    folder.mkdir(parents=True, exist_ok=True)
    paths = payable_requests.write_setup_files(folder, size, reference)
    nomenclature, units = reference.nomenclatures[YEAR], payable_requests.list_spending_units(reference)
    payees = _Payees(payable_requests.list_payee_names(size.payees), payable_requests.list_ibans(size.payees))
    outcomes, cents = Counter[str](), 0
    for first, table in payable_requests.build_requests(size, units, nomenclature):
        for start in range(0, table.num_rows, style.file_transfers):
            part = table.slice(start, style.file_transfers)
            rows = _build_rows(part, payees, first + start, wrong_every=style.wrong_every)
            number = len(paths) - 1
            paths.append(_write_payment_file(folder / f"payments-{number:03}.xml", rows, style))
            outcomes.update(row["outcome"] for row in rows)
            cents += sum(row["cents"] for row in rows)
    summary = {
        "seed": size.seed,
        "sender": SENDER,
        "transfers": size.requests,
        "cents": cents,
        "outcomes": dict(outcomes),
        "files": [path.name for path in paths],
    }
    (folder / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def _build_rows(table: pa.Table, payees: _Payees, first: int, *, wrong_every: int) -> list[Row]:
    """Build the rows of transfers, numbered from ``first``; one in ``wrong_every`` must be refused."""
    rows = table.to_pylist()
    for number, row in enumerate(rows, first):
        payee = int(row["payee"][1:])
        row |= {"name": payees.names[payee], "iban": payees.accounts[payee], "outcome": "ACCEPTED"}
        row["cents"] = row.pop("amount_cents")
        if wrong_every and number % wrong_every == wrong_every - 1:
            outcome, column, text = _FAULTS[number // wrong_every % len(_FAULTS)]
            row |= {column: text, "outcome": outcome.name}
    return rows


def _write_payment_file(path: Path, rows: list[Row], style: Style) -> Path:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_format_message(path.stem.upper(), rows, style))
    if style.imputation != STRUCTURED:
        _write_assignments(path.with_name(f"{path.name}.imputation.{style.imputation}"), rows)
    return path


def _format_message(message: str, rows: list[Row], style: Style) -> Iterator[str]:
    common = {"version": style.version, "bank": "BIC" if style.version == "03" else "BICFI", "bic": BIC}
    common["due"] = str(_DUE_DATE) if style.version == "03" else f"\n        <Dt>{_DUE_DATE}</Dt>\n      "
    yield _HEADER.format(message=f"{SENDER}-{message}", day=DAY, **_sum_rows(rows), **common)
    for number, start in enumerate(range(0, len(rows), style.lot_transfers), 1):
        lot = rows[start : start + style.lot_transfers]
        yield _LOT.format(lot=f"{message}-{number}", debtor=_DEBTOR, **_sum_rows(lot), **common)
        for row in lot:
            yield _format_transfer(row, style, common)
        yield "    </PmtInf>\n"
    yield _TAIL


def _format_transfer(row: Row, style: Style, common: Mapping[str, str]) -> str:
    structured = ""
    if style.imputation == STRUCTURED:
        names = ("fund_centre", "functional_area", "commitment_item", "payee")
        structured = _STRUCTURED_REMITTANCE.format(
            ",".join(f"{name.replace('_', '-')}:{row[name]}" for name in names)
        )
    return _TRANSFER.format(
        reference=row["reference"] or "NOTPROVIDED",
        amount=_format_euros(row["cents"]),
        name=escape(row["name"]),
        iban=row["iban"],
        more=structured,
        **common,
    )


def _sum_rows(rows: list[Row]) -> dict[str, Any]:
    return {"count": len(rows), "sum": _format_euros(sum(row["cents"] for row in rows))}


def _format_euros(cents: int) -> str:
    return f"{cents // CENTS_PER_EURO}.{cents % CENTS_PER_EURO:02}"


def _write_assignments(path: Path, rows: list[Row]) -> None:
    """Write the account assignment file: one row for each transfer, in the same order."""
    names = ("reference", "fund_centre", "functional_area", "commitment_item", "payee", "cents")
    columns = {name: [row[name] for row in rows] for name in names}
    columns["reference"] = [reference or "NOTPROVIDED" for reference in columns["reference"]]
    columns["amount_cents"] = columns.pop("cents")
    act_files.write_file(pa.table(columns), path, SENDER)
    path.with_name(f"{path.name}.manifest.json").unlink(missing_ok=True)
