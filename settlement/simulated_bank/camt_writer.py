"""camt.053 and camt.054 of the simulated bank: the statement of a day, and the notice of its returns.

The transfers of a lot are one entry with details, as banks book batches; each return is an entry of its own.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple
from xml.sax.saxutils import escape

from settlement.simulated_bank.accounts import AccountDay, group_by_lot
from settlement.simulated_bank.pain001_reader import PaymentOrders
from settlement.simulated_bank.transfer_outcomes import TransferOutcomes
from settlement.simulated_bank.xml_values import format_cents, format_date, format_sign


class CamtVersion(StrEnum):
    """The versions of camt.053.001 and camt.054.001 that can be written."""

    V02 = "02"
    V08 = "08"


class BankActivity(NamedTuple):
    """What the bank was ordered to do, the outcomes, and the version of its messages."""

    orders: PaymentOrders
    outcomes: TransferOutcomes
    version: CamtVersion


def write_statement(bank: BankActivity, days: Sequence[AccountDay]) -> Iterator[str]:
    """Yield a camt.053 of one day, for one account or several."""
    yield from _write_head(bank, days, "camt.053", container="BkToCstmrStmt")
    for day in days:
        yield f"<Stmt><Id>{format_statement_name(day)}</Id><ElctrncSeqNb>{day.number}</ElctrncSeqNb>"
        yield f"<CreDtTm>{format_date(day.day)}T22:00:00</CreDtTm>"
        yield _format_account(day.account)
        yield _format_balance("OPBD", day.opening, day.day) + _format_balance("CLBD", day.closing, day.day)
        yield from _write_debits(bank, day)
        yield from _write_returns(bank, day)
        yield "</Stmt>"
    yield "</BkToCstmrStmt></Document>\n"


def write_notice(bank: BankActivity, days: Sequence[AccountDay]) -> Iterator[str]:
    """Yield a camt.054 with the returns of one day, for one account or several."""
    yield from _write_head(bank, days, "camt.054", container="BkToCstmrDbtCdtNtfctn", prefix="N")
    for day in days:
        yield f"<Ntfctn><Id>N{format_statement_name(day)}</Id><CreDtTm>{format_date(day.day)}T18:00:00</CreDtTm>"
        yield _format_account(day.account)
        yield from _write_returns(bank, day)
        yield "</Ntfctn>"
    yield "</BkToCstmrDbtCdtNtfctn></Document>\n"


def _format_message_id(days: Sequence[AccountDay]) -> str:
    first = format_statement_name(days[0])
    return first if len(days) == 1 else f"{first}-{len(days)}"


def format_statement_name(day: AccountDay) -> str:
    """Return the identifier of a statement: its account and its number."""
    return f"{day.account[-23:]}-{day.number:05}"


def _write_head(
    bank: BankActivity, days: Sequence[AccountDay], message: str, *, container: str, prefix: str = ""
) -> Iterator[str]:
    identity, date = f"{prefix}{_format_message_id(days)}", format_date(days[0].day)
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}.001.{bank.version}"><{container}>'
    yield f"<GrpHdr><MsgId>{identity}</MsgId><CreDtTm>{date}T22:00:00</CreDtTm></GrpHdr>"


def _format_account(account: str) -> str:
    return f"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"


def _format_balance(code: str, cents: int, day: int) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{format_cents(cents)}</Amt>'
        f"<CdtDbtInd>{format_sign(cents)}</CdtDbtInd><Dt><Dt>{format_date(day)}</Dt></Dt></Bal>"
    )


def _write_debits(bank: BankActivity, day: AccountDay) -> Iterator[str]:
    orders = bank.orders
    for number, rows in enumerate(group_by_lot(orders, day.debits), 1):
        lot = orders.lots[int(orders.lot[rows[0]])]
        total = int(orders.amount[rows].sum())
        yield _format_entry(bank, day, f"{day.number}D{number}", cents=-total, family="ESCT")
        yield f"<NtryDtls><Btch><PmtInfId>{escape(lot.identity)}</PmtInfId><NbOfTxs>{rows.size}</NbOfTxs></Btch>"
        for row, cents in zip(rows.tolist(), orders.amount[rows].tolist(), strict=True):
            yield f"{_format_detail(bank, row, -cents)}</TxDtls>\n"
        yield "</NtryDtls></Ntry>\n"


def _write_returns(bank: BankActivity, day: AccountDay) -> Iterator[str]:
    orders, outcomes = bank.orders, bank.outcomes
    for number, row in enumerate(day.returns.tolist(), 1):
        cents, code = int(orders.amount[row]), outcomes.codes[int(outcomes.reason[row])]
        yield _format_entry(bank, day, f"{day.number}R{number}", cents=cents, family="RRTN")
        yield f"<NtryDtls>{_format_detail(bank, row, cents)}<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf></TxDtls>"
        yield "</NtryDtls></Ntry>\n"


def _format_entry(bank: BankActivity, day: AccountDay, reference: str, *, cents: int, family: str) -> str:
    date = format_date(day.day)
    status = "BOOK" if bank.version is CamtVersion.V02 else "<Cd>BOOK</Cd>"
    return (
        f'<Ntry><NtryRef>{reference}</NtryRef><Amt Ccy="EUR">{format_cents(cents)}</Amt>'
        f"<CdtDbtInd>{format_sign(cents)}</CdtDbtInd><Sts>{status}</Sts>"
        f"<BookgDt><Dt>{date}</Dt></BookgDt><ValDt><Dt>{date}</Dt></ValDt>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    )


def _format_detail(bank: BankActivity, row: int, cents: int) -> str:
    orders = bank.orders
    amount = f'<Amt Ccy="EUR">{format_cents(cents)}</Amt>'
    party = f"<Nm>{escape(orders.names[row])}</Nm>"
    if bank.version is CamtVersion.V02:
        amount = f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
    else:
        amount, party = f"{amount}<CdtDbtInd>{format_sign(cents)}</CdtDbtInd>", f"<Pty>{party}</Pty>"
    account = (
        f"<CdtrAcct><Id><IBAN>{orders.accounts[row]}</IBAN></Id></CdtrAcct>" if orders.accounts[row] else ""
    )
    return (
        f"<TxDtls><Refs><EndToEndId>{escape(orders.end_to_end[row])}</EndToEndId></Refs>{amount}"
        f"<RltdPties><Cdtr>{party}</Cdtr>{account}</RltdPties>"
    )
