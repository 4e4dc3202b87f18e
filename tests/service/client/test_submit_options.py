"""``crescendo submit`` and the client: what is said of a file beside it and with the call, all or none, and dry runs."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from service.client.client import WHOLE_BYTES_MAX, Client, Refused
from service.client.manifest import MANIFEST_BYTES_MAX
from tests.ingest.payment_files import imputations, lot, message, transfer
from tests.service.command_line import crescendo
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import commitment, unknown_centres
from tests.service.http.conftest import Place
from tests.service.http.running_service import as_jsonl, fetch
from tests.service.http.test_payment_files import archive

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = MINISTRY["authorization"].removeprefix("Bearer ")
OUTCOMES = ("accepted", "duplicate", "refused")


async def _submit(place: Place, *words: str | Path, key: str = KEY) -> Any:
    return await crescendo(
        "submit", *words, "--url", place.service.url, "--json", environment={"CRESCENDO_KEY": key}
    )


def _file(folder: Path, name: str, rows: Any, said: Mapping[str, Any] | bytes | None = None) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_bytes(as_jsonl(rows))
    if said is not None:
        text = said if isinstance(said, bytes) else json.dumps(said).encode()
        path.with_name(f"{path.name}.manifest.json").write_bytes(text)
    return path


def _ends(found: Mapping[str, Any]) -> list[int]:
    return [found[name]["lines"] for name in OUTCOMES]


async def _stored(place: Place) -> list[int]:
    tables = ("entry", "refusal", "duplicate", "batch", "submission")
    return [(await fetch(place.dsn, f"select count(*) from {each}"))[0]["count"] for each in tables]


@pytest.mark.parametrize(("name", "count"), [("small", 3), ("large", 30_000)])
async def test_what_the_manifest_says_must_hold(place: Place, tmp_path: Path, name: str, count: int) -> None:
    """Whole or in pieces; named with the others, the manifest is no file of its own."""
    rows = unknown_centres(count, f"M-{name}-")
    path = _file(tmp_path, name, rows, {"count": str(count + 1)})
    assert (path.stat().st_size > WHOLE_BYTES_MAX) == (name == "large")
    refused = await _submit(place, *sorted(tmp_path.iterdir()))
    assert refused.code == 1
    assert refused.json()["refused"][0]["code"] == "envelope-mismatch"
    said = {"count": str(count), "control_sum": f"{count}.00", "batch_id": f"LOT {name}", "sender": "MIN-09"}
    _file(tmp_path, name, rows, {**said, "version": "1", "sepa_only": True})
    taken = await _submit(place, *sorted(tmp_path.iterdir()))
    assert taken.code == 0, taken.err
    (ticket,) = taken.json()["submissions"]
    assert (ticket["receipt"]["batch_id"], _ends(ticket["receipt"])) == (f"LOT {name}", [0, 0, count])


async def test_a_manifest_of_another_sender_is_refused(place: Place, tmp_path: Path) -> None:
    path = _file(tmp_path, "theirs", [commitment("OTHER-1", "0.01")], {"sender": "MIN-09"})
    refused = await _submit(place, path, key=FOREIGN["authorization"].removeprefix("Bearer "))
    assert (refused.code, refused.json()["refused"][0]["code"]) == (1, "wrong-sender")
    assert (await _submit(place, path)).code == 0


UNREADABLE: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "file-unreadable"),
    "no UTF-8": (b'{"batch_id": "\xff"}', "file-unreadable"),
    "no object": (b"[]", "file-unreadable"),
    "twice": (b'{"count": "1", "count": "2"}', "file-unreadable"),
    "deep": (b"[" * 60_000, "file-unreadable"),
    "too long": (b" " * (MANIFEST_BYTES_MAX + 1), "limit-exceeded"),
    "unknown key": (b'{"counts": "1"}', "format-unknown"),
    "a number": (b'{"count": 1}', "format-unknown"),
    "a text for a flag": (b'{"atomic": "true"}', "format-unknown"),
    "another header": (b'{"batch_id": "A\\r\\nAuthorization: Bearer x"}', "format-unknown"),
    "beyond ASCII": (b'{"batch_id": "\xc3\xa9"}', "format-unknown"),
    "empty": (b'{"batch_id": ""}', "format-unknown"),
    "what the service does not take": (b'{"count": "one"}', "format-unknown"),
    "other bytes": (b'{"sha256": "%s"}' % (b"0" * 64), "envelope-mismatch"),
}


async def test_a_manifest_that_does_not_read_refuses_its_file_and_no_other(
    place: Place, tmp_path: Path
) -> None:
    before = await _stored(place)
    paths = [
        _file(tmp_path, f"{number}", [commitment(f"UN-{number}", "0.01")], text)
        for number, (text, _) in enumerate(UNREADABLE.values())
    ]
    good = _file(tmp_path, "good", [commitment("UN-GOOD", "0.01")])
    found = await _submit(place, *paths, good)
    assert found.code == 1
    assert [each["code"] for each in found.json()["refused"]] == [code for _, code in UNREADABLE.values()]
    assert all(each["remedy"] for each in found.json()["refused"])
    assert [_ends(each["receipt"]) for each in found.json()["submissions"]] == [[1, 0, 0]]
    assert (await _stored(place))[-1] == before[-1] + 1


@pytest.mark.parametrize("way", ["command", "manifest", "client"])
async def test_all_or_none_by_command_manifest_and_client(place: Place, tmp_path: Path, way: str) -> None:
    rows = [commitment(f"AN-{way}", "0.01"), *unknown_centres(1, f"AN-{way}-")]
    path = _file(tmp_path, "acts", rows, {"atomic": way == "manifest"} if way != "client" else None)
    if way == "client":
        client = Client(place.service.url, KEY)
        ticket = await asyncio.to_thread(client.submit, path, envelope={"atomic": True})
    else:
        found = await _submit(place, path, *(["--atomic"] if way == "command" else []))
        assert found.code == 0, found.err
        (ticket,) = found.json()["submissions"]
    assert _ends(ticket["receipt"]) == [0, 0, 2]
    assert {each["code"] for each in ticket["reasons"]} == {"FORM_REFUSED", "FUND_CENTRE_UNKNOWN"}


async def test_a_large_file_is_all_or_none_too(place: Place, tmp_path: Path) -> None:
    path = _file(tmp_path, "large", [*unknown_centres(30_000, "ANL-"), commitment("ANL", "0.01")])
    assert path.stat().st_size > WHOLE_BYTES_MAX
    (ticket,) = (await _submit(place, path, "--atomic")).json()["submissions"]
    assert _ends(ticket["receipt"]) == [0, 0, 30_001]


async def test_a_dry_run_says_what_sending_then_does_and_stores_nothing(place: Place, tmp_path: Path) -> None:
    path = _file(tmp_path, "acts", [commitment("DR", "0.01"), *unknown_centres(2, "DR-")])
    before = await _stored(place)
    dry = await _submit(place, path, "--dry-run")
    assert (dry.code, dry.json()["dry_run"], dry.json()["refused"]) == (0, True, [])
    (told,) = dry.json()["files"]
    assert (_ends(told), [each["code"] for each in told["reasons"]]) == ([1, 0, 2], ["FUND_CENTRE_UNKNOWN"])
    whole = (await _submit(place, path, "--dry-run", "--atomic")).json()["files"][0]
    assert _ends(whole) == [0, 0, 3]
    assert await _stored(place) == before
    (ticket,) = (await _submit(place, path)).json()["submissions"]
    assert _ends(ticket["receipt"]) == _ends(told)
    assert ticket["reasons"] == told["reasons"]


async def test_a_dry_run_is_told_to_people(place: Place, tmp_path: Path) -> None:
    good = _file(tmp_path, "good", unknown_centres(2, "DP-"))
    bad = _file(tmp_path, "bad", [commitment("DP-1", "0.01")], {"count": "2"})
    words = ("submit", good, bad, "--dry-run", "--url", place.service.url, "--key", KEY)
    found = await crescendo(*words)
    assert found.code == 1
    assert "The envelope states 2 lines, the file has 1" in found.err
    assert "What would become of them" in found.out
    assert "FUND_CENTRE_UNKNOWN" in found.out
    assert "nothing is stored" in found.out


async def test_what_is_too_large_for_a_dry_run_is_told(place: Place, tmp_path: Path) -> None:
    path = _file(tmp_path, "many", unknown_centres(50_001, "DL-"))
    found = await _submit(place, path, "--dry-run")
    assert (found.code, found.json()["refused"][0]["code"]) == (1, "limit-exceeded")


async def test_a_payment_file_is_tried_with_what_stands_beside_it(place: Place, tmp_path: Path) -> None:
    """Its imputations, and a manifest whose hash is that of both together."""
    rows = [(f"DW{number}", "0.01") for number in range(5)]
    text = message(lot([transfer(*row) for row in rows]), count=len(rows), name="MSG-DW")
    (tmp_path / "pay.xml").write_bytes(text)
    (tmp_path / "pay.xml.imputation.csv").write_bytes(imputations(rows))
    (tmp_path / "pay.xml.manifest.json").write_text(json.dumps({"count": "5", "batch_id": "MSG-DW"}))
    files = sorted(tmp_path.iterdir())
    (told,) = (await _submit(place, *files, "--dry-run")).json()["files"]
    assert (told["file"], told["lines"], told["cents"]) == ("pay.xml", 5, 5)
    (ticket,) = (await _submit(place, *files)).json()["submissions"]
    assert _ends(ticket["receipt"]) == _ends(told)
    of_both = ticket["receipt"]["sha256"]
    assert of_both != hashlib.sha256(text).hexdigest()
    assert of_both != hashlib.sha256(archive(text, imputations(rows))).hexdigest(), "its names differ"
    (tmp_path / "pay.xml.manifest.json").write_text(json.dumps({"sha256": of_both.upper()}))
    assert (await _submit(place, *files)).code == 0


async def test_two_imputation_files_are_refused_before_anything_is_sent(place: Place, tmp_path: Path) -> None:
    (tmp_path / "pay.xml").write_bytes(message(lot([transfer("TWO", "0.01")])))
    for suffix in ("csv", "jsonl"):
        (tmp_path / f"pay.xml.imputation.{suffix}").write_bytes(imputations([("TWO", "0.01")]))
    found = await _submit(place, tmp_path / "pay.xml")
    assert (found.code, found.json()["refused"][0]["code"]) == (1, "file-unreadable")


async def test_an_envelope_that_cannot_be_said_is_refused_by_the_client(place: Place, tmp_path: Path) -> None:
    path = _file(tmp_path, "acts", [commitment("EN-1", "0.01")])
    for envelope in ({"batch": "X"}, {"atomic": "yes"}, {"batch_id": "a\nb"}):
        with pytest.raises(Refused) as refused:
            await asyncio.to_thread(Client(place.service.url, KEY).dry_run, path, envelope=envelope)
        assert refused.value.problem["code"] == "format-unknown"
