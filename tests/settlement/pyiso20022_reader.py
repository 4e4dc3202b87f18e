"""The bank's messages as a library from the package index reads them (pyiso20022, by xsdata): nothing of ours."""

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
    """The document as objects; what is unknown there, or is no value of its type, is an error."""
    strict = ParserConfig(fail_on_unknown_properties=True, fail_on_converter_warnings=True)
    return XmlParser(config=strict).from_bytes(text, DOCUMENTS[message, version])


def serialize_document(document: Any) -> bytes:
    return XmlSerializer().render(document).encode()


def find_faults(found: Any, where: str = "") -> list[str]:
    """Where a document breaks what its classes have from the schema: what must stand there, lengths, patterns, digits."""
    broken: list[str] = []
    for each in fields(found):
        value, told = getattr(found, each.name), each.metadata
        values = value if isinstance(value, list) else [] if value is None else [value]
        if told.get("required") and not values:
            broken.append(f"{where}/{each.name} is missing")
        for one in values:
            if is_dataclass(one):
                broken += find_faults(one, f"{where}/{each.name}")
            elif not _fits(one, told):
                broken.append(f"{where}/{each.name} is {one!r}")
    return broken


def _fits(value: Any, told: Any) -> bool:
    if isinstance(value, Decimal):
        sign, digits, exponent = value.as_tuple()
        is_short = len(digits) <= told.get("total_digits", 99) and -int(exponent) <= told.get(
            "fraction_digits", 99
        )
        return is_short and not (sign and told.get("min_inclusive") == 0)
    text = _text(value)
    is_long = not told.get("min_length", 0) <= len(text) <= told.get("max_length", len(text))
    return not is_long and bool(re.fullmatch(told.get("pattern", "(?s:.*)"), text))


def read_statements(path: Path, message: str, version: str) -> list[ReadStatement]:
    document = parse_document(path.read_bytes(), message, version)
    if message == "camt.053":
        return [_statement(each) for each in document.bk_to_cstmr_stmt.stmt]
    return [_statement(each) for each in document.bk_to_cstmr_dbt_cdt_ntfctn.ntfctn]


def read_rejections(path: Path) -> list[tuple[str, str, int]]:
    """End-to-end id, reason and cents of each transfer that a pain.002 rejects."""
    found = []
    for lot in parse_document(path.read_bytes(), "pain.002", "12").cstmr_pmt_sts_rpt.orgnl_pmt_inf_and_sts:
        for one in lot.tx_inf_and_sts:
            if one.tx_sts == "RJCT":
                cents = _cents(one.orgnl_tx_ref.amt.instd_amt.value)
                found.append((one.orgnl_end_to_end_id, one.sts_rsn_inf[0].rsn.cd, cents))
    return found


def _statement(found: Any) -> ReadStatement:
    balances = {_text(each.tp.cd_or_prtry.cd): _signed(each) for each in getattr(found, "bal", ())}
    moved = [each for entry in found.ntry for each in _entry(entry)]
    return ReadStatement(found.id, found.acct.id.iban, balances.get("OPBD"), balances.get("CLBD"), moved)


def _entry(entry: Any) -> Iterator[ReadMovement]:
    day = str(entry.bookg_dt.dt)
    for block in entry.ntry_dtls:
        for one in block.tx_dtls:
            amount = getattr(one, "amt", None) or one.amt_dtls.tx_amt.amt
            sign = -1 if _text(getattr(one, "cdt_dbt_ind", None) or entry.cdt_dbt_ind) == "DBIT" else 1
            reason = one.rtr_inf.rsn.cd if one.rtr_inf else ""
            yield ReadMovement(one.refs.end_to_end_id, sign * _cents(amount.value), reason, day)


def _signed(balance: Any) -> int:
    return _cents(balance.amt.value) * (-1 if _text(balance.cdt_dbt_ind) == "DBIT" else 1)


def _cents(value: Decimal) -> int:
    cents = value * 100
    assert cents == int(cents)
    return int(cents)


def _text(found: Any) -> str:
    return str(getattr(found, "value", found))
