"""A file that is wrong throughout: few rows, whole counts, and the same rows and chain after any interruption."""

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from posting import refusal_stretches
from posting.batch import BatchResult
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.store.journal_store import PostgresStore
from reporting import code_labels
from reporting.code_names import read_names
from reporting.proofs import prove_submission
from reporting.verification.verify import verify
from service.database.read_pool import open_read_pool
from service.engine.file_processing import StoppableFeed
from service.results import receipt_queries
from service.results.pain002_report import ReportRequest, ReportSource, stream_report
from tests.file_strategies import REFERENCE, build_openings
from tests.ingest.payment_files import IBAN, build_lot, build_message, build_remittance, build_transfer
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import AUDITOR, insert_keys
from tests.service.http.running_service import run_service
from tests.settlement.test_pain002_writer import find_texts, read_report

LINES, SOUND_LINE = 420_000, 250_000
SINGLE = refusal_stretches.SINGLE_LINES_MAX
ROWS = [
    *((line, 1) for line in range(SINGLE)), (SINGLE, SOUND_LINE - SINGLE),
    *((line, 1) for line in range(SOUND_LINE + 1, SOUND_LINE + 1 + SINGLE)),
    (SOUND_LINE + 1 + SINGLE, LINES - SOUND_LINE - 1 - SINGLE),
]  # fmt: skip
WRONG_LINES = 140_000
WRONG = "FR7630001007941234567890186"


def write_wrong_file(path: Path, lines: int, sound_line: int = -1) -> Path:
    """Write a small Parquet file of many lines of an unknown kind, and perhaps one that is accepted."""
    opening = build_openings()[0]
    wrong = {**opening, "kind": "unknown", "reference": "R", "amount": "1.00"}
    columns = {}
    for name, text in wrong.items():
        indices = np.zeros(lines, np.int32)
        if sound_line >= 0:
            indices[sound_line] = 1
        columns[name] = pa.DictionaryArray.from_arrays(pa.array(indices), pa.array([text, opening[name]]))
    pq.write_table(pa.table(columns), path, compression="zstd")
    assert path.stat().st_size < 100_000
    return path


async def process(dsn: str, folder: Path, paths: Sequence[Path], stop_after: int = 0) -> None:
    """Process files; stop, as a signal would, once ``stop_after`` batches are committed."""
    async with PostgresStore(dsn).own_lease("test") as store:
        request = ProcessingRequest(paths, Envelope(sender="MIN-09"))
        feed = StoppableFeed(FileFeed(request, Spool(folder / "spool"), store))

        def stop(result: BatchResult) -> None:
            if result.number >= stop_after > 0:
                feed.stop()

        settings = PipelineSettings(on_committed=stop)
        await Pipeline(store, ReferenceData.load(REFERENCE), settings).run(feed)
        assert not feed.feed.rejected, feed.feed.rejected


async def fetch(dsn: str, query: str) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def read_rows(dsn: str) -> list[tuple[Any, ...]]:
    return await fetch(
        dsn, "select line, lines, code, field, kind, amount, reference, found from refusal order by line"
    )


async def check_proven(dsn: str) -> None:
    result = await verify(dsn, folder=REFERENCE)
    assert not result.findings, result.findings


async def count_reasons(dsn: str) -> dict[str, tuple[int, int]]:
    connection = await asyncpg.connect(dsn)
    try:
        reasons = await receipt_queries.read_reasons(connection, [1])
        return {reason.code: (reason.lines, reason.cents) for reason in reasons}
    finally:
        await connection.close()


async def test_the_rest_of_a_stretch_is_one_row_whatever_interrupts_it(
    dsn: str, other_dsn: str, tmp_path: Path
) -> None:
    wrong_file = write_wrong_file(tmp_path / "wrong.parquet", LINES, SOUND_LINE)
    await process(dsn, tmp_path / "whole", [wrong_file])
    rows = await read_rows(dsn)
    assert [row[:2] for row in rows] == ROWS
    assert sum(row[1] for row in rows) == LINES - 1
    assert sum(row[5] for row in rows) == (LINES - 1) * 100
    assert [row[4:] for row in rows if row[1] > 1] == [
        (0, lines * 100, "", "") for lines in (SOUND_LINE - SINGLE, LINES - SOUND_LINE - 1 - SINGLE)
    ]
    totals = "select accepted, refused, refused_cents, done from progress order by batch desc limit 1"
    assert await fetch(dsn, totals) == [(1, LINES - 1, (LINES - 1) * 100, True)]
    await check_proven(dsn)
    for stop_after in (1, 2, 3):
        await process(other_dsn, tmp_path / "parts", [wrong_file], stop_after)
        (refused,) = await fetch(other_dsn, "select refused, done from progress order by batch desc limit 1")
        assert await count_reasons(other_dsn) == {"KIND_UNKNOWN": (refused[0], refused[0] * 100)}
        await check_proven(other_dsn)
    await process(other_dsn, tmp_path / "parts", [])
    assert await read_rows(other_dsn) == rows
    chains = [
        await fetch(place, "select batch, chain, refused_lines from batch order by batch")
        for place in (dsn, other_dsn)
    ]
    assert chains[0] == chains[1]
    assert [refused for _, _, refused in chains[0]] == [131_072, 131_071, 131_072, LINES - 3 * 131_072]


async def test_every_result_says_which_lines_a_row_is_about(dsn: str, tmp_path: Path) -> None:
    await insert_keys(dsn)
    place = ("--database", dsn, "--data", tmp_path)
    environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
    path = write_wrong_file(tmp_path / "wrong.parquet", WRONG_LINES)
    ran = await run_crescendo("run", path, *place, "--sender", "MIN-09", "--json", environment=environment)
    (receipt,) = ran.json()["receipts"]
    assert (receipt["accepted"]["lines"], receipt["refused"]["lines"]) == (0, WRONG_LINES)
    assert [(reason["code"], reason["lines"]) for reason in ran.json()["reasons"]] == [
        ("KIND_UNKNOWN", WRONG_LINES)
    ]
    report = await run_crescendo("report", "refusals", *place, "--json", environment=environment)
    assert f'"lines":{WRONG_LINES}' in re.sub(r"\s", "", report.out)
    status = await run_crescendo("db", "status", *place, environment=environment)
    assert re.search(rf"refused lines\W+{WRONG_LINES:,}", status.out)
    async with run_service(dsn, tmp_path) as served, served.client(AUDITOR) as client:
        address, pages = (
            f"/v1/submissions/1/refusals?limit=1000&after={SINGLE - 1500}",
            list[dict[str, Any]](),
        )
        while address:
            page = (await client.get(address)).json()
            pages += page["refusals"]
            address = page["next"]
        inside = (await client.get(f"/v1/submissions/1/refusals?limit=1&after={SINGLE + 5}")).json()
        texts = await client.get("/v1/submissions/1/refusals", headers={"accept": "text/csv"})
        accept = {"accept": "application/vnd.apache.arrow.stream"}
        table = pa.ipc.open_stream(
            (await client.get("/v1/submissions/1/refusals", headers=accept)).content
        ).read_all()
        pain002 = read_report((await client.get("/v1/submissions/1/pain002?version=12")).content)
    spans = [*((line, line) for line in range(1, SINGLE + 1)), (SINGLE + 1, WRONG_LINES)]
    assert [(row["line"], row["last_line"]) for row in pages] == spans[-1501:]
    assert (inside["refusals"], inside["next"]) == (
        pages[-1:],
        f"/v1/submissions/1/refusals?limit=1&after={WRONG_LINES}",
    )
    lines = csv.DictReader(io.StringIO(texts.text))
    assert [(int(row["line"]), int(row["last_line"])) for row in lines] == spans
    assert list(zip(table["line"].to_pylist(), table["last_line"].to_pylist(), strict=True)) == spans
    assert find_texts(pain002, "StsId") == [f"1-{line}" for line, _ in spans]
    assert find_texts(pain002, "DtldNbOfTxs") == [str(WRONG_LINES)]
    assert f"Lines {SINGLE + 1:,} to {WRONG_LINES:,}" in " ".join(find_texts(pain002, "AddtlInf"))


async def test_the_rest_of_a_stretch_is_reported_for_each_lot(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusal_stretches, "SINGLE_LINES_MAX", 2)
    charged = build_remittance(
        "fund-centre:0177-D013-DD13", "functional-area:0177-12", "commitment-item:31", "payee:S"
    )
    names = [f"T-{number}" for number in range(1, 11)]
    transfers = [build_transfer(name, "2.00", charged).replace(IBAN, WRONG) for name in names]
    path = tmp_path / "orders.xml"
    lots = [build_lot(transfers[start:end], f"LOT-{start}") for start, end in ((0, 4), (4, 7), (7, 10))]
    path.write_bytes(build_message(*lots, count=len(names)))
    await process(dsn, tmp_path, [path])
    assert [row[:2] for row in await read_rows(dsn)] == [(0, 1), (1, 1), (2, 8)]
    await check_proven(dsn)
    connection = await asyncpg.connect(dsn)
    try:
        names_of_codes = await read_names(connection, code_labels.load(REFERENCE))
        proof = await prove_submission(connection, names_of_codes, 1)
        assert proof
        assert proof.holds
    finally:
        await connection.close()
    async with open_read_pool(dsn) as pool:
        source = ReportSource(names_of_codes, pool, Spool(tmp_path / "spool"))
        pieces = [piece async for piece in await stream_report(source, ReportRequest(1))]
    report = read_report(b"".join(pieces).replace(b"pain.002.001.10", b"pain.002.001.12"))
    assert find_texts(report, "OrgnlPmtInfId") == ["LOT-0", "LOT-4", "LOT-7"]
    assert find_texts(report, "PmtInfSts") == ["RJCT"] * 3
    assert find_texts(report, "StsId") == ["1-1", "1-2", "1-3", "1-5", "1-8"]
    remarks = find_texts(report, "AddtlInf")
    for span in ("Lines 3 to 4", "Lines 5 to 7", "Lines 8 to 10"):
        assert any(span in remark for remark in remarks), remarks
