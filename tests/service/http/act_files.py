"""Acts for small files, on the reference data of the scenarios."""

import httpx

from tests.file_strategies import PLACES, File, build_openings
from tests.service.http.access_keys import DIRECTORATE, MINISTRY
from tests.service.http.running_service import JSONL, to_jsonl

OPENINGS, ALLOTMENTS = (
    [row for row in build_openings() if row["kind"].startswith(act)]
    for act in ("budget_opening", "allotment")
)
CREDITS = [*OPENINGS, *ALLOTMENTS]
"""Credits for all places, for commands; over HTTP, the directorate opens them and a ministry allots them."""

_PLACE, _DEBT_PLACE = PLACES[0], PLACES[-1]
_CELL = {"fund_centre": _PLACE.unit, "functional_area": _PLACE.area, "commitment_item": _PLACE.items[0]}


def build_commitment(reference: str, euros: str = "10.00", unit: str = _PLACE.unit) -> dict[str, str]:
    """Return a commitment on a unit with credits of 600 euros."""
    named = {"reference": reference, "kind": "commitment", "exercise": "2018", "date": "2018-05-02"}
    return {**named, **_CELL, "fund_centre": unit, "amount": euros}


def build_debt_charges(lines: int, prefix: str = "D") -> File:
    """Return commitments on estimated credits, which are accepted although no credits are open."""
    cell = {"functional_area": _DEBT_PLACE.area, "commitment_item": _DEBT_PLACE.items[0]}
    return [build_commitment(f"{prefix}{n}", "1.00", _DEBT_PLACE.unit) | cell for n in range(lines)]


def build_service(reference: str, predecessor: str, euros: str = "5.00") -> dict[str, str]:
    """Return a certification of service on a commitment."""
    named = {"reference": reference, "kind": "service", "exercise": "2018", "date": "2018-05-03"}
    return {**named, "predecessor": predecessor, "amount": euros}


def build_unknown_centres(lines: int, prefix: str = "U") -> File:
    """Return commitments on a unit that does not exist, which are refused."""
    return [build_commitment(f"{prefix}{n}", "1.00", "0177-D013-XXXX") for n in range(lines)]


async def submit_credits(client: httpx.AsyncClient) -> None:
    """Open the credits of all places and allot them, each with the key that may: two submissions."""
    for key, rows in ((DIRECTORATE, OPENINGS), (MINISTRY, ALLOTMENTS)):
        response = await client.post(
            "/v1/submissions?wait=60", content=to_jsonl(rows), headers={**JSONL, **key}
        )
        assert response.json()["receipt"]["accepted"]["lines"] == len(rows), response.text
