"""Bank messages as another library reads them (pyiso20022, by xsdata): independent of our code."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from pyiso20022.camt.camt_053_001_02.camt_053_001_02 import Document as Statement02
from pyiso20022.camt.camt_053_001_08.camt_053_001_08 import Document as Statement08
from pyiso20022.camt.camt_054_001_02.camt_054_001_02 import Document as Notice02
from pyiso20022.camt.camt_054_001_08.camt_054_001_08 import Document as Notice08
from pyiso20022.pain.pain_002_001_10.pain_002_001_10 import Document as Report10
from pyiso20022.pain.pain_002_001_12.pain_002_001_12 import Document as Report12
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.serializers import XmlSerializer

DOCUMENTS = {
    ("camt.053", "02"): Statement02,
    ("camt.053", "08"): Statement08,
    ("camt.054", "02"): Notice02,
    ("camt.054", "08"): Notice08,
    ("pain.002", "10"): Report10,
    ("pain.002", "12"): Report12,
}


class ReadMovement(NamedTuple):
    """A movement: its end-to-end id, signed cents, reason, day."""

    end_to_end: str
    cents: int
    reason: str
    day: str


class ReadStatement(NamedTuple):
    """A statement: id, account, opening, closing, movements."""

    identity: str
    account: str
    opening: int | None
    closing: int | None
    movements: list[ReadMovement]


def parse_document(text: bytes, message: str, version: str) -> Any:
    """Parse a document strictly: an unknown element or a value of another type is an error."""
    strict = ParserConfig(fail_on_unknown_properties=True, fail_on_converter_warnings=True)
    return XmlParser(config=strict).from_bytes(text, DOCUMENTS[message, version])


def serialize_document(document: Any) -> bytes:
    return XmlSerializer().render(document).encode()


def find_faults(element: Any, path: str = "") -> list[str]:
    """List where a document breaks its schema, as the classes state it: required elements, lengths, patterns, digits."""
    faults: list[str] = []
    for field in fields(element):
        value, rules = getattr(element, field.name), field.metadata
        values = value if isinstance(value, list) else [] if value is None else [value]
        if rules.get("required") and not values:
            faults.append(f"{path}/{field.name} is missing")
        for child in values:
            if is_dataclass(child):
                faults += find_faults(child, f"{path}/{field.name}")
            elif not _is_valid(child, rules):
                faults.append(f"{path}/{field.name} is {child!r}")
    return faults


def _is_valid(value: Any, rules: Any) -> bool:
    if isinstance(value, Decimal):
        sign, digits, exponent = value.as_tuple()
        is_short = len(digits) <= rules.get("total_digits", 99) and -int(exponent) <= rules.get(
            "fraction_digits", 99
        )
        return is_short and not (sign and rules.get("min_inclusive") == 0)
    text = _read_text(value)
    is_long = not rules.get("min_length", 0) <= len(text) <= rules.get("max_length", len(text))
    return not is_long and bool(re.fullmatch(rules.get("pattern", "(?s:.*)"), text))


def read_statements(path: Path, message: str, version: str) -> list[ReadStatement]:
    document = parse_document(path.read_bytes(), message, version)
    if message == "camt.053":
        return [_read_statement(statement) for statement in document.bk_to_cstmr_stmt.stmt]
    return [_read_statement(notice) for notice in document.bk_to_cstmr_dbt_cdt_ntfctn.ntfctn]


def read_rejections(path: Path) -> list[tuple[str, str, int]]:
    """Return end-to-end id, reason and cents of each transfer that a pain.002 rejects."""
    rejections = []
    for lot in parse_document(path.read_bytes(), "pain.002", "12").cstmr_pmt_sts_rpt.orgnl_pmt_inf_and_sts:
        for transaction in lot.tx_inf_and_sts:
            if transaction.tx_sts == "RJCT":
                cents = _to_cents(transaction.orgnl_tx_ref.amt.instd_amt.value)
                reason = transaction.sts_rsn_inf[0].rsn.cd
                rejections.append((transaction.orgnl_end_to_end_id, reason, cents))
    return rejections


def _read_statement(statement: Any) -> ReadStatement:
    balances = {
        _read_text(balance.tp.cd_or_prtry.cd): _read_balance(balance)
        for balance in getattr(statement, "bal", ())
    }
    movements = [movement for entry in statement.ntry for movement in _read_entry(entry)]
    account = statement.acct.id.iban
    return ReadStatement(statement.id, account, balances.get("OPBD"), balances.get("CLBD"), movements)


def _read_entry(entry: Any) -> Iterator[ReadMovement]:
    day = str(entry.bookg_dt.dt)
    for details in entry.ntry_dtls:
        for detail in details.tx_dtls:
            amount = getattr(detail, "amt", None) or detail.amt_dtls.tx_amt.amt
            direction = getattr(detail, "cdt_dbt_ind", None) or entry.cdt_dbt_ind
            sign = -1 if _read_text(direction) == "DBIT" else 1
            reason = detail.rtr_inf.rsn.cd if detail.rtr_inf else ""
            yield ReadMovement(detail.refs.end_to_end_id, sign * _to_cents(amount.value), reason, day)


def _read_balance(balance: Any) -> int:
    return _to_cents(balance.amt.value) * (-1 if _read_text(balance.cdt_dbt_ind) == "DBIT" else 1)


def _to_cents(value: Decimal) -> int:
    cents = value * 100
    assert cents == int(cents)
    return int(cents)


def _read_text(value: Any) -> str:
    return str(getattr(value, "value", value))
