"""Files sent beside the forms, one after the other, so that the service always has a file to decide.

They are generated and sent in a process of their own: generating a file must not delay a form.
"""

import http.client
import itertools
import json
import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from bench.load import load_budget
from bench.load.http_connections import Address
from bench.load.load_budget import LoadBudget
from bench.year import act_files
from bench.year.flat_columns import assemble_table
from bench.year.text_columns import build_code_column, build_text_column, encode_digits, encode_texts

PARALLEL_FILES = 3
"""Files in progress at once: while one is decided, the next is generated, sent, validated, and waits."""
FORMATS = (".parquet", ".csv")
"""Used in turn."""
MEDIA_TYPE = "application/octet-stream"
REFUSED_EVERY = 500
"""One line in so many has a unit that does not exist."""
_WAIT_SECONDS = 60
_END_SECONDS = 1_800
"""Limit on the files in progress at the end: each is decided, or has failed, long before."""
_CHAIN = ("commitment", "service", "payment_request", "direct_payment_request")
"""The kinds of the acts of one chain; a file repeats the chain."""

_SPENT_CENTS = 12_345


class FileLoad(NamedTuple):
    """The files to send: to which service, with whose key, and of how many lines."""

    address: Address
    key: str
    sender: str
    lines: int
    seed: int


class DecidedFile(NamedTuple):
    """A decided file, with times in seconds of the monotonic clock."""

    lines: int
    size_bytes: int
    admitted: float
    decided: float
    error: str = ""


class FileNumber(NamedTuple):
    """The identity of a generated file."""

    seed: int
    number: int


@contextmanager
def send_files(file_load: FileLoad) -> Iterator["Queue[DecidedFile]"]:
    """Send files while the body runs, and wait at its end for those in progress."""
    context = multiprocessing.get_context("spawn")
    stop, decided_files = context.Event(), context.Queue()
    process = context.Process(target=_send_in_process, args=(file_load, stop, decided_files), name="files")
    if file_load.lines == 0:
        yield decided_files
        return
    process.start()
    try:
        yield decided_files
    finally:
        stop.set()
        process.join(_END_SECONDS)
        if process.is_alive():
            process.terminate()
            raise RuntimeError(f"the files in progress were not decided within {_END_SECONDS} seconds")


def _send_in_process(file_load: FileLoad, stop: Event, decided_files: "Queue[DecidedFile]") -> None:
    with (
        TemporaryDirectory(prefix="crescendo-load-") as folder,
        ThreadPoolExecutor(PARALLEL_FILES) as threads,
    ):
        numbers = itertools.count(1)  # thread-safe: next() is one step of the interpreter
        for _ in range(PARALLEL_FILES):
            threads.submit(
                _send_one_after_another,
                file_load,
                Path(folder),
                numbers,
                stop=stop,
                decided_files=decided_files,
            )


def _send_one_after_another(
    file_load: FileLoad,
    folder: Path,
    numbers: Iterator[int],
    *,
    stop: Event,
    decided_files: "Queue[DecidedFile]",
) -> None:
    """Generate and send one file after the other until ``stop`` is set."""
    budget = load_budget.build_budget()
    while not stop.is_set():
        number = next(numbers)
        try:
            path = folder / f"load-{number:05}{FORMATS[number % len(FORMATS)]}"
            table = build_lines(FileNumber(file_load.seed, number), file_load.lines, budget)
            act_files.write_file(table, path, file_load.sender)
            decided_files.put(_send_and_check(file_load, path))
            path.unlink()
        except Exception as error:  # noqa: BLE001 -- reported to the waiter
            decided_files.put(DecidedFile(0, 0, 0.0, 0.0, repr(error)))
            return


def build_lines(number: FileNumber, count: int, budget: LoadBudget) -> pa.Table:
    """Build chains of acts, with references that are unique to the file."""
    assignments, payees, day = budget
    row = np.arange(count)
    chain, step = row // len(_CHAIN), row % len(_CHAIN)
    letters = np.array([ord(letter) for letter in "EFPD"], np.uint8)
    references = _build_references(number, chain, letters[step])
    assignment = np.where((step == 0) | (step == 3), chain % len(assignments) + 1, 0)
    assignment[(row % REFUSED_EVERY == 0) & (step == 0)] = len(assignments) + 1
    payee = np.where(step >= 2, chain % len(payees) + 1, 0)
    follows = (step == 1) | (step == 2)
    previous = _build_references(number, chain, np.full(count, ord("E"), np.uint8))
    wrong = assignments[0]
    return assemble_table(
        {
            "reference": build_text_column(references),
            "kind": build_code_column(step, list(_CHAIN)),
            "exercise": pa.array(np.full(count, day.exercise, np.int32)),
            "date": pa.array(np.full(count, np.datetime64(day.day))),
            "fund_centre": build_code_column(
                assignment, ["", *(option.unit for option in assignments), wrong.unit[:-4] + "XXXX"]
            ),
            "functional_area": build_code_column(
                assignment, ["", *(option.area for option in assignments), wrong.area]
            ),
            "commitment_item": build_code_column(
                assignment, ["", *(option.item for option in assignments), wrong.item]
            ),
            "payee": build_code_column(payee, ["", *(party.code for party in payees)]),
            "predecessor": build_text_column(previous, np.where(follows, previous.shape[1], 0)),
            "amount_cents": pa.array(np.full(count, _SPENT_CENTS, np.int64)),
        }
    )


def _build_references(number: FileNumber, chain: np.ndarray, letter: np.ndarray) -> np.ndarray:
    prefix = encode_texts(f"F{number.seed % 1000:03}{number.number:04}-")
    return np.hstack([
        np.broadcast_to(prefix, (len(chain), 9)), letter[:, None], encode_digits(chain, 8)
    ])  # fmt: skip


def count_refusals(count: int) -> int:
    """Count the lines of a file that must be refused: commitments to an unknown unit, and the two acts after each."""
    return 3 * len([row for row in range(0, count, REFUSED_EVERY) if row % len(_CHAIN) == 0])


def _send_and_check(file_load: FileLoad, path: Path) -> DecidedFile:
    """Send a file, wait until it is decided, and check its receipt."""
    size = path.stat().st_size
    with path.open("rb") as body:
        ticket = _request(file_load, "POST", "/v1/submissions", body=body)
    admitted, status = time.monotonic(), ticket
    while status["state"] != "decided":
        path_of_status = f"/v1/submissions/{ticket['submission']}?wait={_WAIT_SECONDS}"
        status = _request(file_load, "GET", path_of_status)
    receipt, expected = status["receipt"], count_refusals(file_load.lines)
    sums = {name: receipt[name]["lines"] for name in ("accepted", "duplicate", "refused")}
    is_expected = sums == {"accepted": file_load.lines - expected, "duplicate": 0, "refused": expected}
    return DecidedFile(
        file_load.lines, size, admitted, time.monotonic(), "" if is_expected else f"{path.name}: {sums}"
    )


def _request(file_load: FileLoad, method: str, path: str, *, body: Any = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection(*file_load.address, timeout=2 * _WAIT_SECONDS)
    try:
        headers = {"authorization": f"Bearer {file_load.key}", "content-type": MEDIA_TYPE}
        if body is not None:
            headers["content-disposition"] = f'attachment; filename="{Path(body.name).name}"'
            headers["content-length"] = str(Path(body.name).stat().st_size)
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    if response.status not in {200, 202}:
        raise RuntimeError(f"{method} {path}: {response.status} {content[:300]!r}")
    return json.loads(content)
