"""A damaged file is refused with status 422, however it arrives; nothing of it stays, and the service goes on."""

import hashlib
from pathlib import Path

import httpx
import pyarrow as pa
import pytest

from tests.ingest.odd_buffers import ODD_TYPES, build_odd_file
from tests.service.http.act_files import build_commitment
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")
ARROW = {
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="odd.arrow"',
}


def _list_spooled(place: ServicePlace) -> list[Path]:
    return [path for path in (place.data / "spool").rglob("*") if path.is_file()]


async def _check_refused(response: httpx.Response, client: httpx.AsyncClient, reference: str) -> None:
    """Check the refusal, and that the next file is decided."""
    assert response.status_code == 422, response.text
    problem = response.json()
    assert problem["code"] == "file-unreadable"
    assert problem["where"] == "odd.arrow, line 1 and after"
    assert "ends inside a number" in problem["found"]
    body = to_jsonl([build_commitment(reference, "0.01")])
    decided = await client.post("/v1/submissions?wait=60", content=body, headers=JSONL)
    assert decided.json()["receipt"]["accepted"]["lines"] == 1


@pytest.mark.parametrize("texts", ODD_TYPES, ids=str)
@pytest.mark.parametrize("query", ["", "dry_run=true"])
async def test_a_damaged_file_is_refused(
    query: str, texts: pa.DataType, client: httpx.AsyncClient, place: ServicePlace
) -> None:
    before = _list_spooled(place)
    body = build_odd_file(texts)
    response = await client.post(f"/v1/submissions?{query}", content=body, headers=ARROW)
    assert _list_spooled(place) == before
    await _check_refused(response, client, f"AFTER-{query}-{str(texts)[:12]}")


async def test_a_damaged_upload_is_refused(client: httpx.AsyncClient, place: ServicePlace) -> None:
    before = _list_spooled(place)
    body = build_odd_file(pa.string())
    digest = hashlib.sha256(body).hexdigest()
    declared = {"upload-length": str(len(body)), "crescendo-sha256": digest, **ARROW}
    assert (await client.post("/v1/uploads", headers=declared)).status_code == 201
    half = len(body) // 2
    for offset, piece in ((0, body[:half]), (half, body[half:])):
        headers = {"upload-offset": str(offset)}
        response = await client.patch(f"/v1/uploads/{digest}?wait=60", content=piece, headers=headers)
    assert _list_spooled(place) == before
    await _check_refused(response, client, "AFTER-UPLOAD")
    assert (await client.get(f"/v1/uploads/{digest}")).status_code == 404
