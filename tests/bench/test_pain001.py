"""The benchmark of payment files verifies what it times; the generator's summary contains the expected outcomes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lxml.etree import XMLSchema, parse

from bench.payments import pain001_benchmark, payment_files
from bench.payments.payable_requests import Size
from bench.payments.payment_files import Style
from ingest.pain001.archive import pack_with_assignments
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.validation.file_validation import validate_without_cache
from posting.book.registry import ReferenceData
from tests.service.command_line import run_crescendo

XSD = Path(__file__).parents[1] / "xsd"


@pytest.mark.parametrize("imputation", ["csv", "parquet", "structured"])
def test_a_payment_file_is_verified_and_timed(imputation: str) -> None:
    figures = pain001_benchmark.measure(2_000, imputation)
    assert figures.transfers == 2_000
    assert figures.size_bytes > 500 * 2_000
    assert figures.lxml_speedup > 0
    assert figures.memory_bytes >= figures.before_bytes > 0
    assert "2,000 transfers" in pain001_benchmark.format_figures(figures)


@pytest.mark.parametrize("version", ["03", "09"])
@pytest.mark.parametrize("imputation", [*payment_files.SIDECAR_FORMATS, payment_files.STRUCTURED])
def test_generated_files_are_valid_and_add_up(version: str, imputation: str, tmp_path: Path) -> None:
    style = Style(version, imputation, file_transfers=700, lot_transfers=300, wrong_every=100)
    summary = payment_files.write_files(tmp_path, Size(1_500, seed=4), style, reference=ReferenceData.load())
    assert summary["outcomes"]["ACCEPTED"] == 1_500 - 15
    total = 0
    for name in summary["files"][2:]:
        schema = XMLSchema(file=str(XSD / f"pain.001.001.{version}.xsd"))
        schema.assertValid(parse(str(tmp_path / name)))
        spooled = Spool(tmp_path / "spool").receive(tmp_path / name, name, Envelope(sender="BENCH"))
        validated = validate_without_cache(spooled)
        assert validated.lines in (700, 100)
        total += validated.cents
    assert total == summary["cents"]


async def test_generated_files_have_the_outcomes_of_their_summary(tmp_path: Path) -> None:
    out, data_options = tmp_path / "out", ("--data", tmp_path / "data")
    generated = await run_crescendo(
        "generate", "payments", "--out", out, "--transfers", "1200", "--wrong-every", "100", "--json"
    )
    summary = generated.json()
    assert json.loads((out / "summary.json").read_text()) == summary
    repeated = await run_crescendo(
        "generate", "payments", "--out", tmp_path / "twin", "--transfers", "1200", "--wrong-every", "100"
    )
    assert "crescendo run" in repeated.out
    for name in summary["files"]:
        assert (out / name).read_bytes() == (tmp_path / "twin" / name).read_bytes()
    files = [path for path in sorted(out.iterdir()) if path.suffix != ".json"]
    processed = await run_crescendo("run", *files, "--sender", summary["sender"], *data_options, "--json")
    assert processed.code == 0, processed.err
    receipt = processed.json()["receipts"][-1]
    assert receipt["accepted"]["lines"] == summary["outcomes"].pop("ACCEPTED")
    assert {reason["code"]: reason["lines"] for reason in processed.json()["reasons"]} == summary["outcomes"]
    assert receipt["format"] == "pain.001-tar"
    verified = await run_crescendo("verify", *data_options)
    assert verified.code == 0, verified.out


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """Reading a file with four times the transfers in a process of its own needs no more memory, except for noise."""
    grown, sizes = list[int](), list[int]()
    for transfers in (30_000, 120_000):
        out = tmp_path / str(transfers)
        payment_files.write_files(out, Size(transfers), Style(), reference=ReferenceData.load())
        with pack_with_assignments(out / "payments-001.xml") as whole:
            command = [sys.executable, "-m", "bench.payments.pain001_benchmark", "--work", str(whole)]
            figures = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            sizes.append(whole.stat().st_size)
        grown.append(figures["memory_bytes"] - figures["before_bytes"])
    assert sizes[1] > sizes[0] + 64 * 2**20
    assert grown[1] < grown[0] + 48 * 2**20
