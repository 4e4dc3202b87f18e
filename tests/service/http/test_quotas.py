"""Room for bytes that wait: taken as they come, given back however it ends."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from service.database.embedded import Database
from service.http.handlers.forms import BODY_BYTES_MAX
from service.http.problems import Problem
from service.http.quotas import (
    QUEUED_FILES,
    QUEUED_FORMS,
    SENDER_PARTS,
    UPLOADS,
    QueueLimit,
    Quota,
    QuotaMessages,
)
from service.http.service_context import FORM_BYTES_MAX
from tests.databases import lock_table
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.running_service import create_database, fetch, run_service

FORM = {"content-type": "application/json"}


def test_what_is_taken_is_given_back() -> None:
    room = Quota(20)
    assert room.largest_share == 0
    with room.open_share("MIN-01") as share:
        share.take(4)
        share.take(6)
        assert (room.used, room.largest_share) == (10, 10)
    assert (room.used, room.largest_share) == (0, 0)
    with room.open_share("MIN-01") as share:
        share.take(10)


def test_who_finds_no_room_is_told_to_come_again() -> None:
    room = Quota(10)
    with (
        room.open_share("MIN-01") as one,
        room.open_share("MIN-02") as two,
        room.open_share("MIN-03") as other,
    ):
        one.take(4)
        two.take(4)
        other.take(2)
        with pytest.raises(Problem) as found:
            other.take(1)
        assert found.value.status == 503
        assert found.value.headers["retry-after"] == "1"
        assert room.used == 10
    assert room.used == 0


def test_one_sender_leaves_half_to_the_others() -> None:
    room = Quota(10)
    with (
        room.open_share("MIN-01") as one,
        room.open_share("MIN-01") as more,
        room.open_share("MIN-02") as other,
    ):
        one.take(3)
        more.take(2)
        with pytest.raises(Problem, match="your forms") as found:
            more.take(1)
        assert found.value.status == 503
        other.take(5)
        assert (room.used, room.largest_share) == (10, 5)


def test_who_may_have_only_half_of_one_has_that_one() -> None:
    room = Quota(1, UPLOADS)
    with room.open_share("MIN-01") as one, room.open_share("MIN-02") as other:
        one.take(1)
        with pytest.raises(Problem, match="Too many files") as found:
            other.take(1)
        assert found.value.headers["retry-after"] == "5"


@pytest.mark.parametrize("full", [QUEUED_FILES, QUEUED_FORMS])
def test_of_what_waits_in_a_queue_one_sender_has_half(full: QuotaMessages) -> None:
    limit = QueueLimit(4, full)
    for waiting, own in ((0, 0), (3, 0), (3, 1), (1, 1)):
        limit.check(waiting, own)
    for waiting, own, told in (
        (2, 2, full.sender),
        (3, 3, full.sender),
        (4, 0, full.overall),
        (5, 2, full.overall),
    ):
        with pytest.raises(Problem) as found:
            limit.check(waiting, own)
        assert (found.value.status, found.value.code, found.value.detail) == (503, "try-again", told)
        assert found.value.headers["retry-after"] == str(full.retry_seconds)
    QueueLimit(1, full).check(0, 0)


def test_what_fails_gives_its_share_back() -> None:
    room = Quota(20)

    def fail() -> None:
        with room.open_share("MIN-01") as share:
            share.take(7)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert room.used == 0


async def test_forms_of_a_sender_that_wait_have_so_many_bytes_together(
    database: Database, tmp_path: Path
) -> None:
    """While nothing can be committed, forms of a mebibyte come: some are told to come again, and none is lost."""
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        assert (await client.post("/v1/acts", json=CREDITS)).json()["outcome"] == "accepted"

        async def send(number: int) -> httpx.Response:
            return await client.post("/v1/acts", content=_build_mebibyte_form(number), headers=FORM)

        most = FORM_BYTES_MAX // SENDER_PARTS // BODY_BYTES_MAX
        async with lock_table(dsn):
            asking = [asyncio.create_task(send(number)) for number in range(most + 1)]
            (refused,), _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
            assert refused.result().status_code == 503
            assert refused.result().headers["retry-after"] == "1"
            assert "bytes of your forms" in refused.result().json()["detail"]
        found = [each.status_code for each in await asyncio.gather(*asking)]
        assert sorted(found) == [200] * most + [503]
        rows = await fetch(dsn, "select reference from entry where reference like 'R-%'")
        assert len(rows) == most
        assert (await send(len(asking))).status_code == 200


def _build_mebibyte_form(number: int) -> bytes:
    """A form with as many spaces as it may have."""
    return json.dumps(build_commitment(f"R-{number}", "0.01")).encode().ljust(BODY_BYTES_MAX)
