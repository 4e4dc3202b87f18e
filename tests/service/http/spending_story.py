"""Example acts, sent over HTTP: credits, a commitment and what follows it; and the queries about them.

The examples in the OpenAPI document are the responses to these queries.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from reporting.report_catalog import REPORTS
from tests.file_strategies import File, Row
from tests.service.http.access_keys import ACCOUNTANT, AUDITOR, DIRECTORATE, MINISTRY, OPERATOR
from tests.service.http.running_service import JSONL, to_jsonl

UNIT = "0177-D013-DD13"
_CELL = {"fund_centre": UNIT, "functional_area": "0177-12", "commitment_item": "31"}
_SUPPLIER = {"payee": "SUPPLIER"}
_TERMS = {
    "received": "2018-03-02",
    "due": "2018-04-01",
    "method": "sepa",
    "invoice_number": "F-2018-7",
    "invoice_date": "2018-02-28",
    "remittance": "Facture F-2018-7",
}


def _build_act(kind: str, reference: str, amount: str, *fields: Mapping[str, str], **more: str) -> Row:
    row = {"reference": reference, "kind": kind, "exercise": "2018", "date": "2018-03-05", "amount": amount}
    for field in fields:
        row |= field
    return row | more


def _build_credit(kind: str, reference: str, amount: str, centre: str) -> Row:
    return _build_act(kind, reference, amount, fund_centre=centre, commitment_item="HT2")


_CREDITS: File = [
    _build_credit(f"{act}_{measure}", f"{letter}-{measure.upper()}", amount, centre)
    for act, letter, centre, amounts in (
        ("budget_opening", "LFI", "0177", ("1000.00", "900.00")),
        ("allotment", "BOP", "0177-D013", ("600.00", "500.00")),
        ("allotment", "UO", UNIT, ("300.00", "200.00")),
    )
    for measure, amount in zip(("ae", "cp"), amounts, strict=True)
]
_PAYEE: File = [
    _build_act(
        "third_party",
        "TIERS-1",
        "",
        _SUPPLIER,
        payee_name="Fournisseur",
        iban="FR1420041010050500013M02606",
        bic="PSSTFRPP",
    )
]
_SPENDING: File = [
    _build_act("commitment", "EJ-1", "100.00", _CELL),
    _build_act("commitment_increase", "EJ-1-AV1", "20.00", predecessor="EJ-1"),
    _build_act("service", "SF-1", "60.00", predecessor="EJ-1"),
    _build_act("service_cancellation", "SF-1-AN", "5.00", predecessor="SF-1"),
    _build_act("payment_request", "DP-1", "40.00", _SUPPLIER, _TERMS, predecessor="EJ-1"),
    _build_act("direct_payment_request", "DP-2", "1000.00", _CELL, _SUPPLIER),
    _build_act("commitment", "EJ-1", "100.00", _CELL),
    _build_act("commitment", "EJ-1", "130.00", _CELL),
]
_REJECTIONS: File = [
    _build_act("payment_request_rejection", "RJ-1", "15.00", predecessor="DP-1", predecessor_sender="MIN-09")
]
FILES: Sequence[tuple[Mapping[str, str], File]] = (
    (DIRECTORATE, _CREDITS[:2]),
    (MINISTRY, _CREDITS[2:]),
    (ACCOUNTANT, _PAYEE),
    (MINISTRY, _SPENDING),
    (ACCOUNTANT, _REJECTIONS),
)
COMMITTED, REQUESTED = 8, 12
"""Entries of EJ-1 and of DP-1."""

QUERIES: Mapping[str, tuple[Mapping[str, str], str]] = {
    "/v1/acts": (MINISTRY, "/v1/acts?reference=EJ-1&exercise=2018"),
    "/v1/acts/{entry}": (AUDITOR, f"/v1/acts/{REQUESTED}?proof=true"),
    "/v1/documents": (MINISTRY, "/v1/documents?document=PACA/2018/DEP/1"),
    "/v1/acts/{entry}/followers": (MINISTRY, f"/v1/acts/{COMMITTED}/followers?limit=2"),
    "/v1/commitments": (MINISTRY, "/v1/commitments?reference=EJ-1"),
    "/v1/commitments/{entry}": (MINISTRY, f"/v1/commitments/{COMMITTED}"),
    "/v1/payments": (MINISTRY, "/v1/payments?reference=DP-1"),
    "/v1/payments/{entry}": (ACCOUNTANT, f"/v1/payments/{REQUESTED}"),
    "/v1/budget/nodes": (MINISTRY, f"/v1/budget/nodes?fund_centre={UNIT}&year=2018"),
    "/v1/budget/programmes": (MINISTRY, "/v1/budget/programmes?year=2018"),
    "/v1/periods": (MINISTRY, "/v1/periods"),
    "/v1/persons": (AUDITOR, "/v1/persons"),
    **{
        f"/v1/reports/{report.name}": (AUDITOR, f"/v1/reports/{report.name}?{report.example}".rstrip("?"))
        for report in REPORTS
        if report.example is not None
    },
}
"""By route: the headers of the caller, and the address."""
PERSONS: Sequence[Mapping[str, Any]] = (
    {"type": "add", "code": "amartin", "name": "Alice Martin"},
    {"type": "add", "code": "bpetit", "name": "Bruno Petit"},
    {
        "type": "grant",
        "person": "amartin",
        "role": "authorising_officer",
        "hand": "validation",
        "centre": UNIT,
        "first_day": "2018-01-01",
        "ceiling": "50000.00",
    },
    {
        "type": "delegate",
        "number": "D-2018-1",
        "owner": "amartin",
        "delegate": "bpetit",
        "role": "authorising_officer",
        "centres": [UNIT],
        "first_day": "2018-07-01",
        "last_day": "2018-08-31",
    },
    {
        "type": "agree",
        "number": "A-2018-1",
        "sender": "MIN-09",
        "kinds": ["commitment", "service"],
        "first_day": "2018-01-01",
        "separation": "Deux identifiants personnels, contrôlés par l'application",
    },
)
TIMESTAMP_FIELDS = ("committed_at", "received_at", "at")
FIXED_TIMESTAMP = "2018-03-05T09:30:00+00:00"


async def submit_story(client: httpx.AsyncClient) -> None:
    """Send the acts."""
    for key, rows in FILES:
        headers = {**JSONL, **key}
        response = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=headers)
        assert response.json()["state"] == "decided", response.text
    for entry in PERSONS:
        change = {"entry": entry, "reason": "Prise de fonctions", "by": "Claire Durand"}
        response = await client.post("/v1/persons", json=change, headers=OPERATOR)
        assert response.status_code == 200, response.text


async def read_answers(client: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """Return the responses to all queries, with fixed timestamps."""
    answers: dict[str, dict[str, Any]] = {}
    for route, (key, address) in QUERIES.items():
        answer = await client.get(address, headers=key)
        assert answer.status_code == 200, answer.text
        answers[route] = {"asked": address, "answer": fix_timestamps(answer.json())}
        if route.startswith("/v1/reports"):
            text = await client.get(address, headers={**key, "accept": "text/csv"})
            answers[route]["csv"] = text.text
    return answers


def fix_timestamps(value: Any) -> Any:
    """Replace timestamps by a fixed one."""
    if isinstance(value, list):
        return [fix_timestamps(item) for item in value]
    if isinstance(value, dict):
        return {
            name: FIXED_TIMESTAMP if name in TIMESTAMP_FIELDS else fix_timestamps(item)
            for name, item in value.items()
        }
    return value
