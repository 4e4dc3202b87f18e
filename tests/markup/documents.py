"""Valid payment messages, small and with most of the elements that they may have."""

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from ingest.pain001.message import V03, V09

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
IBANS = ("FR7630001007941234567890185", "DE89370400440532013000", "BE68539007547034")
NAMES = (
    "SOCIETE DUPONT",
    "A &amp; B",
    "Société Générale",
    "L&apos;OREAL",
    "&lt;X&gt; &quot;Y&quot;",
    "Zo&#xEB; &#8364;",
    " ",
    "",
)


class Style(NamedTuple):
    """The layout of a generator."""

    version: str = V09
    line_end: str = "\n"
    indent: int = 2


def build_payment(random: Random, lots: Sequence[int] = (2, 1), style: Style | None = None) -> bytes:
    """Build a message with so many transfers in each lot."""
    style = style or Style()
    count = sum(lots)
    body = "".join(_build_lot(random, number, size, style) for number, size in enumerate(lots))
    amount = f"{count * 100}.00"
    header = _build_element(
        "GrpHdr",
        f"<MsgId>MSG-{random.randrange(1000)}</MsgId><CreDtTm>2018-12-01T10:00:00</CreDtTm>"
        f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{amount}</CtrlSum><InitgPty><Nm>Ministère</Nm></InitgPty>",
    )
    text = (
        f'<Document xmlns="{NAMESPACE}{style.version}">'
        + _build_element("CstmrCdtTrfInitn", header + body)
        + "</Document>"
    )
    return ('<?xml version="1.0" encoding="UTF-8"?>\n' + _lay_out(text, style)).encode()


def _build_element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


def _build_lot(random: Random, number: int, size: int, style: Style) -> str:
    bank = "BICFI" if style.version == V09 else "BIC"
    day = "<Dt>2018-12-03</Dt>" if style.version == V09 else "2018-12-03"
    level = random.choice(["", "<PmtTpInf><SvcLvl><Cd>SEPA</Cd></SvcLvl></PmtTpInf>"])
    totals = random.choice(["", f"<NbOfTxs>{size}</NbOfTxs><CtrlSum>{size * 100}</CtrlSum>"])
    debtor = (
        "<Dbtr><Nm>Etat</Nm><PstlAdr><Ctry>FR</Ctry></PstlAdr></Dbtr>"
        f"<DbtrAcct><Id><IBAN>{IBANS[0]}</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><{bank}>BDFEFRPPCCT</{bank}></FinInstnId></DbtrAgt>"
    )
    transfers = "".join(_build_transfer(random, number * 1000 + index, style) for index in range(size))
    return _build_element(
        "PmtInf",
        f"<PmtInfId>LOT-{number}</PmtInfId><PmtMtd>TRF</PmtMtd>{totals}{level}"
        f"<ReqdExctnDt>{day}</ReqdExctnDt>{debtor}{transfers}",
    )


def _build_transfer(random: Random, number: int, style: Style) -> str:
    bank = "BICFI" if style.version == V09 else "BIC"
    optional = lambda text: random.choice(["", text])  # noqa: E731
    address = optional("<PstlAdr><Ctry>FR</Ctry><AdrLine>1 RUE</AdrLine><AdrLine>PARIS</AdrLine></PstlAdr>")
    remittance = random.choice(
        [
            "",
            "<RmtInf/>",
            f"<RmtInf><Ustrd>FACTURE {number}</Ustrd></RmtInf>",
            "<RmtInf><Ustrd>ONE</Ustrd><Ustrd>TWO &amp; THREE</Ustrd></RmtInf>",
            "<RmtInf><Strd><AddtlRmtInf>IMP,payee:T1</AddtlRmtInf><AddtlRmtInf>IMP,fund:01</AddtlRmtInf></Strd></RmtInf>",
        ]
    )
    agent = f"<CdtrAgt><FinInstnId><{bank}>BNPAFRPPXXX</{bank}></FinInstnId></CdtrAgt>"
    party = f"<Cdtr><Nm>{random.choice(NAMES)}</Nm>{address}</Cdtr>"
    account = f"<CdtrAcct><Id><IBAN>{random.choice(IBANS)}</IBAN></Id></CdtrAcct>"
    return _build_element(
        "CdtTrfTxInf",
        f"<PmtId>{optional('<InstrId>I</InstrId>')}<EndToEndId>DP-{number:05}</EndToEndId></PmtId>"
        f'<Amt><InstdAmt Ccy="EUR">100.00</InstdAmt></Amt>{optional("<ChrgBr>SLEV</ChrgBr>")}'
        f"{optional(agent)}{party}{account}{optional('<Purp><Cd>SALA</Cd></Purp>')}{remittance}",
    )


def _lay_out(text: str, style: Style) -> str:
    """Put one tag on a line if the style asks for it; a text keeps its line."""
    if not style.indent:
        return text
    pieces = text.replace("><", ">\0<").split("\0")
    depth, lines = 0, list[str]()
    for piece in pieces:
        depth -= piece.startswith("</")
        lines.append(" " * (style.indent * depth) + piece)
        depth += not piece.startswith("</") and not piece.endswith("/>") and "</" not in piece
    return style.line_end.join(lines) + style.line_end


VERSIONS = (V03, V09)
