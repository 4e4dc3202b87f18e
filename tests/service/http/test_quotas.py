"""Quotas for waiting bytes and work: a share is taken as the work comes and returned however it ends."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from service.database.embedded_server import Database
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
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import create_database, fetch, run_service

FORM = {"content-type": "application/json"}


def test_a_share_is_returned_at_its_end() -> None:
    quota = Quota(20)
    assert quota.largest_share == 0
    with quota.open_share("MIN-01") as share:
        share.take(4)
        share.take(6)
        assert (quota.used, quota.largest_share) == (10, 10)
    assert (quota.used, quota.largest_share) == (0, 0)
    with quota.open_share("MIN-01") as share:
        share.take(10)


def test_an_exhausted_quota_is_refused_with_a_delay() -> None:
    quota = Quota(10)
    with (
        quota.open_share("MIN-01") as first,
        quota.open_share("MIN-02") as second,
        quota.open_share("MIN-03") as third,
    ):
        first.take(4)
        second.take(4)
        third.take(2)
        with pytest.raises(Problem) as caught:
            third.take(1)
        assert caught.value.status == 503
        assert caught.value.headers["retry-after"] == "1"
        assert quota.used == 10
    assert quota.used == 0


def test_one_sender_leaves_half_of_the_quota_to_the_others() -> None:
    quota = Quota(10)
    with (
        quota.open_share("MIN-01") as first,
        quota.open_share("MIN-01") as second,
        quota.open_share("MIN-02") as other,
    ):
        first.take(3)
        second.take(2)
        with pytest.raises(Problem, match="your forms") as caught:
            second.take(1)
        assert caught.value.status == 503
        other.take(5)
        assert (quota.used, quota.largest_share) == (10, 5)


def test_half_of_a_quota_of_one_is_one() -> None:
    quota = Quota(1, UPLOADS)
    with quota.open_share("MIN-01") as first, quota.open_share("MIN-02") as other:
        first.take(1)
        with pytest.raises(Problem, match="Too many files") as caught:
            other.take(1)
        assert caught.value.headers["retry-after"] == "5"


@pytest.mark.parametrize("messages", [QUEUED_FILES, QUEUED_FORMS])
def test_one_sender_may_fill_half_of_a_queue(messages: QuotaMessages) -> None:
    limit = QueueLimit(4, messages)
    for waiting, own in ((0, 0), (3, 0), (3, 1), (1, 1)):
        limit.check(waiting, own)
    for waiting, own, detail in (
        (2, 2, messages.sender),
        (3, 3, messages.sender),
        (4, 0, messages.overall),
        (5, 2, messages.overall),
    ):
        with pytest.raises(Problem) as caught:
            limit.check(waiting, own)
        assert (caught.value.status, caught.value.code, caught.value.detail) == (503, "try-again", detail)
        assert caught.value.headers["retry-after"] == str(messages.retry_seconds)
    QueueLimit(1, messages).check(0, 0)


def test_a_failure_returns_the_share() -> None:
    quota = Quota(20)

    def fail() -> None:
        with quota.open_share("MIN-01") as share:
            share.take(7)
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        fail()
    assert quota.used == 0


async def test_waiting_forms_of_one_sender_have_a_byte_limit(database: Database, tmp_path: Path) -> None:
    """While nothing can be committed, forms of one mebibyte arrive: some are refused with a delay, none is lost."""
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)

        async def send(number: int) -> httpx.Response:
            return await client.post("/v1/acts", content=_build_mebibyte_form(number), headers=FORM)

        forms_max = FORM_BYTES_MAX // SENDER_PARTS // BODY_BYTES_MAX
        async with lock_table(dsn):
            requests = [asyncio.create_task(send(number)) for number in range(forms_max + 1)]
            (refused,), _ = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
            assert refused.result().status_code == 503
            assert refused.result().headers["retry-after"] == "1"
            assert "bytes of your forms" in refused.result().json()["detail"]
        statuses = [response.status_code for response in await asyncio.gather(*requests)]
        assert sorted(statuses) == [200] * forms_max + [503]
        rows = await fetch(dsn, "select reference from entry where reference like 'R-%'")
        assert len(rows) == forms_max
        assert (await send(len(requests))).status_code == 200


def _build_mebibyte_form(number: int) -> bytes:
    """Build a form padded with spaces to the largest body that is accepted."""
    return json.dumps(build_commitment(f"R-{number}", "0.01")).encode().ljust(BODY_BYTES_MAX)
