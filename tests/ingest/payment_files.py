"""Payment files and their imputations, small, and what must become of them by a plain reader of XML."""

import csv
import io
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
"""What the documents of tests say in their structured remittance."""
ASSIGNMENT = {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}


def build_transfer(
    reference: str, amount: str = "10.00", more: str = "", *, currency: str = "EUR", before: str = ""
) -> str:
    return (
        f"<CdtTrfTxInf><PmtId><EndToEndId>{reference}</EndToEndId></PmtId>{before}"
        f'<Amt><InstdAmt Ccy="{currency}">{amount}</InstdAmt></Amt>'
        f"<Cdtr><Nm>Fournisseur</Nm></Cdtr><CdtrAcct><Id><IBAN>{IBAN}</IBAN></Id></CdtrAcct>{more}</CdtTrfTxInf>"
    )


def build_remittance(*pairs: str) -> str:
    texts = "".join(f"<AddtlRmtInf>{pair}</AddtlRmtInf>" for pair in pairs)
    return f"<RmtInf><Strd>{texts}</Strd></RmtInf>"


def build_lot(transfers: Sequence[str], name: str = "LOT-1", totals: str = "", **more: str) -> str:
    means, level = more.get("means", "TRF"), more.get("level", "")
    day = more.get("day", "<Dt>2018-05-04</Dt>")
    return (
        f"<PmtInf><PmtInfId>{name}</PmtInfId><PmtMtd>{means}</PmtMtd>{totals}{level}<ReqdExctnDt>{day}</ReqdExctnDt>"
        f"<Dbtr/><DbtrAcct><Id><IBAN>{IBAN}</IBAN></Id></DbtrAcct><DbtrAgt><FinInstnId/></DbtrAgt>{''.join(transfers)}</PmtInf>"
    )


def build_message(
    *lots: str, count: int | str = 1, total: str = "", version: str = "pain.001.001.09", name: str = "MSG-1"
) -> bytes:
    stated = f"<CtrlSum>{total}</CtrlSum>" if total else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE}{version}"><CstmrCdtTrfInitn><GrpHdr>'
        f"<MsgId>{name}</MsgId><CreDtTm>2018-05-02T08:30:00</CreDtTm><NbOfTxs>{count}</NbOfTxs>{stated}<InitgPty/></GrpHdr>"
        f"{''.join(lots)}</CstmrCdtTrfInitn></Document>"
    ).encode()


def build_assignments(rows: Sequence[tuple[str, str]], **more: str) -> bytes:
    """A CSV of references and amounts, all charged to one assignment."""
    text, said = io.StringIO(newline=""), {**ASSIGNMENT, "payee": "SUPPLIER", **more}
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(["reference", "amount", *said])
    writer.writerows([reference, amount, *said.values()] for reference, amount in rows)
    return text.getvalue().encode()


def write_parquet(rows: Sequence[tuple[str, str]], path: Path) -> Path:
    columns: dict[str, Any] = {name: [text] * len(rows) for name, text in ASSIGNMENT.items()}
    columns["reference"] = [reference for reference, _ in rows]
    columns["amount_cents"] = pa.array([int(Decimal(amount) * 100) for _, amount in rows], pa.int64())
    pq.write_table(pa.table(columns), path)
    return path


def read_lines(path: Path, sizes: Any = None) -> list[dict[str, str]]:
    """What the reader makes of a file, without what says nothing."""
    found = pa.Table.from_batches(reader.read_batches(path, path.name, path.parent, sizes))
    assert set(found.column_names) <= {field.column for field in FORMATS}
    return [{name: text for name, text in row.items() if text} for row in found.to_pylist()]


def expect_lines(text: bytes) -> list[dict[str, str]]:
    """The same by lxml's tree, element after element: what docs/pain001.md says, in a few plain words."""
    root = fromstring(text, XMLParser(remove_comments=True, remove_pis=True, huge_tree=True))
    prefix = f"{{{QName(root).namespace}}}"
    at = lambda node, path: (node.findtext("/".join(prefix + part for part in path.split("/"))) or "").strip()  # noqa: E731
    created, found = at(root, "CstmrCdtTrfInitn/GrpHdr/CreDtTm"), []
    for group in root.iterfind(f"{prefix}CstmrCdtTrfInitn/{prefix}PmtInf"):
        due = at(group, "ReqdExctnDt/Dt") or at(group, "ReqdExctnDt/DtTm") or at(group, "ReqdExctnDt")
        for one in group.iterfind(f"{prefix}CdtTrfTxInf"):
            words = [each.text or "" for each in one.iterfind(f"{prefix}RmtInf/{prefix}Ustrd")]
            level = at(one, "PmtTpInf/SvcLvl/Cd") or at(group, "PmtTpInf/SvcLvl/Cd")
            means, currency = at(group, "PmtMtd"), one.find(f"{prefix}Amt/{prefix}InstdAmt").get("Ccy", "")
            numbers = [
                (each.text or "").strip(" \t\r\n")
                for each in one.iterfind(f"{prefix}Cdtr/{prefix}Id/*/*/{prefix}Id")
            ]
            reference = one.findtext(f"{prefix}PmtId/{prefix}EndToEndId") or ""
            row = {
                "reference": "" if reference == "NOTPROVIDED" else reference,
                "amount": at(one, "Amt/InstdAmt")
                if currency == "EUR"
                else f"{currency} {at(one, 'Amt/InstdAmt')}",
                "payee_name": one.findtext(f"{prefix}Cdtr/{prefix}Nm") or "",
                "iban": at(one, "CdtrAcct/Id/IBAN") or at(one, "CdtrAcct/Id/Othr/Id"),
                "bic": at(one, "CdtrAgt/FinInstnId/BICFI") or at(one, "CdtrAgt/FinInstnId/BIC"),
                "remittance": " ".join(word for word in words if word),
                "due": due[:10],
                "method": METHODS.get(level, "") if means in ("TRF", "TRA", "") else means.lower(),
                "payee": " ".join(each for each in numbers if each),
                "kind": "direct_payment_request",
                "exercise": created[:4],
                "date": created[:10],
            }
            for node in one.iterfind(f"{prefix}RmtInf/{prefix}Strd/{prefix}AddtlRmtInf"):
                for pair in (node.text or "").split(","):
                    name, colon, value = pair.partition(":")
                    if colon and name.strip() in ASSIGNED_COLUMNS:
                        row[name.strip()] = value.strip() or (row["payee"] if name.strip() == "payee" else "")
            found.append({name: text for name, text in row.items() if text})
    return found
