"""Room for bytes that wait: taken as they come, given back however it ends."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from service.database.embedded import Database
from service.http.handlers.forms import BODY_BYTES_MAX
from service.http.problems import Problem
from service.http.quotas import FILES, FILES_WAITING, FORMS_WAITING, OWN_PARTS, Full, Queued, Room
from service.http.service_context import FORM_BYTES_MAX
from tests.databases import held_up
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, commitment
from tests.service.http.running_service import fetch, fresh, running

FORM = {"content-type": "application/json"}


def test_what_is_taken_is_given_back() -> None:
    room = Room(20)
    assert room.most_taken == 0
    with room.share("MIN-01") as share:
        share.take(4)
        share.take(6)
        assert (room.taken, room.most_taken) == (10, 10)
    assert (room.taken, room.most_taken) == (0, 0)
    with room.share("MIN-01") as share:
        share.take(10)


def test_who_finds_no_room_is_told_to_come_again() -> None:
    room = Room(10)
    with room.share("MIN-01") as one, room.share("MIN-02") as two, room.share("MIN-03") as other:
        one.take(4)
        two.take(4)
        other.take(2)
        with pytest.raises(Problem) as found:
            other.take(1)
        assert found.value.status == 503
        assert found.value.headers["retry-after"] == "1"
        assert room.taken == 10
    assert room.taken == 0


def test_one_sender_leaves_half_to_the_others() -> None:
    room = Room(10)
    with room.share("MIN-01") as one, room.share("MIN-01") as more, room.share("MIN-02") as other:
        one.take(3)
        more.take(2)
        with pytest.raises(Problem, match="your forms") as found:
            more.take(1)
        assert found.value.status == 503
        other.take(5)
        assert (room.taken, room.most_taken) == (10, 5)


def test_who_may_have_only_half_of_one_has_that_one() -> None:
    room = Room(1, FILES)
    with room.share("MIN-01") as one, room.share("MIN-02") as other:
        one.take(1)
        with pytest.raises(Problem, match="As many files") as found:
            other.take(1)
        assert found.value.headers["retry-after"] == "5"


@pytest.mark.parametrize("full", [FILES_WAITING, FORMS_WAITING])
def test_of_what_waits_in_a_queue_one_sender_has_half(full: Full) -> None:
    limit = Queued(4, full)
    for waiting, own in ((0, 0), (3, 0), (3, 1), (1, 1)):
        limit.check(waiting, own)
    for waiting, own, told in ((2, 2, full.own), (3, 3, full.own), (4, 0, full.told), (5, 2, full.told)):
        with pytest.raises(Problem) as found:
            limit.check(waiting, own)
        assert (found.value.status, found.value.code, found.value.detail) == (503, "try-again", told)
        assert found.value.headers["retry-after"] == str(full.seconds)
    Queued(1, full).check(0, 0)


def test_what_fails_gives_its_share_back() -> None:
    room = Room(20)

    def fail() -> None:
        with room.share("MIN-01") as share:
            share.take(7)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert room.taken == 0


async def test_forms_of_a_sender_that_wait_have_so_many_bytes_together(
    database: Database, tmp_path: Path
) -> None:
    """While nothing can be committed, forms of a mebibyte come: some are told to come again, and none is lost."""
    async with fresh(database) as dsn, running(dsn, tmp_path) as served, served.client(MINISTRY) as client:
        assert (await client.post("/v1/acts", json=CREDITS)).json()["outcome"] == "accepted"

        async def send(number: int) -> httpx.Response:
            return await client.post("/v1/acts", content=_of_a_mebibyte(number), headers=FORM)

        most = FORM_BYTES_MAX // OWN_PARTS // BODY_BYTES_MAX
        async with held_up(dsn):
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


def _of_a_mebibyte(number: int) -> bytes:
    """A form with as many spaces as it may have."""
    return json.dumps(commitment(f"R-{number}", "0.01")).encode().ljust(BODY_BYTES_MAX)
