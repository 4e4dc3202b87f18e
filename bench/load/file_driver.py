"""Files sent beside the forms, one behind the other, so that the service is never without one to decide.

They are made and sent in a process of their own: making a file must not delay a form.
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
from bench.year import act_files
from bench.year.flat_columns import assemble_table
from bench.year.text_columns import build_code_column, build_text_column, encode_digits, encode_texts

PARALLEL_FILES = 3
"""Files on their way at once: while one is decided, the next is made, sent, proved, and waits."""
FORMATS = (".parquet", ".csv")
"""Taken in turn."""
MEDIA_TYPE = "application/octet-stream"
REFUSED_EVERY = 500
"""One line in so many names a unit that does not exist."""
_WAIT_SECONDS = 60
_CHAIN = ("commitment", "service", "payment_request", "direct_payment_request")
"""What follows each other in a file, again and again."""

_SPENT_CENTS = 12_345


class FileLoad(NamedTuple):
    """Where files go, whose they are, and how long they are."""

    address: Address
    key: str
    sender: str
    lines: int
    seed: int


class DecidedFile(NamedTuple):
    """A file that was decided: seconds on the clock that only goes forward."""

    lines: int
    size_bytes: int
    admitted: float
    decided: float
    error: str = ""


@contextmanager
def send_files(order: FileLoad) -> Iterator["Queue[DecidedFile]"]:
    """Send files while the body runs; those under way at its end are waited for."""
    context = multiprocessing.get_context("spawn")
    halt, found = context.Event(), context.Queue()
    process = context.Process(target=_send_in_process, args=(order, halt, found), name="files")
    if order.lines == 0:
        yield found
        return
    process.start()
    try:
        yield found
    finally:
        halt.set()
        process.join()


def _send_in_process(order: FileLoad, halt: Event, found: "Queue[DecidedFile]") -> None:
    with TemporaryDirectory(prefix="crescendo-load-") as folder, ThreadPoolExecutor(PARALLEL_FILES) as lanes:
        turns = itertools.count(1)  # the next number is taken in one step of the interpreter
        for _ in range(PARALLEL_FILES):
            lanes.submit(_send_one_after_another, (order, Path(folder)), turns, halt, found)


def _send_one_after_another(
    place: tuple[FileLoad, Path], turns: Iterator[int], halt: Event, found: "Queue[DecidedFile]"
) -> None:
    """One file after the other."""
    order, folder = place
    budget = load_budget.list_assignments(), load_budget.list_payees()
    while not halt.is_set():
        number = next(turns)
        try:
            path = folder / f"load-{number:05}{FORMATS[number % len(FORMATS)]}"
            act_files.write_file(build_lines((order.seed, number), order.lines, budget), path, order.sender)
            found.put(_send_and_check(order, path))
            path.unlink()
        except Exception as error:  # noqa: BLE001 -- reported to the waiter
            found.put(DecidedFile(0, 0, 0.0, 0.0, repr(error)))
            return


def build_lines(number: tuple[int, int], count: int, budget: tuple[list, list]) -> pa.Table:
    """Chains of acts under references of this file alone, which its seed and number give."""
    places, payees = budget
    at = np.arange(count)
    chain, step = at // len(_CHAIN), at % len(_CHAIN)
    names = _build_references(number, chain, np.array([ord(each) for each in "EFPD"], np.uint8)[step])
    place = np.where((step == 0) | (step == 3), chain % len(places) + 1, 0)
    place[(at % REFUSED_EVERY == 0) & (step == 0)] = len(places) + 1
    pays = np.where(step >= 2, chain % len(payees) + 1, 0)
    follows = (step == 1) | (step == 2)
    previous = _build_references(number, chain, np.full(count, ord("E"), np.uint8))
    return assemble_table(
        {
            "reference": build_text_column(names),
            "kind": build_code_column(step, list(_CHAIN)),
            "exercise": pa.array(np.full(count, load_budget.YEAR, np.int32)),
            "date": pa.array(np.full(count, np.datetime64(load_budget.DATE_FIELDS["date"]))),
            "fund_centre": build_code_column(
                place, ["", *(each.unit for each in places), places[0].unit[:-4] + "XXXX"]
            ),
            "functional_area": build_code_column(
                place, ["", *(each.area for each in places), places[0].area]
            ),
            "commitment_item": build_code_column(
                place, ["", *(each.item for each in places), places[0].item]
            ),
            "payee": build_code_column(pays, ["", *(each.code for each in payees)]),
            "predecessor": build_text_column(previous, np.where(follows, previous.shape[1], 0)),
            "amount_cents": pa.array(np.full(count, _SPENT_CENTS, np.int64)),
        }
    )


def _build_references(number: tuple[int, int], chain: np.ndarray, letter: np.ndarray) -> np.ndarray:
    file = np.broadcast_to(encode_texts(f"F{number[0] % 1000:03}{number[1]:04}-"), (len(chain), 9))
    return np.hstack([file, letter[:, None], encode_digits(chain, 8)])


def count_refused(count: int) -> int:
    """Lines of a file that must be refused: a commitment to nowhere, and the two that follow it."""
    return 3 * len([at for at in range(0, count, REFUSED_EVERY) if at % len(_CHAIN) == 0])


def _send_and_check(order: FileLoad, path: Path) -> DecidedFile:
    """Send a file, wait until it is decided, and check its receipt."""
    size = path.stat().st_size
    with path.open("rb") as body:
        ticket = _request(order, ("POST", "/v1/submissions"), body)
    admitted, status = time.monotonic(), ticket
    while status["state"] != "decided":
        status = _request(order, ("GET", f"/v1/submissions/{ticket['submission']}?wait={_WAIT_SECONDS}"))
    receipt, expected = status["receipt"], count_refused(order.lines)
    sums = {name: receipt[name]["lines"] for name in ("accepted", "duplicate", "refused")}
    is_right = sums == {"accepted": order.lines - expected, "duplicate": 0, "refused": expected}
    return DecidedFile(
        order.lines, size, admitted, time.monotonic(), "" if is_right else f"{path.name}: {sums}"
    )


def _request(order: FileLoad, what: tuple[str, str], body: Any = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection(*order.address, timeout=2 * _WAIT_SECONDS)
    try:
        headers = {"authorization": f"Bearer {order.key}", "content-type": MEDIA_TYPE}
        if body is not None:
            headers["content-disposition"] = f'attachment; filename="{Path(body.name).name}"'
            headers["content-length"] = str(Path(body.name).stat().st_size)
        connection.request(*what, body=body, headers=headers)
        answer = connection.getresponse()
        found = answer.read()
    finally:
        connection.close()
    if answer.status not in {200, 202}:
        raise RuntimeError(f"{what[0]} {what[1]}: {answer.status} {found[:300]!r}")
    return json.loads(found)
