"""The client module as an integrator uses it: the documented example, and failures on the way."""

import asyncio
import datetime as dt
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from service.client.client import WHOLE_BYTES_MAX, Client, FileShortened, Refused, Unreachable
from service.client.http_service import HttpService
from service.client.retries import Retries, RetryLater
from tests.service.command_line import ROOT
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.proxies import run_proxy
from tests.service.http.running_service import fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = MINISTRY["authorization"].removeprefix("Bearer ")


def _open_client(place: ServicePlace, **more: Any) -> Client:
    return Client(place.service.url, KEY, **more)


async def test_the_client_imports_no_engine(place: ServicePlace) -> None:
    """Importing the client must not load the engine."""
    program = (
        "import sys, service.client; print([m for m in ('numba', 'pyarrow', 'asyncpg') if m in sys.modules])"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT, stdout=PIPE)
    assert (await process.communicate())[0].decode().strip() == "[]"


async def test_refusals_are_read_page_by_page(place: ServicePlace, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_bytes(to_jsonl(build_unknown_centres(2_500, "PAGES-")))
    client = _open_client(place)
    ticket = await asyncio.to_thread(client.submit, file)
    refusals = await asyncio.to_thread(lambda: list(client.refusals(ticket["submission"])))
    assert [refusal["line"] for refusal in refusals] == list(range(1, 2_501))
    french = await asyncio.to_thread(lambda: next(client.refusals(ticket["submission"], "fr")))
    assert french["action"] != refusals[0]["action"]
    assert (await asyncio.to_thread(client.receipt, ticket["submission"]))["receipt"] == ticket["receipt"]


async def test_a_wrong_envelope_refuses_the_file(place: ServicePlace, tmp_path: Path) -> None:
    for name, count in (("small", 1), ("large", 30_000)):
        file = tmp_path / f"{name}.jsonl"
        file.write_bytes(to_jsonl(build_unknown_centres(count, "ENV-")))
        with pytest.raises(Refused, match="7 lines") as refused:
            await asyncio.to_thread(_open_client(place).submit, file, envelope={"count": "7"})
        assert refused.value.problem["code"] == "envelope-mismatch"
        fields = {"count": str(count), "batch_id": name}
        ticket = await asyncio.to_thread(_open_client(place).submit, file, envelope=fields)
        assert ticket["receipt"]["batch_id"] == name
    assert file.stat().st_size > WHOLE_BYTES_MAX


async def test_submitting_without_waiting(place: ServicePlace, tmp_path: Path) -> None:
    file = tmp_path / "file.jsonl"
    file.write_bytes(to_jsonl([build_commitment("WAIT-1", "0.01")]))
    ticket = await asyncio.to_thread(_open_client(place).submit, str(file), wait=False)
    assert ticket["state"] in {"waiting", "deciding", "decided"}
    whole = await asyncio.to_thread(_open_client(place).receipt, ticket["submission"], wait=60)
    assert whole["state"] == "decided"


async def test_again_resubmits_a_large_file(place: ServicePlace, tmp_path: Path) -> None:
    file = tmp_path / "large.jsonl"
    file.write_bytes(to_jsonl(build_unknown_centres(30_000, "AGAIN-")))
    client = _open_client(place)
    for attempt in (1, 2):
        ticket = await asyncio.to_thread(client.submit, file, again=attempt > 1)
        assert ticket["receipt"]["attempt"] == attempt


async def test_a_form_accepts_python_values(place: ServicePlace) -> None:
    act = {**build_commitment("FORM-1"), "amount": Decimal("0.01"), "date": dt.date(2018, 5, 2)}
    first = await asyncio.to_thread(_open_client(place).decide, act)
    assert first["lines"][0]["outcome"] == "ACCEPTED"
    second = await asyncio.to_thread(_open_client(place).decide, act)
    assert second["lines"][0]["outcome"] == "DUPLICATE"
    assert second["lines"][0]["entry"] == first["lines"][0]["entry"]
    with pytest.raises(Refused) as refused:
        await asyncio.to_thread(_open_client(place).decide, {"refrence": "X"})
    assert refused.value.problem["code"]


async def test_a_form_may_be_atomic_or_a_dry_run(place: ServicePlace) -> None:
    client = _open_client(place)
    good, bad = build_commitment("FORM-A", "0.01"), {**build_commitment("FORM-B"), "amount": "-1"}
    dry = await asyncio.to_thread(client.decide, good, dry_run=True)
    assert (dry["dry_run"], dry["outcome"]) == (True, "accepted")
    both = await asyncio.to_thread(client.decide, good, bad, atomic=True)
    assert both["outcome"] == "refused"


@pytest.mark.parametrize("call", ["submit", "dry_run"])
async def test_a_file_that_cannot_be_read_is_refused(place: ServicePlace, tmp_path: Path, call: str) -> None:
    for path in (tmp_path / "nosuch.csv", tmp_path):
        with pytest.raises(Refused) as refused:
            getattr(_open_client(place), call)(path)
        assert refused.value.problem["code"] == "file-unreadable"
        assert str(refused.value).startswith(f"{path.name}: The file cannot be read: ")


async def test_a_name_is_said_once(place: ServicePlace) -> None:
    with pytest.raises(
        Refused, match=r"^form, line 1, column commitment_item: The value 31 is a JSON number"
    ) as refused:
        await asyncio.to_thread(
            _open_client(place).decide, {**build_commitment("N-1"), "commitment_item": 31}
        )
    assert '"commitment_item": "31"' in refused.value.problem["remedy"]
    assert "line, exercise" in refused.value.problem["remedy"]


async def test_a_form_over_an_unreliable_connection_is_decided_once(place: ServicePlace) -> None:
    async with run_proxy(place.service.url, [1, 2, 3]) as bad:
        client = Client(bad.url, KEY, sleep=lambda _: None)
        decision = await asyncio.to_thread(client.decide, build_commitment("FORM-2", "0.01"))
    assert decision["lines"][0]["outcome"] in {"ACCEPTED", "DUPLICATE"}
    assert bad.cuts == []
    assert len(await fetch(place.dsn, "select from entry where reference = 'FORM-2'")) == 1


async def test_a_file_that_becomes_shorter_is_an_error(place: ServicePlace, tmp_path: Path) -> None:
    file = tmp_path / "large.jsonl"
    file.write_bytes(to_jsonl(build_unknown_centres(60_000, "SHORT-")))

    def cut(stage: str, done: int, total: int) -> None:
        if stage == "sending" and done == 0:
            os.truncate(file, total // 2)

    with pytest.raises(FileShortened, match="shorter"):
        await asyncio.to_thread(_open_client(place, progress=cut).submit, file)


async def test_a_file_that_changes_is_refused_and_accepted_when_sent_again(
    place: ServicePlace, tmp_path: Path
) -> None:
    file = tmp_path / "large.jsonl"
    file.write_bytes(to_jsonl(build_unknown_centres(30_000, "CHANGE-")))

    def change(stage: str, done: int, _total: int) -> None:
        if stage == "sending" and done == 0:
            file.write_bytes(file.read_bytes().replace(b"CHANGE-1", b"CHANGE-7", 1))

    with pytest.raises(Refused) as refused:
        await asyncio.to_thread(_open_client(place, progress=change).submit, file)
    assert refused.value.problem["code"] == "envelope-mismatch"
    ticket = await asyncio.to_thread(_open_client(place).submit, file)
    assert ticket["receipt"]["lines"] == 30_000


# --------------------------------------------------------------------------------------------- retries


def _run_retries(
    attempts: int, pauses: list[float], on_retry: Callable[[str], None] = lambda _: None
) -> Retries:
    return HttpService("http://127.0.0.1:9", KEY, attempts, pauses.append, on_retry).start_retries()


async def test_retry_pauses_grow_to_a_limit_and_reset_after_progress() -> None:
    pauses: list[float] = []
    retries = _run_retries(9, pauses)
    for _ in range(8):
        retries.wait(RetryLater("cut"))
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    retries.reset()
    retries.wait(RetryLater("cut"))
    assert pauses[-1] == 1


async def test_retry_after_is_respected_and_is_not_a_failure() -> None:
    pauses: list[float] = []
    heard: list[str] = []
    retries = _run_retries(2, pauses, heard.append)
    for _ in range(20):
        retries.wait(RetryLater("another connection", 5, is_busy=True))
    retries.wait(RetryLater("full", 7))
    assert pauses == [5] * 20 + [7]
    assert heard[-1] == "full; again in 7 s"
    with pytest.raises(Unreachable, match="failed 2 times: full"):
        retries.wait(RetryLater("full", 7))
