"""Small payment files and their account assignments, and the lines that a plain reader of XML finds in them."""

import csv
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lxml.etree import QName, XMLParser, fromstring

from core.act_fields import FORMATS
from ingest.pain001 import reader
from tests.markup.documents import NAMESPACE

IBAN = "FR7630001007941234567890185"
METHODS = {"SEPA": "sepa", "URGP": "urgent"}
ASSIGNED_COLUMNS = {"payee", "fund"}
"""The columns that the documents of tests fill in their structured remittance."""
ASSIGNMENT = {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}


def build_transfer(
    reference: str, amount: str = "10.00", extra: str = "", *, currency: str = "EUR", before: str = ""
) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{reference}</EndToEndId></PmtId>{before}"
        f'<Amt><InstdAmt Ccy="{currency}">{amount}</InstdAmt></Amt>'
        f"<Cdtr><Nm>Fournisseur</Nm></Cdtr><CdtrAcct><Id><IBAN>{IBAN}</IBAN></Id></CdtrAcct>{extra}</CdtTrfTxInf>"
    )


def build_remittance(*pairs: str) -> str:
    texts = "".join(f"<AddtlRmtInf>{pair}</AddtlRmtInf>" for pair in pairs)
    return f"<RmtInf><Strd>{texts}</Strd></RmtInf>"


def build_lot(transfers: Sequence[str], name: str = "LOT-1", totals: str = "", **elements: str) -> str:
    means, level = elements.get("means", "TRF"), elements.get("level", "")
    day = elements.get("day", "<Dt>2018-05-04</Dt>")
    return (
        f"<PmtInf><PmtInfId>{name}</PmtInfId><PmtMtd>{means}</PmtMtd>{totals}{level}<ReqdExctnDt>{day}</ReqdExctnDt>"
        f"<Dbtr/><DbtrAcct><Id><IBAN>{IBAN}</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId/></DbtrAgt>{''.join(transfers)}</PmtInf>"
    )


def build_message(
    *lots: str, count: int | str = 1, total: str = "", version: str = "pain.001.001.09", name: str = "MSG-1"
) -> bytes:
    control_sum = f"<CtrlSum>{total}</CtrlSum>" if total else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}{version}"><CstmrCdtTrfInitn><GrpHdr>'
        f"<MsgId>{name}</MsgId><CreDtTm>2018-05-02T08:30:00</CreDtTm><NbOfTxs>{count}</NbOfTxs>{control_sum}<InitgPty/></GrpHdr>"
        f"{''.join(lots)}</CstmrCdtTrfInitn></Document>"
    ).encode()


def build_assignments(rows: Sequence[tuple[str, str]], **columns: str) -> bytes:
    """Write a CSV of references and amounts, all charged to one assignment."""
    text, values = io.StringIO(newline=""), {**ASSIGNMENT, "payee": "SUPPLIER", **columns}
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(["reference", "amount", *values])
    writer.writerows([reference, amount, *values.values()] for reference, amount in rows)
    return text.getvalue().encode()


def write_parquet(rows: Sequence[tuple[str, str]], path: Path) -> Path:
    columns: dict[str, Any] = {name: [text] * len(rows) for name, text in ASSIGNMENT.items()}
    columns["reference"] = [reference for reference, _ in rows]
    columns["amount_cents"] = pa.array([int(Decimal(amount) * 100) for _, amount in rows], pa.int64())
    pq.write_table(pa.table(columns), path)
    return path


def read_lines(path: Path, sizes: Any = None) -> list[dict[str, str]]:
    """Return the lines of a payment file, without empty columns."""
    lines = pa.Table.from_batches(reader.read_batches(path, path.name, path.parent, sizes=sizes))
    assert set(lines.column_names) <= {field.column for field in FORMATS}
    return [{name: text for name, text in row.items() if text} for row in lines.to_pylist()]


def expect_lines(text: bytes) -> list[dict[str, str]]:
    """Return the same from lxml's tree, element by element: the rules of docs/pain001.md in plain words."""
    root = fromstring(text, XMLParser(remove_comments=True, remove_pis=True, huge_tree=True))
    prefix = f"{{{QName(root).namespace}}}"
    at = lambda node, path: (node.findtext("/".join(prefix + part for part in path.split("/"))) or "").strip()  # noqa: E731
    created, lines = at(root, "CstmrCdtTrfInitn/GrpHdr/CreDtTm"), []
    for group in root.iterfind(f"{prefix}CstmrCdtTrfInitn/{prefix}PmtInf"):
        due = at(group, "ReqdExctnDt/Dt") or at(group, "ReqdExctnDt/DtTm") or at(group, "ReqdExctnDt")
        for transfer in group.iterfind(f"{prefix}CdtTrfTxInf"):
            words = [node.text or "" for node in transfer.iterfind(f"{prefix}RmtInf/{prefix}Ustrd")]
            level = at(transfer, "PmtTpInf/SvcLvl/Cd") or at(group, "PmtTpInf/SvcLvl/Cd")
            means, currency = (
                at(group, "PmtMtd"),
                transfer.find(f"{prefix}Amt/{prefix}InstdAmt").get("Ccy", ""),
            )
            numbers = [
                (node.text or "").strip(" \t\r\n")
                for node in transfer.iterfind(f"{prefix}Cdtr/{prefix}Id/*/*/{prefix}Id")
            ]
            amount = re.sub(r"(\.\d\d)0{1,3}$", r"\1", at(transfer, "Amt/InstdAmt"), flags=re.ASCII)
            reference = transfer.findtext(f"{prefix}PmtId/{prefix}EndToEndId") or ""
            row = {
                "reference": "" if reference == "NOTPROVIDED" else reference,
                "amount": amount if currency == "EUR" else f"{currency} {amount}",
                "payee_name": transfer.findtext(f"{prefix}Cdtr/{prefix}Nm") or "",
                "iban": at(transfer, "CdtrAcct/Id/IBAN") or at(transfer, "CdtrAcct/Id/Othr/Id"),
                "bic": at(transfer, "CdtrAgt/FinInstnId/BICFI") or at(transfer, "CdtrAgt/FinInstnId/BIC"),
                "remittance": " ".join(word for word in words if word),
                "due": due[:10],
                "method": METHODS.get(level, "") if means in ("TRF", "TRA", "") else means.lower(),
                "payee": " ".join(node for node in numbers if node),
                "kind": "direct_payment_request",
                "exercise": created[:4],
                "date": created[:10],
            }
            for node in transfer.iterfind(f"{prefix}RmtInf/{prefix}Strd/{prefix}AddtlRmtInf"):
                for pair in (node.text or "").split(","):
                    name, colon, value = pair.partition(":")
                    if colon and name.strip() in ASSIGNED_COLUMNS:
                        row[name.strip()] = value.strip() or (row["payee"] if name.strip() == "payee" else "")
            lines.append({name: text for name, text in row.items() if text})
    return lines
