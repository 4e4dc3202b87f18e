"""What the headers and options of a file say: its name with accents, its media type, its charset, its columns."""

import asyncio
import codecs
import hashlib
from pathlib import Path

import httpx
import pyarrow as pa
import pytest
from pyarrow import parquet

from service.client.client import Client
from tests.service.cli.test_run_order import ENVIRONMENT
from tests.service.command_line import run_crescendo
from tests.service.http.act_files import build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import to_jsonl
from tests.service.http.test_file_readings import KEY, WINDOWS, build_csv

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b"attachment; filename*=UTF-8''Engagements%20%C3%A9t%C3%A9.csv", "Engagements été.csv"),
        (b"attachment; filename=\"plain.csv\"; filename*=utf-8'fr'%c3%a9t%c3%a9.csv", "été.csv"),
        (b"attachment; filename*=ISO-8859-1''%e9t%e9.csv; filename=plain.csv", "été.csv"),
        ('attachment; filename="Engagements été.csv"'.encode(), "Engagements été.csv"),
        ('attachment; FileName = "été.csv"'.encode("latin-1"), "été.csv"),
        (b"attachment; filename*=UTF-8''%ff.csv; filename=plain.csv", "plain.csv"),
        (b"attachment; filename*=koi8-r''%c1.csv; filename=plain.csv", "plain.csv"),
        (b"attachment; filename=\"a filename*=UTF-8''b.csv\"", "a filename*=UTF-8''b.csv"),
        (b"attachment; filename*=UTF-8''..%2F..%2F%C3%A9.csv", "é.csv"),
    ],
)
async def test_the_name_of_a_file_keeps_its_accents(
    client: httpx.AsyncClient, disposition: bytes, name: str
) -> None:
    body = build_csv(f"N-{hashlib.sha256(disposition).hexdigest()[:12]}-").encode()
    headers = {b"content-type": b"text/csv", b"content-disposition": disposition}
    response = await client.post("/v1/submissions?wait=60", content=body, headers=headers)
    assert response.json()["receipt"]["file"] == name


@pytest.mark.parametrize("name", ["a%0Ab.csv", "%00.csv", "%C3%A9" * 300])
async def test_an_encoded_name_has_the_limits_of_any_name(client: httpx.AsyncClient, name: str) -> None:
    headers = {"content-type": "text/csv", "content-disposition": f"attachment; filename*=UTF-8''{name}"}
    response = await client.post("/v1/submissions", content=build_csv("LIMIT-").encode(), headers=headers)
    assert (response.status_code, response.json()["code"]) == (422, "format-unknown")


@pytest.mark.parametrize("lines", [1, 60_000])
async def test_the_client_keeps_accents_in_names(place: ServicePlace, tmp_path: Path, lines: int) -> None:
    file = tmp_path / "Engagements été €.csv"
    file.write_bytes(build_csv(f"ACC{lines}-", lines).encode())
    ticket = await asyncio.to_thread(Client(place.service.url, KEY).submit, file)
    assert ticket["receipt"]["file"] == file.name


@pytest.mark.parametrize("path", ["/v1/submissions", "/v1/submissions?dry_run=true"])
async def test_a_wrong_media_type_is_explained_by_the_header(client: httpx.AsyncClient, path: str) -> None:
    """The sender gives no name, so a name is not what is wrong."""
    headers = {"content-type": "application/vnd.apache.parquet"}
    problem = (await client.post(path, content=build_csv("TYPE-").encode(), headers=headers)).json()
    assert problem["found"] == "The file is csv, and its Content-Type is application/vnd.apache.parquet"
    assert problem["remedy"] == "Send the Content-Type of the file: text/csv or application/octet-stream"


async def test_a_charset_on_the_command_line_concerns_csv_alone(place: ServicePlace, tmp_path: Path) -> None:
    """JSON Lines too that begin with a byte order mark."""
    files = [tmp_path / name for name in ("a.csv", "b.jsonl", "c.parquet", "d.jsonl")]
    files[0].write_bytes(build_csv("É-mixed-").encode("cp1252"))
    files[1].write_bytes(to_jsonl(build_unknown_centres(1, "É-lines-")))
    parquet.write_table(pa.Table.from_pylist(build_unknown_centres(1, "É-table-")), files[2])
    files[3].write_bytes(codecs.BOM_UTF8 + to_jsonl(build_unknown_centres(1, "É-marked-")))
    words = ("submit", *files, "--url", place.service.url, "--charset", WINDOWS, "--json")
    submitted = await run_crescendo(*words, environment={"CRESCENDO_KEY": KEY})
    assert submitted.code == 0, submitted.err
    charsets = [ticket["receipt"]["charset"] for ticket in submitted.json()["submissions"]]
    assert charsets == [WINDOWS, "", "", ""]
    words = ("run", *files, "--data", tmp_path / "data", "--sender", "MIN-09", "--charset", WINDOWS, "--json")
    processed = await run_crescendo(*words, environment=ENVIRONMENT)
    assert processed.code == 0, processed.err
    assert [receipt["charset"] for receipt in processed.json()["receipts"]] == [WINDOWS, "", "", ""]


async def test_unknown_columns_are_refused_with_the_header_that_allows_them(
    client: httpx.AsyncClient,
) -> None:
    body = build_csv("EXTRA-").replace("reference", "zzzzz", 1).encode()
    problem = (
        await client.post("/v1/submissions", content=body, headers={"content-type": "text/csv"})
    ).json()
    assert "--extra-columns, or the header Crescendo-Extra-Columns: true" in problem["remedy"]
