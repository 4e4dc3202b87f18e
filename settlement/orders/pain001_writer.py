"""pain.001: payment orders as the central bank takes them, written from columns, the same bytes whenever asked.

A message orders the transfers of one operations account that go one way on one day.  Written are version .09 and, where a
bank still wants it, .03; what differs between them is the day's and the bank's element.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.iso20022 import CURRENCY
from core.money import CENTS_PER_EURO
from core.payment_rules import Way
from core.tables.columns import blank, seal
from core.tables.transfers import Pieces, Sizes
from kernels import transfer_xml as kernel
from settlement.orders.charset import transferable
from settlement.orders.transfer_texts import Orders, chunks

AROUND_BYTES_MAX = 2_000
"""What stands before and behind the transfers takes less."""

_SERVICE: Mapping[Way, str] = {
    Way.SEPA: "<SvcLvl><Cd>SEPA</Cd></SvcLvl>",
    Way.RTGS: "<InstrPrty>HIGH</InstrPrty><SvcLvl><Cd>URGP</Cd></SvcLvl>",
}
_CHARGES: Mapping[Way, str] = {Way.SEPA: "SLEV", Way.RTGS: "SHAR"}
"""SEPA demands that each side pays its own bank; for other transfers the same is called shared."""


class Version(StrEnum):
    """Versions of pain.001.001 that are written."""

    V03 = "03"
    V09 = "09"

    @property
    def namespace(self) -> str:
        """Its XML namespace."""
        return f"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{self}"

    @property
    def bank(self) -> str:
        """The element that holds a BIC."""
        return "BIC" if self is Version.V03 else "BICFI"

    def day(self, day: date) -> str:
        """A day of execution."""
        return day.isoformat() if self is Version.V03 else f"<Dt>{day.isoformat()}</Dt>"


class Debtor(NamedTuple):
    """Whose operations account pays."""

    holder: str
    iban: str
    bic: str


class Heading(NamedTuple):
    """What a message says besides its transfers."""

    message: str
    """Its own identifier, in letters of payments, 35 at most."""
    created: datetime
    initiator: str
    debtor: Debtor
    way: Way
    executed: date
    batch_booking: bool
    version: Version = Version.V09


def sizes(orders: Orders, version: Version) -> NDArray[np.int64]:
    """Bytes of each transfer."""
    found, between = np.empty(len(orders.entry), np.int64), _pieces(version)
    done = 0
    for transfers, _ in chunks(orders):
        measured = blank(Sizes, len(transfers.entry))
        kernel.measure(transfers, between, measured)
        found[done : done + len(measured.bytes)] = measured.bytes
        done += len(measured.bytes)
    return found


def written(heading: Heading, orders: Orders) -> Iterator[bytes | memoryview]:
    """The message, piece by piece; at least one transfer."""
    yield _head(heading, len(orders.entry), exact_sum(orders.amount))
    between = _pieces(heading.version)
    for transfers, texts in chunks(orders):
        measured = blank(Sizes, len(transfers.entry))
        kernel.measure(transfers, between, measured)
        out = np.empty(int(measured.bytes.sum(dtype=np.int64)), np.uint8)
        kernel.write(transfers, texts, between, out)
        yield out.data
    yield b"</PmtInf></CstmrCdtTrfInitn></Document>\n"


def exact_sum(amounts: NDArray[np.int64]) -> int:
    """The sum of amounts of zero or more, however large."""
    low_bits = 32
    high, low = amounts >> low_bits, amounts & (1 << low_bits) - 1
    return (int(high.sum()) << low_bits) + int(low.sum())


def decimal(cents: int) -> str:
    """``123456`` as ``1234.56``."""
    return f"{cents // CENTS_PER_EURO}.{cents % CENTS_PER_EURO:02}"


def _head(heading: Heading, count: int, cents: int) -> bytes:
    version, debtor, way = heading.version, heading.debtor, heading.way
    control = f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{decimal(cents)}</CtrlSum>"
    created = heading.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "".join(
        (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{version.namespace}"><CstmrCdtTrfInitn>',
            f"<GrpHdr><MsgId>{heading.message}</MsgId><CreDtTm>{created}</CreDtTm>{control}",
            f"<InitgPty><Nm>{_name(heading.initiator)}</Nm></InitgPty></GrpHdr>\n",
            f"<PmtInf><PmtInfId>{heading.message}</PmtInfId><PmtMtd>TRF</PmtMtd>",
            f"<BtchBookg>{str(heading.batch_booking).lower()}</BtchBookg>{control}",
            f"<PmtTpInf>{_SERVICE[way]}</PmtTpInf><ReqdExctnDt>{version.day(heading.executed)}</ReqdExctnDt>",
            f"<Dbtr><Nm>{_name(debtor.holder)}</Nm></Dbtr><DbtrAcct><Id><IBAN>{debtor.iban}</IBAN></Id></DbtrAcct>",
            f"<DbtrAgt><FinInstnId><{version.bank}>{debtor.bic}</{version.bank}></FinInstnId></DbtrAgt>",
            f"<ChrgBr>{_CHARGES[way]}</ChrgBr>\n",
        )
    ).encode("ascii")


def _name(text: str) -> str:
    return transferable(text).strip()[:70].rstrip()


def _pieces(version: Version) -> Pieces:
    """What stands around the values of a transfer, in the order of ``kernels.transfer_xml``."""
    bank = version.bank
    texts = (
        "<CdtTrfTxInf><PmtId><EndToEndId>",
        f'</EndToEndId></PmtId><Amt><InstdAmt Ccy="{CURRENCY}">',
        "</InstdAmt></Amt>",
        f"<CdtrAgt><FinInstnId><{bank}>",
        f"</{bank}></FinInstnId></CdtrAgt>",
        "<Cdtr><Nm>",
        "</Nm></Cdtr><CdtrAcct><Id><IBAN>",
        "</IBAN></Id></CdtrAcct>",
        "<RmtInf><Ustrd>",
        "</Ustrd></RmtInf>",
        "</CdtTrfTxInf>\n",
    )
    start = np.cumsum([0, *map(len, texts)]).astype(np.int32)
    return seal(Pieces(start, np.frombuffer("".join(texts).encode("ascii"), np.uint8)))
