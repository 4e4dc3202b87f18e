"""Invoices in a batch: what a refusal names, and how many requests state none."""

from core.outcome_codes import Outcome
from core.tables.journal import Refusals
from posting.pgcopy import HEADER, TRAILER, decode
from tests.file_strategies import PLACES, File, Row, build_openings
from tests.posting.text_engine import TextEngine

_PAYEE = {"payee": "P1", "payee_name": "Traiteur", "iban": "FR7630006000011234567890189"}
_COMMON = {"exercise": "2018", "date": "2018-05-02"}
_AT = PLACES[0]
_REQUEST = _COMMON | {
    "kind": "direct_payment_request",
    "fund_centre": _AT.unit,
    "functional_area": _AT.area,
    "commitment_item": _AT.items[0],
    "payee": "P1",
    "amount": "0.01",
}
_INVOICE = {"invoice_number": "F-77", "invoice_date": "2018-04-20"}


def _request(reference: str, line: str = "1", **fields: str) -> Row:
    return _REQUEST | {"reference": reference, "line": line} | fields


def _start() -> TextEngine:
    harness = TextEngine()
    harness.decide_files(build_openings(), [_COMMON | _PAYEE | {"kind": "third_party", "reference": "T1"}])
    return harness


def test_requests_without_an_invoice_number_are_counted() -> None:
    """By line, and only where they are accepted; other kinds are no requests of an invoice."""
    harness = _start()
    rows: File = [
        _request("D1"),
        _request("D2", **_INVOICE),
        _request("D3", **_INVOICE | {"invoice_number": "F-78"}),
        _request("D3", "2", **_INVOICE | {"invoice_number": "F-78"}),
        _request("D3", "3"),
        _request("D4", invoice_number=" - "),
        _request("D5", amount="0"),
        _COMMON
        | {"kind": "attachment", "reference": "O1", "predecessor": "D1", "payee": "P1", "amount": "0.01"},
    ]
    result = harness.decide_files(rows)
    assert result.outcome_counts[:, Outcome.ACCEPTED].sum() == 7
    assert result.requests_without_invoice == 3
    assert harness.decide_files([_request("D6")]).requests_without_invoice == 1
    assert harness.decide_files([_request("D2", **_INVOICE)]).requests_without_invoice == 0, "a duplicate"


def test_a_refusal_names_the_first_request_by_entry_and_day_alone() -> None:
    harness = _start()
    harness.decide_files([_request("D1", date="2018-04-25", **_INVOICE)])
    entry = harness.state.entries
    result = harness.decide_files([_request("D2", **_INVOICE)])
    rows, texts = decode(Refusals, HEADER + result.streams["refusal"].tobytes() + TRAILER, 2)
    assert rows.code.tolist() == [Outcome.INVOICE_ALREADY_REQUESTED]
    assert [texts.decode_row(1)] == [f"@{entry} of 2018-04-25"]
