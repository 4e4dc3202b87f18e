"""A full disk: the response says so and when to retry, and no partial file remains.

The disk is Linux's /dev/full, which fails every write as a full disk does.
"""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pyarrow as pa
import pytest

from core.stage_timing import StageTimes
from ingest.queue.admission import Admission
from ingest.spool import spool
from ingest.spool.envelope import Envelope
from ingest.spool.partial_uploads import PartialUploads
from ingest.spool.spool import Spool
from ingest.validation import file_validation
from ingest.validation.normalised_names import NormalisedNames
from monitoring.service_metrics import ServiceMetrics
from posting.store.journal_store import PostgresStore
from service.http.http_messages import Request, Response
from service.http.request_body import UploadReceiver
from service.http.route import BoundRoute
from service.http.router import Application
from tests.service.http.act_files import CREDITS
from tests.service.http.disk_checks import check_disk_full
from tests.service.http.running_service import to_jsonl

FULL_DISK = Path("/dev/full")
SENDER = Envelope(sender="MIN-01")


def _application(handler: Any) -> Application:
    return Application([BoundRoute("POST", "/", handler, is_open=True)], cast(Any, None), ServiceMetrics({}))


async def _request(application: Application, body: bytes = b"") -> httpx.Response:
    wire = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=wire, base_url="http://here") as client:
        return await client.post("/", content=body)


async def test_a_body_on_a_full_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "CONTENT_FILE", str(FULL_DISK))
    receiver = UploadReceiver(Spool(tmp_path), PartialUploads(tmp_path / "uploads", 2**20), 2)

    async def handler(request: Request) -> Response:
        with receiver.open_slot(SENDER.sender):
            await receiver.receive(request.receive, "acts.jsonl", SENDER)
        return Response(HTTPStatus.OK)

    application = _application(handler)
    for _ in range(3):
        check_disk_full(await _request(application, to_jsonl(CREDITS)))
    assert receiver.active_uploads == 0
    assert not [path for path in (tmp_path / "incoming").iterdir() if path.is_dir()]


@pytest.mark.parametrize("error", [asyncpg.DiskFullError("no room"), OSError(122, "quota exceeded")])
async def test_a_full_database_disk_and_an_exceeded_quota_are_disk_full(error: Exception) -> None:
    async def handler(_: Request) -> Response:
        raise error

    check_disk_full(await _request(_application(handler)))


async def test_other_disk_errors_are_not_reported_as_disk_full() -> None:
    async def handler(_: Request) -> Response:
        return Response(HTTPStatus.OK, await asyncio.to_thread(Path("/nowhere").read_bytes))

    response = await _request(_application(handler))
    assert (response.status_code, response.json()["code"]) == (500, "internal-error")


class _NoCheck:
    """A check that accepts every line."""

    programmes = None

    def check_lines(self, lines: pa.RecordBatch) -> None:
        """Accept the lines."""


async def test_a_file_whose_normalised_copy_cannot_be_written_is_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is received, but its normalised copy cannot be written: the file must not remain in the spool."""
    own = Spool(tmp_path)
    path = tmp_path / "acts.jsonl"
    path.write_bytes(to_jsonl(CREDITS))
    spooled = own.receive(path, path.name, SENDER)

    class NeverSent:
        """A store without this file."""

        async def find_submission(self, *_: Any) -> None:
            return None

    names = NormalisedNames(str(FULL_DISK), "normalised.json")
    monkeypatch.setattr(file_validation, "name_normal_form", lambda _: names)
    admission = Admission(own, cast(PostgresStore, NeverSent()), StageTimes())
    with pytest.raises(OSError, match="No space left"):
        await admission.admit(spooled, _NoCheck())
    assert not spooled.folder.exists()
