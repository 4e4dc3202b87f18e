"""``/v1/acts?documents=true`` says which document a line states, as the file in the spool of the service has it."""

import httpx
import pytest

from tests.service.http.access_keys import AUDITOR, FOREIGN
from tests.service.http.act_files import build_commitment
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

DOCUMENT = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


async def test_the_document_of_an_act(client: httpx.AsyncClient, place: ServicePlace) -> None:
    rows = [build_commitment("DOC-1") | {"document_hash": DOCUMENT}, build_commitment("DOC-2")]
    response = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    assert response.json()["receipt"]["accepted"]["lines"] == 2, response.text
    answers = [await client.get(f"/v1/acts?reference={name}&documents=true") for name in ("DOC-1", "DOC-2")]
    first, second = (answer.json() for answer in answers)
    entry = first["accepted"][0]["entry"]
    assert first["documents"] == [{"entry": entry, "document_hash": DOCUMENT, "finding": "stated"}]
    assert [(row["document_hash"], row["finding"]) for row in second["documents"]] == [("", "not_stated")]
    by_entry = await client.get(f"/v1/acts/{entry}?documents=true", headers=AUDITOR)
    assert by_entry.json()["documents"] == first["documents"]
    assert (await client.get(f"/v1/acts/{entry}")).json()["documents"] is None
    hidden = await client.get(f"/v1/acts/{entry}?documents=true", headers=FOREIGN)
    assert hidden.status_code == 404
    (folder,) = place.data.glob(f"spool/*/{first['accepted'][0]['origin']['sha256']}")
    folder.rename(folder.with_name("elsewhere"))
    missing = (await client.get(f"/v1/acts/{entry}?documents=true")).json()["documents"]
    folder.with_name("elsewhere").rename(folder)
    assert [row["finding"] for row in missing] == ["file_missing"]
