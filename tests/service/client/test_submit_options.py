"""``crescendo submit`` and the client: manifests, options, atomic files, and dry runs."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.cli.submit_options import ServiceOptions
from service.client.client import WHOLE_BYTES_MAX, Client, Refused
from service.client.manifest import MANIFEST_BYTES_MAX
from tests.ingest.payment_files import build_assignments, build_lot, build_message, build_transfer
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import fetch, to_jsonl
from tests.service.http.test_payment_files import build_archive

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = MINISTRY["authorization"].removeprefix("Bearer ")
OUTCOMES = ("accepted", "duplicate", "refused")


async def _run_submit(place: ServicePlace, *words: str | Path, key: str = KEY) -> Any:
    return await run_crescendo(
        "submit", *words, "--url", place.service.url, "--json", environment={"CRESCENDO_KEY": key}
    )


def _write_file(
    folder: Path, name: str, rows: Any, manifest: Mapping[str, Any] | bytes | None = None
) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_bytes(to_jsonl(rows))
    if manifest is not None:
        text = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
        path.with_name(f"{path.name}.manifest.json").write_bytes(text)
    return path


def _list_outcomes(ticket: Mapping[str, Any]) -> list[int]:
    return [ticket[name]["lines"] for name in OUTCOMES]


async def _count_stored(place: ServicePlace) -> list[int]:
    tables = ("entry", "refusal", "duplicate", "batch", "submission")
    return [(await fetch(place.dsn, f"select count(*) from {table}"))[0]["count"] for table in tables]


@pytest.mark.parametrize(("name", "count"), [("small", 3), ("large", 30_000)])
async def test_the_manifest_is_checked(place: ServicePlace, tmp_path: Path, name: str, count: int) -> None:
    """Sent whole or in pieces, numbers as texts or not; a manifest among the named files is not sent as a file."""
    rows = build_unknown_centres(count, f"M-{name}-")
    path = _write_file(tmp_path, name, rows, {"count": count + 1})
    assert (path.stat().st_size > WHOLE_BYTES_MAX) == (name == "large")
    refused = await _run_submit(place, *sorted(tmp_path.iterdir()))
    assert refused.code == 1
    assert refused.json()["refused"][0]["code"] == "envelope-mismatch"
    fields = {
        "count": count,
        "control_sum": float(count),
        "batch_id": f"LOT {name}",
        "sender": "MIN-09",
    }
    _write_file(tmp_path, name, rows, {**fields, "version": "1", "sepa_only": True})
    result = await _run_submit(place, *sorted(tmp_path.iterdir()))
    assert result.code == 0, result.err
    (ticket,) = result.json()["submissions"]
    assert (ticket["receipt"]["batch_id"], _list_outcomes(ticket["receipt"])) == (
        f"LOT {name}",
        [0, 0, count],
    )


async def test_a_manifest_of_another_sender_is_refused(place: ServicePlace, tmp_path: Path) -> None:
    path = _write_file(tmp_path, "theirs", [build_commitment("OTHER-1", "0.01")], {"sender": "MIN-09"})
    refused = await _run_submit(place, path, key=FOREIGN["authorization"].removeprefix("Bearer "))
    assert (refused.code, refused.json()["refused"][0]["code"]) == (1, "wrong-sender")
    assert (await _run_submit(place, path)).code == 0


UNREADABLE_MANIFESTS: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "file-unreadable"),
    "no UTF-8": (b'{"batch_id": "\xff"}', "file-unreadable"),
    "no object": (b"[]", "file-unreadable"),
    "twice": (b'{"count": "1", "count": "2"}', "file-unreadable"),
    "deep": (b"[" * 60_000, "file-unreadable"),
    "too long": (b" " * (MANIFEST_BYTES_MAX + 1), "limit-exceeded"),
    "unknown key": (b'{"counts": "1"}', "format-unknown"),
    "a list": (b'{"count": [1]}', "format-unknown"),
    "a text for a flag": (b'{"atomic": "true"}', "format-unknown"),
    "another header": (b'{"batch_id": "A\\r\\nAuthorization: Bearer x"}', "format-unknown"),
    "beyond ASCII": (b'{"batch_id": "\xc3\xa9"}', "format-unknown"),
    "empty": (b'{"batch_id": ""}', "format-unknown"),
    "what the service does not take": (b'{"count": "one"}', "format-unknown"),
    "other bytes": (b'{"sha256": "%s"}' % (b"0" * 64), "envelope-mismatch"),
}


async def test_an_unreadable_manifest_refuses_only_its_file(place: ServicePlace, tmp_path: Path) -> None:
    before = await _count_stored(place)
    paths = [
        _write_file(tmp_path, f"{number}", [build_commitment(f"UN-{number}", "0.01")], text)
        for number, (text, _) in enumerate(UNREADABLE_MANIFESTS.values())
    ]
    good = _write_file(tmp_path, "good", [build_commitment("UN-GOOD", "0.01")])
    result = await _run_submit(place, *paths, good)
    assert result.code == 1
    assert [problem["code"] for problem in result.json()["refused"]] == [
        code for _, code in UNREADABLE_MANIFESTS.values()
    ]
    assert all(problem["remedy"] for problem in result.json()["refused"])
    assert [_list_outcomes(problem["receipt"]) for problem in result.json()["submissions"]] == [[1, 0, 0]]
    assert (await _count_stored(place))[-1] == before[-1] + 1


@pytest.mark.parametrize("way", ["command", "manifest", "client"])
async def test_all_or_none_by_command_manifest_and_client(
    place: ServicePlace, tmp_path: Path, way: str
) -> None:
    rows = [build_commitment(f"AN-{way}", "0.01"), *build_unknown_centres(1, f"AN-{way}-")]
    path = _write_file(tmp_path, "acts", rows, {"atomic": way == "manifest"} if way != "client" else None)
    if way == "client":
        client = Client(place.service.url, KEY)
        ticket = await asyncio.to_thread(client.submit, path, envelope={"atomic": True})
    else:
        result = await _run_submit(place, path, *(["--atomic"] if way == "command" else []))
        assert result.code == 0, result.err
        (ticket,) = result.json()["submissions"]
    assert _list_outcomes(ticket["receipt"]) == [0, 0, 2]
    assert {reason["code"] for reason in ticket["reasons"]} == {"FORM_REFUSED", "FUND_CENTRE_UNKNOWN"}


async def test_a_large_file_can_be_atomic(place: ServicePlace, tmp_path: Path) -> None:
    path = _write_file(
        tmp_path, "large", [*build_unknown_centres(30_000, "ANL-"), build_commitment("ANL", "0.01")]
    )
    assert path.stat().st_size > WHOLE_BYTES_MAX
    (ticket,) = (await _run_submit(place, path, "--atomic")).json()["submissions"]
    assert _list_outcomes(ticket["receipt"]) == [0, 0, 30_001]


async def test_a_dry_run_predicts_the_result_and_stores_nothing(place: ServicePlace, tmp_path: Path) -> None:
    path = _write_file(tmp_path, "acts", [build_commitment("DR", "0.01"), *build_unknown_centres(2, "DR-")])
    before = await _count_stored(place)
    dry = await _run_submit(place, path, "--dry-run")
    assert (dry.code, dry.json()["dry_run"], dry.json()["refused"]) == (0, True, [])
    (dry_result,) = dry.json()["files"]
    assert (_list_outcomes(dry_result), [reason["code"] for reason in dry_result["reasons"]]) == (
        [1, 0, 2],
        ["FUND_CENTRE_UNKNOWN"],
    )
    whole = (await _run_submit(place, path, "--dry-run", "--atomic")).json()["files"][0]
    assert _list_outcomes(whole) == [0, 0, 3]
    assert await _count_stored(place) == before
    (ticket,) = (await _run_submit(place, path)).json()["submissions"]
    assert _list_outcomes(ticket["receipt"]) == _list_outcomes(dry_result)
    assert ticket["reasons"] == dry_result["reasons"]


async def test_a_dry_run_is_printed_for_people(place: ServicePlace, tmp_path: Path) -> None:
    good = _write_file(tmp_path, "good", build_unknown_centres(2, "DP-"))
    bad = _write_file(tmp_path, "bad", [build_commitment("DP-1", "0.01")], {"count": "2"})
    words = ("submit", good, bad, "--dry-run", "--url", place.service.url, "--key", KEY)
    result = await run_crescendo(*words)
    assert result.code == 1
    assert "The envelope states 2 lines, the file has 1" in result.err
    assert "Expected outcome" in result.out
    assert "FUND_CENTRE_UNKNOWN" in result.out
    assert "nothing is stored" in result.out


async def test_a_file_too_large_for_a_dry_run_is_refused(place: ServicePlace, tmp_path: Path) -> None:
    path = _write_file(tmp_path, "many", build_unknown_centres(50_001, "DL-"))
    result = await _run_submit(place, path, "--dry-run")
    assert (result.code, result.json()["refused"][0]["code"]) == (1, "limit-exceeded")


async def test_a_dry_run_of_a_payment_file_includes_its_sidecars(place: ServicePlace, tmp_path: Path) -> None:
    """The account assignments, and a manifest with the hash of both files together."""
    rows = [(f"DW{number}", "0.01") for number in range(5)]
    text = build_message(build_lot([build_transfer(*row) for row in rows]), count=len(rows), name="MSG-DW")
    (tmp_path / "pay.xml").write_bytes(text)
    (tmp_path / "pay.xml.imputation.csv").write_bytes(build_assignments(rows))
    (tmp_path / "pay.xml.manifest.json").write_text(json.dumps({"count": "5", "batch_id": "MSG-DW"}))
    files = sorted(tmp_path.iterdir())
    (dry_result,) = (await _run_submit(place, *files, "--dry-run")).json()["files"]
    assert (dry_result["file"], dry_result["lines"], dry_result["cents"]) == ("pay.xml", 5, 5)
    (ticket,) = (await _run_submit(place, *files)).json()["submissions"]
    assert _list_outcomes(ticket["receipt"]) == _list_outcomes(dry_result)
    of_both = ticket["receipt"]["sha256"]
    assert of_both != hashlib.sha256(text).hexdigest()
    assert of_both != hashlib.sha256(build_archive(text, build_assignments(rows))).hexdigest(), (
        "its names differ"
    )
    (tmp_path / "pay.xml.manifest.json").write_text(json.dumps({"sha256": of_both.upper()}))
    assert (await _run_submit(place, *files)).code == 0


async def test_two_imputation_files_are_refused_before_anything_is_sent(
    place: ServicePlace, tmp_path: Path
) -> None:
    (tmp_path / "pay.xml").write_bytes(build_message(build_lot([build_transfer("TWO", "0.01")])))
    for suffix in ("csv", "jsonl"):
        (tmp_path / f"pay.xml.imputation.{suffix}").write_bytes(build_assignments([("TWO", "0.01")]))
    result = await _run_submit(place, tmp_path / "pay.xml")
    assert (result.code, result.json()["refused"][0]["code"]) == (1, "file-unreadable")


async def test_an_envelope_that_headers_cannot_carry_is_refused_by_the_client(
    place: ServicePlace, tmp_path: Path
) -> None:
    path = _write_file(tmp_path, "acts", [build_commitment("EN-1", "0.01")])
    for envelope in ({"batch": "X"}, {"atomic": "yes"}, {"batch_id": "a\nb"}):
        with pytest.raises(Refused) as refused:
            await asyncio.to_thread(Client(place.service.url, KEY).dry_run, path, envelope=envelope)
        assert refused.value.problem["code"] == "format-unknown"


async def test_the_first_retry_names_the_option_of_the_address() -> None:
    """Only if no address was given, and not at every retry."""
    first = "no connection: Connection refused; again in 1 s; http://127.0.0.1:8000 is tried 10 times within 151 s"
    assert "--url" in ServiceOptions().describe_retry(first)
    later = "no connection: Connection refused; again in 2 s"
    assert ServiceOptions().describe_retry(later) == later
    assert ServiceOptions("http://127.0.0.1:8471").describe_retry(first) == first
