"""A disk that is full: told as what it is, with when to come again, and nothing is left of what could not be kept.

The disk is Linux's /dev/full, which says to every write what a full disk says.
"""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import pyarrow as pa
import pytest

from core.stage_timing import Stages
from ingest.queue.admission import Admission
from ingest.spool import spool
from ingest.spool.envelope import Envelope
from ingest.spool.partial_uploads import Uploads
from ingest.spool.spool import Spool
from ingest.validation import file_validation
from monitoring.service_metrics import Board
from posting.store.journal_store import PostgresStore
from service.http.http_messages import Answer, Request
from service.http.problems import DISK_SECONDS
from service.http.request_body import Receiver
from service.http.router import Application, Route
from tests.service.http.act_files import CREDITS
from tests.service.http.running_service import as_jsonl

FULL = Path("/dev/full")
SENDER = Envelope(sender="MIN-01")


def _application(handler: Any) -> Application:
    return Application([Route("POST", "/", handler, is_open=True)], cast(Any, None), Board({}))


async def _asked(application: Application, body: bytes = b"") -> httpx.Response:
    wire = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=wire, base_url="http://here") as client:
        return await client.post("/", content=body)


def _says_that_the_disk_is_full(found: httpx.Response) -> None:
    assert (found.status_code, found.json()["code"]) == (503, "disk-full")
    assert found.headers["retry-after"] == str(DISK_SECONDS)
    assert "full" in found.json()["detail"]


async def test_a_body_for_which_there_is_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_ORIGINAL", str(FULL))
    receiver = Receiver(Spool(tmp_path), Uploads(tmp_path / "uploads", 2**20), 2)

    async def handler(request: Request) -> Answer:
        with receiver.seat(SENDER.sender):
            await receiver.receive(request.receive, "acts.jsonl", SENDER)
        return Answer(HTTPStatus.OK)

    application = _application(handler)
    for _ in range(3):
        _says_that_the_disk_is_full(await _asked(application, as_jsonl(CREDITS)))
    assert receiver.under_way == 0
    assert not [path for path in (tmp_path / "incoming").iterdir() if path.is_dir()]


@pytest.mark.parametrize("error", [asyncpg.DiskFullError("no room"), OSError(122, "quota exceeded")])
async def test_a_database_without_room_and_a_quota_that_is_used_up(error: Exception) -> None:
    async def handler(_: Request) -> Answer:
        raise error

    _says_that_the_disk_is_full(await _asked(_application(handler)))


async def test_another_failure_of_the_disk_is_not_told_as_a_full_one() -> None:
    async def handler(_: Request) -> Answer:
        return Answer(HTTPStatus.OK, await asyncio.to_thread(Path("/nowhere").read_bytes))

    found = await _asked(_application(handler))
    assert (found.status_code, found.json()["code"]) == (500, "internal-error")


class _Nobody:
    """Looks on, and refuses nothing."""

    programmes = None

    def see(self, lines: pa.RecordBatch) -> None:
        """Anything will do."""


async def test_a_file_that_could_not_be_written_down_again_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is received whole, and then there is no room for what it is read from: it must not stay for ever."""
    own = Spool(tmp_path)
    path = tmp_path / "acts.jsonl"
    path.write_bytes(as_jsonl(CREDITS))
    spooled = own.receive(path, path.name, SENDER)

    class NeverSent:
        """A database that knows no such file."""

        async def find_submission(self, *_: Any) -> None:
            return None

    monkeypatch.setattr(file_validation, "_NORMALISED", str(FULL))
    admission = Admission(own, cast(PostgresStore, NeverSent()), Stages(), cast(Any, None))
    with pytest.raises(OSError, match="No space left"):
        await admission.admit(spooled, _Nobody())
    assert not spooled.folder.exists()
