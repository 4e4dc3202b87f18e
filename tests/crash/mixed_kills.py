"""The service, its server, single backends or all are killed with -9 at random instants of a mixed load.

``python -m tests.crash.mixed_kills --kills 200`` is the long form of ``test_mixed_kills``.
"""

import argparse
import asyncio
import contextlib
import gc
import random
import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as ET

import asyncpg
import psutil

from service.database.embedded_server import run_embedded_server
from tests.crash.mixed_load import MixedLoad
from tests.service.command_line import run_crescendo
from tests.service.http.running_service import RunningService, run_service
from tests.service.small_state import State

TARGETS = ("service", "server", "backend", "both")
MORE_MAX = 60
"""Acknowledgements between two kills, at most."""
STEPS_SHARE, STEPS_MAX = 0.6, 3
"""So often a kill comes only after so many tasks, at most: else every kill would come while the first of them works."""
STILL_SECONDS = 120
"""A load that brings no acknowledgement for so long has stopped for good."""


async def run_kills(folder: Path, kills: int, seed: int) -> Counter[str]:
    """Run the load with so many kills, then check that nothing is lost or doubled; return what was killed."""
    data, reference = folder / "data", State("", folder).reference
    load, numbers, killed = (
        MixedLoad(data, reference, folder / "answers", seed=seed),
        random.Random(seed),
        Counter[str](),
    )
    await load.prepare()
    while killed.total() < kills:
        async with run_service(None, data, "--rate", "100000", reference=reference) as service:
            await _kill_until_it_ends(load, service, numbers, killed=killed, kills=kills)
    _collect_lost_connections()
    async with run_service(None, data, "--rate", "100000", reference=reference) as service:
        await load.finish(service.url)
    await check_books(load, data, reference)
    return killed


async def _kill_until_it_ends(
    load: MixedLoad, service: RunningService, numbers: random.Random, *, killed: Counter[str], kills: int
) -> None:
    """Drive the load and kill something now and then, until the process of the service has ended."""
    driving = asyncio.create_task(load.drive(service.url))
    ended = asyncio.create_task(service.process.wait())
    try:
        while not ended.done() and killed.total() < kills:
            waiting = asyncio.create_task(_wait_for_instant(load, numbers))
            await asyncio.wait(
                {waiting, ended, driving}, timeout=STILL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            is_still = not (waiting.done() or ended.done() or driving.done())
            waiting.cancel()
            assert not is_still, f"nothing was acknowledged for {STILL_SECONDS} seconds after {killed}"
            if driving.done():
                driving.result()
            if not ended.done():
                target = numbers.choice(TARGETS)
                kill(service, target, numbers)
                killed[target] += 1
    finally:
        driving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await driving
        ended.cancel()


def _collect_lost_connections() -> None:
    """Collect the connections that the HTTP client leaves open when its requests are cancelled, without their warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


async def _wait_for_instant(load: MixedLoad, numbers: random.Random) -> None:
    """Wait for a random number of forms and files, often for a few tasks before, and then a moment longer."""
    if numbers.random() < STEPS_SHARE:
        await load.acknowledged.wait_for_steps(numbers.randint(1, STEPS_MAX))
    await load.acknowledged.wait_for(numbers.randint(1, MORE_MAX))


def kill(service: RunningService, target: str, numbers: random.Random) -> None:
    """Kill the process of the service, all processes of its server, one backend, or all of them."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(service.process.pid)
        servers = [child for child in process.children(recursive=True) if "postgres" in child.name()]
        if target == "backend":
            postmasters = {child.ppid() for child in servers}
            backends = [child for child in servers if child.pid not in postmasters]
            victims = [numbers.choice(backends)] if backends else []
        else:
            victims = [
                *(servers if target in {"server", "both"} else ()),
                *([process] if target != "server" else ()),
            ]
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()


async def check_books(load: MixedLoad, data: Path, reference: Path) -> None:
    """Check that what was acknowledged is in the books once, that each payment is in one file, and that all is proven."""
    environment = {"CRESCENDO_REFERENCE": str(reference)}
    verified = await run_crescendo("verify", "--data", data, environment=environment)
    assert verified.code == 0, verified.out
    status = await run_crescendo("bank", "status", "--data", data, "--json", environment=environment)
    assert status.json()["agrees"], status.out
    async with run_embedded_server(data) as database:
        connection = await asyncpg.connect(database.dsn)
        try:
            forms = await connection.fetch("select reference, entry_id from entry where reference like 'F-%'")
            files = await connection.fetch(
                "select s.submission, s.file_name from submission s where s.file_name like 'requests-%' "
                "and not exists (select from unfinished u where u.submission = s.submission)"
            )
            paid = await connection.fetchval("select coalesce(sum(paid), 0)::bigint from payment_end")
        finally:
            await connection.close()
    stored = {row["reference"]: row["entry_id"] for row in forms}
    assert len(forms) == len(stored), "a form is stored twice"
    assert load.acknowledged.forms.items() <= stored.items(), "an acknowledged form is lost"
    assert load.acknowledged.files.items() <= {row["file_name"]: row["submission"] for row in files}.items()
    assert load.acknowledged.runs, "no payment run was issued: nothing was tested"
    assert load.acknowledged.messages, "no bank file was imported: nothing was tested"
    identifiers = _list_identifiers(data / "outbox")
    assert len(identifiers) == len(set(identifiers)) == paid, "each payment is in one file, once"


def _list_identifiers(outbox: Path) -> list[str]:
    """List the end-to-end identifiers of all payment files."""
    return [
        element.text or ""
        for path in sorted(outbox.glob("*/*.xml"))
        for element in ET.parse(path).iter()
        if element.tag.endswith("}EndToEndId")
    ]


def main() -> int:
    """Run the long form; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20181231)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crescendo-kills-") as folder:
        killed = asyncio.run(run_kills(Path(folder), options.kills, options.seed))
    print(f"{killed.total()} kills ({dict(killed)}): nothing is lost, nothing is doubled, all is proven")
    return 0


if __name__ == "__main__":
    sys.exit(main())
