"""Reports over HTTP: each caller reads the report on its own acts and programmes, and nothing of another's."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.http.handlers import reports
from tests.file_strategies import File
from tests.service.http import spending_story
from tests.service.http.access_keys import (
    ACCOUNTANT,
    AUDITOR,
    DIRECTORATE,
    FOREIGN,
    LIMITED,
    LIMITED_AUDITOR,
    MINISTRY,
    OPERATOR,
)
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, fetch, to_jsonl

_NO_DAY = "first_day=2018-03-02&last_day=2018-03-01"
pytestmark = pytest.mark.asyncio(loop_scope="module")

_CELL = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "31"}
_COMMON = {"exercise": "2018", "date": "2018-03-05"}
_CREDITS: File = [
    {**_COMMON, "kind": f"budget_opening_{measure}", "reference": f"LFI-0217-{measure}", "amount": "500.00"}
    | {"fund_centre": "0217", "commitment_item": "HT2"}
    for measure in ("ae", "cp")
]
_ALLOTMENTS: File = [
    {**_COMMON, "kind": f"allotment_{measure}", "reference": f"{centre}-{measure}", "amount": "400.00"}
    | {"fund_centre": centre, "commitment_item": "HT2"}
    for centre in ("0217-SGAC", "0217-SGAC-ASPR")
    for measure in ("ae", "cp")
]
_SPENDING: File = [
    {**_COMMON, "kind": "commitment", "reference": "F-EJ", "amount": "70.00", **_CELL},
    {**_COMMON, "kind": "service", "reference": "F-SF", "amount": "30.00", "predecessor": "F-EJ"},
    {**_COMMON, "kind": "commitment", "reference": "F-BIG", "amount": "5000.00", **_CELL},
]
"""Acts of MIN-12 in programme 0217, of which one is refused; those of the story are of MIN-09 and its accountant in 0177."""
_REFUSED_OF_STORY, _REFUSED_OF_FOREIGN = 2, 1
_DEBIT_OF_STORY, _DEBIT_OF_REJECTION, _DEBIT_OF_FOREIGN = 12_000, 1_500, 3_000
Key = Mapping[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def foreign_submission(spending_service: ServicePlace) -> int:
    """The number of the file with the acts of MIN-12."""
    async with spending_service.service.client() as client:
        for key, rows in ((DIRECTORATE, _CREDITS), (FOREIGN, _ALLOTMENTS), (FOREIGN, _SPENDING)):
            content = to_jsonl(rows)
            response = await client.post("/v1/submissions?wait=60", content=content, headers={**JSONL, **key})
            assert response.json()["state"] == "decided", response.text
        assert response.json()["receipt"]["refused"]["lines"] == 1, response.text
        return response.json()["submission"]


@pytest_asyncio.fixture(loop_scope="module")
async def client(spending_service: ServicePlace, foreign_submission: int) -> Any:
    async with spending_service.service.open_checking_client() as client:
        yield client


async def _query(client: httpx.AsyncClient, address: str, key: Key) -> Any:
    response = await client.get(f"/v1/reports/{address}", headers=key)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("path", [route.path for route in reports.ROUTES])
async def test_every_role_reads_every_report(path: str, client: httpx.AsyncClient) -> None:
    for key in (MINISTRY, ACCOUNTANT, DIRECTORATE, FOREIGN, LIMITED, LIMITED_AUDITOR, AUDITOR, OPERATOR):
        for media_type in ("application/json", "text/csv"):
            response = await client.get(path, headers={**key, "accept": media_type})
            assert response.status_code == 200, response.text


@pytest.mark.parametrize(
    ("key", "debit"),
    [
        (ACCOUNTANT, _DEBIT_OF_STORY + _DEBIT_OF_FOREIGN),
        (MINISTRY, _DEBIT_OF_STORY - _DEBIT_OF_REJECTION),
        (FOREIGN, _DEBIT_OF_FOREIGN),
        (LIMITED_AUDITOR, _DEBIT_OF_FOREIGN),
        (LIMITED, 0),
        (DIRECTORATE, 0),
        (AUDITOR, _DEBIT_OF_STORY + _DEBIT_OF_FOREIGN),
        (OPERATOR, _DEBIT_OF_STORY + _DEBIT_OF_FOREIGN),
    ],
    ids="accountant officer foreign limited-auditor limited directorate auditor operator".split(),
)
async def test_the_trial_balance_is_of_the_callers_acts(
    key: Key, debit: int, client: httpx.AsyncClient
) -> None:
    balance = await _query(client, "trial-balance?exercise=2018", key)
    assert (balance["debit"], balance["credit"]) == (debit, debit)
    assert sum(account["debit"] for account in balance["accounts"]) == debit
    assert (await _query(client, "trial-balance?batch=1", key))["accounts"] == []
    assert (await _query(client, "trial-balance?exercise=2019", key))["accounts"] == []


@pytest.mark.parametrize(
    ("key", "lines"),
    [
        (ACCOUNTANT, _REFUSED_OF_STORY + _REFUSED_OF_FOREIGN),
        (MINISTRY, _REFUSED_OF_STORY),
        (FOREIGN, _REFUSED_OF_FOREIGN),
        (LIMITED_AUDITOR, _REFUSED_OF_FOREIGN),
        (LIMITED, 0),
        (AUDITOR, _REFUSED_OF_STORY + _REFUSED_OF_FOREIGN),
    ],
    ids="accountant officer foreign limited-auditor limited auditor".split(),
)
async def test_refusals_are_of_the_callers_acts(key: Key, lines: int, client: httpx.AsyncClient) -> None:
    assert (await _query(client, "refusals", key))["lines"] == lines


async def test_refusals_of_another_senders_submission_are_not_found_and_audited(
    client: httpx.AsyncClient, spending_service: ServicePlace, foreign_submission: int
) -> None:
    query = "select coalesce(sum(times), 0)::int from audit where code = 'not-found'"
    before = (await fetch(spending_service.dsn, query))[0][0]
    address = "/v1/reports/refusals?submission="
    for key in (MINISTRY, LIMITED, DIRECTORATE):
        hidden = await client.get(f"{address}{foreign_submission}", headers=key)
        missing = await client.get(f"{address}999999", headers=key)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "not-found")
        assert hidden.text.replace(f"submission {foreign_submission}", "submission 999999") == missing.text
    assert (await fetch(spending_service.dsn, query))[0][0] == before + 3
    for key in (FOREIGN, ACCOUNTANT, AUDITOR, OPERATOR):
        assert (await _query(client, f"refusals?submission={foreign_submission}", key))["lines"] == 1


async def test_refusals_of_a_sender_whom_the_caller_may_not_see_are_not_found(
    client: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    """A sender that the key may not see and one that there is not have the same response; the first is audited."""
    query = "select coalesce(sum(times), 0)::int from audit where code = 'not-found'"
    before = (await fetch(spending_service.dsn, query))[0][0]
    hidden_from = ((MINISTRY, "MIN-12"), (LIMITED, "MIN-12"), (DIRECTORATE, "MIN-12"))
    for key, sender in hidden_from:
        hidden = await client.get(f"/v1/reports/refusals?sender={sender}", headers=key)
        missing = await client.get("/v1/reports/refusals?sender=NOPE", headers=key)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "not-found")
        assert hidden.text.replace(sender, "NOPE") == missing.text
    assert (await fetch(spending_service.dsn, query))[0][0] == before + len(hidden_from)
    for key in (ACCOUNTANT, AUDITOR, OPERATOR):
        assert (await client.get("/v1/reports/refusals?sender=NOPE", headers=key)).status_code == 404
        assert (await _query(client, "refusals?sender=MIN-12", key))["lines"] == _REFUSED_OF_FOREIGN
    for key, sender, lines in (
        (FOREIGN, "MIN-12", _REFUSED_OF_FOREIGN),
        (LIMITED_AUDITOR, "MIN-12", _REFUSED_OF_FOREIGN),
        (LIMITED_AUDITOR, "DRFIP-75", 0),  # whose file of third parties names no programme
        (LIMITED, "MIN-09", 0),  # its own name, though it may see no file of it
    ):
        assert (await _query(client, f"refusals?sender={sender}", key))["lines"] == lines


async def test_the_budget_is_of_the_callers_programmes(client: httpx.AsyncClient) -> None:
    """Credits belong to programmes, not to senders: a key without a perimeter reads every programme."""
    for key, programmes in (
        (LIMITED, ["0217"]),
        (LIMITED_AUDITOR, ["0217"]),
        (MINISTRY, ["0177", "0217"]),
        (ACCOUNTANT, ["0177", "0217"]),
        (AUDITOR, ["0177", "0217"]),
    ):
        nodes = (await _query(client, "budget?level=programme&year=2018", key))["nodes"]
        assert [node["centre"] for node in nodes] == programmes
        listed = await client.get("/v1/budget/programmes?year=2018", headers=key)
        assert [node["centre"] for node in listed.json()["programmes"]] == programmes
    assert (await _query(client, "budget?programme=0177", LIMITED))["nodes"] == []


async def test_the_acts_of_the_story_are_those_of_the_ministry(client: httpx.AsyncClient) -> None:
    """Look-ups and reports have the same scope: who reads an act in a report can look it up, and nobody else."""
    for key, status in ((MINISTRY, 200), (ACCOUNTANT, 200), (AUDITOR, 200), (FOREIGN, 404), (LIMITED, 404)):
        address = f"/v1/payments/{spending_story.REQUESTED}"
        assert (await client.get(address, headers=key)).status_code == status


_INVOICE = "invoices?supplier=SUPPLIER&number=F-2018-7"


async def _read_invoices(client: httpx.AsyncClient, address: str, key: Key) -> list[dict[str, Any]]:
    return (await _query(client, address, key))["invoices"]


@pytest.mark.parametrize("key", [MINISTRY, ACCOUNTANT, AUDITOR, OPERATOR])
async def test_who_sees_a_request_sees_its_invoice(key: Key, client: httpx.AsyncClient) -> None:
    (row,) = await _read_invoices(client, _INVOICE, key)
    assert (row["entry"], row["amount_cents"], row["sender"]) == (spending_story.REQUESTED, 4000, "MIN-09")


@pytest.mark.parametrize("key", [FOREIGN, LIMITED, LIMITED_AUDITOR, DIRECTORATE])
async def test_of_an_invoice_of_another_only_number_and_day_are_seen_and_only_by_who_holds_it(
    key: Key, client: httpx.AsyncClient
) -> None:
    (row,) = await _read_invoices(client, _INVOICE, key)
    filled = {name: value for name, value in row.items() if value not in (None, "", [])}
    assert filled == {"entry": spending_story.REQUESTED, "day": "2018-03-05", "is_visible": False}
    for address in (
        "invoices",
        "invoices?supplier=SUPPLIER",
        "invoices?number=F-2018-7",
        f"invoices?entry={spending_story.REQUESTED}",
        f"{_INVOICE}&day=2018-03-01",
    ):
        assert await _read_invoices(client, address, key) == []
    csv = await client.get(f"/v1/reports/{_INVOICE}", headers={**key, "accept": "text/csv"})
    assert csv.text.splitlines()[1] == f",,,,{spending_story.REQUESTED},2018-03-05,,,,,,not visible,"


@pytest.mark.parametrize("day", ["2018-02-30", "20180228", "2018-W09-3", "today"])
async def test_a_day_that_is_none_is_a_bad_request(day: str, client: httpx.AsyncClient) -> None:
    response = await client.get(f"/v1/reports/invoices?day={day}", headers=AUDITOR)
    assert (response.status_code, response.json()["code"]) == (400, "malformed-request")


async def _read_pages(client: httpx.AsyncClient, address: str, key: Key, items: str) -> list[dict[str, Any]]:
    """Follow the pages of a report, two rows at a time."""
    rows: list[dict[str, Any]] = []
    link: str | None = f"/v1/reports/{address}&limit=2"
    while link:
        response = await client.get(link, headers=key)
        assert response.status_code == 200, response.text
        page = response.json()
        rows += page[items]
        link = page["next"]
        assert link is None or f"batch={page['batch']}" in link, "all pages are as of one batch"
    return rows


@pytest.mark.parametrize(
    "key",
    [ACCOUNTANT, MINISTRY, FOREIGN, LIMITED_AUDITOR, LIMITED, DIRECTORATE, AUDITOR, OPERATOR],
    ids="accountant officer foreign limited-auditor limited directorate auditor operator".split(),
)
async def test_journal_and_general_ledger_total_what_the_trial_balance_of_the_caller_does(
    key: Key, client: httpx.AsyncClient
) -> None:
    balance = await _query(client, "trial-balance?exercise=2018", key)
    entries = await _read_pages(client, "journal?exercise=2018", key, "entries")
    rows = await _read_pages(client, "general-ledger?exercise=2018", key, "rows")
    assert sum(entry["amount_cents"] for entry in entries) == balance["debit_cents"]
    for side in ("debit_cents", "credit_cents"):
        assert sum(row[side] or 0 for row in rows) == balance[side]
    closing: dict[str, int] = {}
    for row in rows:
        if row["row"] == "closing":
            closing[row["account"]] = closing.get(row["account"], 0) + row["balance_cents"]
    assert closing == {account["account"]: account["balance_cents"] for account in balance["accounts"]}


async def test_a_page_of_the_journal_as_csv_links_to_the_next_one(client: httpx.AsyncClient) -> None:
    headers = {**AUDITOR, "accept": "text/csv"}
    first = await client.get("/v1/reports/journal?limit=1", headers=headers)
    assert first.headers["link"].endswith('>; rel="next"')
    assert first.text.startswith(
        "entry,day,period,accountant,journal,document,sender,reference,kind,label,payee,debit account,"
    )
    for wrong in ("month=0", "month=16", "account=12345678901", "first_day=2018-02-30"):
        name = "general-ledger" if wrong.startswith("account") else "journal"
        response = await client.get(f"/v1/reports/{name}?{wrong}", headers=AUDITOR)
        assert (response.status_code, response.json()["code"]) == (400, "malformed-request")
    response = await client.get(f"/v1/reports/journal?{_NO_DAY}", headers=AUDITOR)
    assert (response.status_code, response.json()["code"]) == (422, "day-order"), response.text
    assert response.json()["detail"].startswith("first_day (2018-03-02) is after last_day (2018-03-01)")


async def test_a_month_has_its_exercise(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/reports/trial-balance?month=1", headers=AUDITOR)
    assert (response.status_code, response.json()["code"]) == (422, "exercise-missing"), response.text
    for name in ("trial-balance?month=1&exercise=2018", "journal?month=1", "general-ledger?month=1"):
        response = await client.get(f"/v1/reports/{name}", headers=AUDITOR)
        assert response.status_code == 200, response.text
