"""camt.053 and camt.054 of the simulated bank: a day's statement, and the notice of what came back on it.

Transfers of a lot are one entry with its details, as banks book batches; what comes back is an entry each.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple
from xml.sax.saxutils import escape

from settlement.simulated_bank.accounts import Day, by_lot
from settlement.simulated_bank.pain001_reader import Orders
from settlement.simulated_bank.transfer_outcomes import Fates
from settlement.simulated_bank.xml_values import date, decimal, sign


class Version(StrEnum):
    """Versions of camt.053.001 and camt.054.001 that are written."""

    V02 = "02"
    V08 = "08"


class Bank(NamedTuple):
    """What the bank was asked and did, and how it writes."""

    orders: Orders
    fates: Fates
    version: Version


def statement(bank: Bank, days: Sequence[Day]) -> Iterator[str]:
    """A camt.053 of one day, for one account or several, in pieces."""
    yield from _head("camt.053", "BkToCstmrStmt", _message(days), (bank.version, days[0].day))
    for day in days:
        yield f"<Stmt><Id>{name(day)}</Id><ElctrncSeqNb>{day.number}</ElctrncSeqNb><CreDtTm>{date(day.day)}T22:00:00</CreDtTm>"
        yield _account(day.account)
        yield _balance("OPBD", day.opening, day.day) + _balance("CLBD", day.closing, day.day)
        yield from _debits(bank, day)
        yield from _returns(bank, day)
        yield "</Stmt>"
    yield "</BkToCstmrStmt></Document>\n"


def notice(bank: Bank, days: Sequence[Day]) -> Iterator[str]:
    """A camt.054 of what came back on one day, for one account or several, in pieces."""
    yield from _head("camt.054", "BkToCstmrDbtCdtNtfctn", f"N{_message(days)}", (bank.version, days[0].day))
    for day in days:
        yield f"<Ntfctn><Id>N{name(day)}</Id><CreDtTm>{date(day.day)}T18:00:00</CreDtTm>{_account(day.account)}"
        yield from _returns(bank, day)
        yield "</Ntfctn>"
    yield "</BkToCstmrDbtCdtNtfctn></Document>\n"


def _message(days: Sequence[Day]) -> str:
    return name(days[0]) if len(days) == 1 else f"{name(days[0])}-{len(days)}"


def name(day: Day) -> str:
    """What a statement is called: its account and its number."""
    return f"{day.account[-23:]}-{day.number:05}"


def _head(message: str, container: str, identity: str, told: tuple[Version, int]) -> Iterator[str]:
    version, day = told
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{message}.001.{version}"><{container}>'
    yield f"<GrpHdr><MsgId>{identity}</MsgId><CreDtTm>{date(day)}T22:00:00</CreDtTm></GrpHdr>"


def _account(account: str) -> str:
    return f"<Acct><Id><IBAN>{account}</IBAN></Id><Ccy>EUR</Ccy></Acct>"


def _balance(code: str, cents: int, day: int) -> str:
    return (
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{decimal(cents)}</Amt>'
        f"<CdtDbtInd>{sign(cents)}</CdtDbtInd><Dt><Dt>{date(day)}</Dt></Dt></Bal>"
    )


def _debits(bank: Bank, day: Day) -> Iterator[str]:
    orders = bank.orders
    for number, rows in enumerate(by_lot(orders, day.debits), 1):
        lot = orders.lots[int(orders.lot[rows[0]])]
        total = int(orders.amount[rows].sum())
        yield _entry(bank, day, (f"{day.number}D{number}", -total, "ESCT"))
        yield f"<NtryDtls><Btch><PmtInfId>{escape(lot.identity)}</PmtInfId><NbOfTxs>{rows.size}</NbOfTxs></Btch>"
        for row, cents in zip(rows.tolist(), orders.amount[rows].tolist(), strict=True):
            yield f"{_detail(bank, row, -cents)}</TxDtls>\n"
        yield "</NtryDtls></Ntry>\n"


def _returns(bank: Bank, day: Day) -> Iterator[str]:
    orders, fates = bank.orders, bank.fates
    for number, row in enumerate(day.returns.tolist(), 1):
        cents, code = int(orders.amount[row]), fates.codes[int(fates.reason[row])]
        yield _entry(bank, day, (f"{day.number}R{number}", cents, "RRTN"))
        yield f"<NtryDtls>{_detail(bank, row, cents)}<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry>\n"


def _entry(bank: Bank, day: Day, told: tuple[str, int, str]) -> str:
    reference, cents, family = told
    status = "BOOK" if bank.version is Version.V02 else "<Cd>BOOK</Cd>"
    return (
        f'<Ntry><NtryRef>{reference}</NtryRef><Amt Ccy="EUR">{decimal(cents)}</Amt><CdtDbtInd>{sign(cents)}</CdtDbtInd>'
        f"<Sts>{status}</Sts><BookgDt><Dt>{date(day.day)}</Dt></BookgDt><ValDt><Dt>{date(day.day)}</Dt></ValDt>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>{family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    )


def _detail(bank: Bank, row: int, cents: int) -> str:
    orders = bank.orders
    amount = f'<Amt Ccy="EUR">{decimal(cents)}</Amt>'
    party = f"<Nm>{escape(orders.names[row])}</Nm>"
    if bank.version is Version.V02:
        amount = f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
    else:
        amount, party = f"{amount}<CdtDbtInd>{sign(cents)}</CdtDbtInd>", f"<Pty>{party}</Pty>"
    account = (
        f"<CdtrAcct><Id><IBAN>{orders.accounts[row]}</IBAN></Id></CdtrAcct>" if orders.accounts[row] else ""
    )
    return (
        f"<TxDtls><Refs><EndToEndId>{escape(orders.end_to_end[row])}</EndToEndId></Refs>{amount}"
        f"<RltdPties><Cdtr>{party}</Cdtr>{account}</RltdPties>"
    )
