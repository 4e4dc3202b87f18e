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
from core.payment_rules import TransferMethod
from core.tables.columns import allocate_zeros, seal
from core.tables.transfers import TransferSizes, TransferTemplate
from kernels import transfer_xml as kernel
from settlement.orders.charset import to_transfer_charset
from settlement.orders.transfer_texts import TransferOrders, iterate_chunks

OVERHEAD_BYTES_MAX = 2_000
"""What stands before and behind the transfers takes less."""

_SERVICE_LEVEL: Mapping[TransferMethod, str] = {
    TransferMethod.SEPA: "<SvcLvl><Cd>SEPA</Cd></SvcLvl>",
    TransferMethod.RTGS: "<InstrPrty>HIGH</InstrPrty><SvcLvl><Cd>URGP</Cd></SvcLvl>",
}
_CHARGE_BEARER: Mapping[TransferMethod, str] = {TransferMethod.SEPA: "SLEV", TransferMethod.RTGS: "SHAR"}
"""SEPA demands that each side pays its own bank; for other transfers the same is called shared."""


class Pain001Version(StrEnum):
    """Versions of pain.001.001 that are written."""

    V03 = "03"
    V09 = "09"

    @property
    def namespace(self) -> str:
        """Its XML namespace."""
        return f"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{self}"

    @property
    def bic_element(self) -> str:
        """The element that holds a BIC."""
        return "BIC" if self is Pain001Version.V03 else "BICFI"

    def format_day(self, day: date) -> str:
        """A day of execution."""
        return day.isoformat() if self is Pain001Version.V03 else f"<Dt>{day.isoformat()}</Dt>"


class Debtor(NamedTuple):
    """Whose operations account pays."""

    holder: str
    iban: str
    bic: str


class PaymentFileHeader(NamedTuple):
    """What a message says besides its transfers."""

    message_id: str
    """Its own identifier, in letters of payments, 35 at most."""
    created: datetime
    initiator: str
    debtor: Debtor
    way: TransferMethod
    execution_day: date
    batch_booking: bool
    version: Pain001Version = Pain001Version.V09


def measure_transfers(orders: TransferOrders, version: Pain001Version) -> NDArray[np.int64]:
    """Bytes of each transfer."""
    found, between = np.empty(len(orders.entry), np.int64), _build_transfer_template(version)
    done = 0
    for transfers, _ in iterate_chunks(orders):
        measured = allocate_zeros(TransferSizes, len(transfers.entry))
        kernel.measure_transfers(transfers, between, measured)
        found[done : done + len(measured.bytes)] = measured.bytes
        done += len(measured.bytes)
    return found


def write_message(header: PaymentFileHeader, orders: TransferOrders) -> Iterator[bytes | memoryview]:
    """The message, piece by piece; at least one transfer."""
    yield _write_head(header, len(orders.entry), sum_exactly(orders.amount))
    between = _build_transfer_template(header.version)
    for transfers, texts in iterate_chunks(orders):
        measured = allocate_zeros(TransferSizes, len(transfers.entry))
        kernel.measure_transfers(transfers, between, measured)
        out = np.empty(int(measured.bytes.sum(dtype=np.int64)), np.uint8)
        kernel.write_transfers(transfers, texts, between, out)
        yield out.data
    yield b"</PmtInf></CstmrCdtTrfInitn></Document>\n"


def sum_exactly(amounts: NDArray[np.int64]) -> int:
    """The sum of amounts of zero or more, however large."""
    low_bits = 32
    high, low = amounts >> low_bits, amounts & (1 << low_bits) - 1
    return (int(high.sum()) << low_bits) + int(low.sum())


def format_cents(cents: int) -> str:
    """``123456`` as ``1234.56``."""
    return f"{cents // CENTS_PER_EURO}.{cents % CENTS_PER_EURO:02}"


def _write_head(header: PaymentFileHeader, count: int, cents: int) -> bytes:
    version, debtor, way = header.version, header.debtor, header.way
    control = f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{format_cents(cents)}</CtrlSum>"
    created = header.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "".join(
        (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{version.namespace}"><CstmrCdtTrfInitn>',
            f"<GrpHdr><MsgId>{header.message_id}</MsgId><CreDtTm>{created}</CreDtTm>{control}",
            f"<InitgPty><Nm>{_format_name(header.initiator)}</Nm></InitgPty></GrpHdr>\n",
            f"<PmtInf><PmtInfId>{header.message_id}</PmtInfId><PmtMtd>TRF</PmtMtd>",
            f"<BtchBookg>{str(header.batch_booking).lower()}</BtchBookg>{control}",
            f"<PmtTpInf>{_SERVICE_LEVEL[way]}</PmtTpInf><ReqdExctnDt>{version.format_day(header.execution_day)}</ReqdExctnDt>",
            f"<Dbtr><Nm>{_format_name(debtor.holder)}</Nm></Dbtr><DbtrAcct><Id><IBAN>{debtor.iban}</IBAN></Id></DbtrAcct>",
            f"<DbtrAgt><FinInstnId><{version.bic_element}>{debtor.bic}</{version.bic_element}></FinInstnId></DbtrAgt>",
            f"<ChrgBr>{_CHARGE_BEARER[way]}</ChrgBr>\n",
        )
    ).encode("ascii")


def _format_name(text: str) -> str:
    return to_transfer_charset(text).strip()[:70].rstrip()


def _build_transfer_template(version: Pain001Version) -> TransferTemplate:
    """What stands around the values of a transfer, in the order of ``kernels.transfer_xml``."""
    bank = version.bic_element
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
    return seal(TransferTemplate(start, np.frombuffer("".join(texts).encode("ascii"), np.uint8)))
