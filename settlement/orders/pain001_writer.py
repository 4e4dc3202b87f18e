"""Writer of pain.001 files for the central bank: from columns, and always the same bytes for the same orders.

A message orders the transfers of one operations account, by one method, on one day.  The version is .09, or .03 for a bank
that still requires it; they differ in the elements of the execution day and of the BIC.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.iso20022 import CURRENCY
from core.money import format_plain_euros, sum_exactly
from core.payment_rules import TransferMethod
from core.tables.columns import allocate_zeros, seal
from core.tables.transfers import TransferSizes, TransferTemplate
from kernels import transfer_xml as kernel
from settlement.orders.charset import to_transfer_charset
from settlement.orders.transfer_texts import TransferOrders, iterate_chunks

OVERHEAD_BYTES_MAX = 2_000
"""Upper bound of the bytes before and after the transfers."""

_ANY_LEDGER = 1
"""An identifier has the same length whatever its ledger."""
_SERVICE_LEVEL: Mapping[TransferMethod, str] = {
    TransferMethod.SEPA: "<SvcLvl><Cd>SEPA</Cd></SvcLvl>",
    TransferMethod.RTGS: "<InstrPrty>HIGH</InstrPrty><SvcLvl><Cd>URGP</Cd></SvcLvl>",
}
_CHARGE_BEARER: Mapping[TransferMethod, str] = {TransferMethod.SEPA: "SLEV", TransferMethod.RTGS: "SHAR"}
"""Each side pays its own bank: SEPA requires the code SLEV for it, other transfers use SHAR."""


class Pain001Version(StrEnum):
    """The versions of pain.001.001 that can be written."""

    V03 = "03"
    V09 = "09"

    @property
    def namespace(self) -> str:
        """The XML namespace."""
        return f"urn:iso:std:iso:20022:tech:xsd:pain.001.001.{self}"

    @property
    def bic_element(self) -> str:
        """The name of the element with a BIC."""
        return "BIC" if self is Pain001Version.V03 else "BICFI"

    def format_day(self, day: date) -> str:
        """Return the content of the element with the execution day."""
        return day.isoformat() if self is Pain001Version.V03 else f"<Dt>{day.isoformat()}</Dt>"


class Debtor(NamedTuple):
    """The holder of the operations account that pays."""

    holder: str
    iban: str
    bic: str


class PaymentFileHeader(NamedTuple):
    """Everything in a payment file except its transfers."""

    ledger: int
    """The number of the ledger, which is part of every name in the file."""
    message_id: str
    """Identifier of the message: at most 35 characters of the SEPA character set."""
    created: datetime
    initiator: str
    debtor: Debtor
    method: TransferMethod
    execution_day: date
    batch_booking: bool
    version: Pain001Version = Pain001Version.V09


def measure_transfers(orders: TransferOrders, version: Pain001Version) -> NDArray[np.int64]:
    """Return the bytes of each transfer."""
    size_bytes, template = np.empty(len(orders.entry), np.int64), _build_transfer_template(version)
    first = 0
    for transfers, _ in iterate_chunks(orders, _ANY_LEDGER):
        sizes = allocate_zeros(TransferSizes, len(transfers.number))
        kernel.measure_transfers(transfers, template, sizes)
        size_bytes[first : first + len(sizes.bytes)] = sizes.bytes
        first += len(sizes.bytes)
    return size_bytes


def write_message(header: PaymentFileHeader, orders: TransferOrders) -> Iterator[bytes | memoryview]:
    """Yield the message chunk by chunk; ``orders`` has at least one transfer."""
    yield _write_head(header, len(orders.entry), sum_exactly(orders.amount))
    template = _build_transfer_template(header.version)
    for transfers, texts in iterate_chunks(orders, header.ledger):
        sizes = allocate_zeros(TransferSizes, len(transfers.number))
        kernel.measure_transfers(transfers, template, sizes)
        buffer = np.empty(int(sizes.bytes.sum(dtype=np.int64)), np.uint8)
        kernel.write_transfers(transfers, texts, template, buffer)
        yield buffer.data
    yield b"</PmtInf></CstmrCdtTrfInitn></Document>\n"


def _write_head(header: PaymentFileHeader, count: int, cents: int) -> bytes:
    version, debtor, method = header.version, header.debtor, header.method
    control = f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{format_plain_euros(cents)}</CtrlSum>"
    created = header.created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return "".join(
        (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{version.namespace}"><CstmrCdtTrfInitn>',
            f"<GrpHdr><MsgId>{header.message_id}</MsgId><CreDtTm>{created}</CreDtTm>{control}",
            f"<InitgPty><Nm>{_format_name(header.initiator)}</Nm></InitgPty></GrpHdr>\n",
            f"<PmtInf><PmtInfId>{header.message_id}</PmtInfId><PmtMtd>TRF</PmtMtd>",
            f"<BtchBookg>{str(header.batch_booking).lower()}</BtchBookg>{control}",
            f"<PmtTpInf>{_SERVICE_LEVEL[method]}</PmtTpInf><ReqdExctnDt>{version.format_day(header.execution_day)}</ReqdExctnDt>",
            f"<Dbtr><Nm>{_format_name(debtor.holder)}</Nm></Dbtr><DbtrAcct><Id><IBAN>{debtor.iban}</IBAN></Id></DbtrAcct>",
            f"<DbtrAgt><FinInstnId><{version.bic_element}>{debtor.bic}</{version.bic_element}></FinInstnId></DbtrAgt>",
            f"<ChrgBr>{_CHARGE_BEARER[method]}</ChrgBr>\n",
        )
    ).encode("ascii")


def _format_name(text: str) -> str:
    return to_transfer_charset(text).strip()[:70].rstrip()


def _build_transfer_template(version: Pain001Version) -> TransferTemplate:
    """Build the XML around the values of a transfer, in the order that ``kernels.transfer_xml`` expects."""
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
