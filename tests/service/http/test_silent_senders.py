"""Waiting for the next message of a body: it arrives, it does not, or the waiting task is cancelled."""

import asyncio

import pytest

from service.http import request_body
from service.http.http_messages import Message
from service.http.problems import Problem
from service.http.request_body import read_small_body, receive_message


async def _never_receive() -> Message:
    return await asyncio.get_running_loop().create_future()


async def test_an_arriving_message_is_returned() -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}"}

    assert (await receive_message(receive))["body"] == b"{}"


async def test_silence_ends_with_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "STALL_SECONDS", 0.001)
    with pytest.raises(Problem) as caught:
        await receive_message(_never_receive)
    assert caught.value.code == "body-stalled"
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)  # the task goes on as if nothing had been cancelled


async def test_cancelling_is_not_reported_as_silence() -> None:
    waiting = asyncio.create_task(receive_message(_never_receive))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_cancelling_during_silence_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_body, "STALL_SECONDS", 0)
    waiting = asyncio.create_task(receive_message(_never_receive))
    await asyncio.sleep(0)
    waiting.cancel()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_small_body_that_trickles_ends_with_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = iter([b"{", *[b" "] * 100, b"}"])

    async def receive() -> Message:
        piece = next(pieces)
        return {"type": "http.request", "body": piece, "more_body": piece != b"}"}

    monkeypatch.setattr(request_body, "SMALL_BODY_SECONDS", -1)
    with pytest.raises(Problem) as caught:
        await read_small_body(receive, 1024)
    assert caught.value.code == "body-stalled"
    monkeypatch.setattr(request_body, "SMALL_BODY_SECONDS", 120)
    assert await read_small_body(receive, 1024) == b" " * 100 + b"}"
