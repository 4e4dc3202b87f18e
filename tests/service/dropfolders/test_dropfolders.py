"""Files in drop folders: taken once, when they are complete, with the checks of HTTP; results are written back."""

import base64
import csv
import io
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import pytest_asyncio

from ingest.result_names import to_safe_name
from service.database.embedded_server import Database
from tests.ingest.odd_buffers import build_odd_file
from tests.service.dropfolders.drop_senders import (
    DIRECTORATE,
    EARLY,
    ENDED,
    MINE,
    NARROW,
    OTHER,
    OVER,
    READER,
    STRANGE,
    THEIRS,
    SenderFolders,
    create_folders,
    prepare_service,
    run_watching_service,
    wait_for_log,
)
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import OPENINGS, build_commitment, build_unknown_centres, submit_credits
from tests.service.http.running_service import JSONL, RunningService, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")
ELSEWHERE = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "31"}
Place = tuple[RunningService, SenderFolders, str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A service that watches a folder, with credits already decided."""
    root = tmp_path_factory.mktemp("watched")
    async with (
        prepare_service(database, root) as (dsn, folders),
        run_watching_service(dsn, root, "--drop-settle", "0") as served,
    ):
        await wait_for_log(served, "answered", "credits.jsonl")
        async with served.client() as client:
            await submit_credits(client)
        yield served, folders, dsn


async def _read_trail(dsn: str, name: str) -> list[tuple[Any, ...]]:
    query = "select sender, address, code from audit where action = $1"
    return [tuple(row) for row in await fetch(dsn, query, f"DROP {name}")]


async def test_a_signed_file_is_processed_and_answered(place: Place) -> None:
    _, folders, _ = place
    ticket = folders.read_result("credits.jsonl.receipt.json")
    assert ticket["state"] == "decided"
    assert ticket["receipt"]["accepted"]["lines"] == len(OPENINGS)
    assert ticket["receipt"]["sender"] == "MIN-09"
    assert {"000000001-credits.jsonl", "000000001-credits.jsonl.sig"} <= folders.list_names("done")
    assert {"credits.jsonl.receipt.json", "credits.jsonl.refusals.csv", "credits.jsonl.pain002.xml"} <= (
        folders.list_names("out")
    )
    assert "credits.jsonl" not in folders.list_names("in")


async def test_the_results_equal_the_http_responses(place: Place) -> None:
    served, folders, _ = place
    folders.leave_file(
        "some.jsonl",
        [*build_unknown_centres(3, "S"), build_commitment("S-GOOD")],
        manifest={"batch_id": "LOT-7", "count": "4"},
    )
    await wait_for_log(served, "answered", "some.jsonl")
    ticket = folders.read_result("some.jsonl.receipt.json")
    assert (ticket["receipt"]["batch_id"], ticket["receipt"]["refused"]["lines"]) == ("LOT-7", 3)
    async with served.client(MINISTRY) as client:
        assert ticket == (await client.get(ticket["links"]["self"])).json()
        answered = await client.get(ticket["links"]["refusals"], headers={"accept": "text/csv"})
        assert (folders.base / "out/some.jsonl.refusals.csv").read_bytes() == answered.content
        answered = await client.get(ticket["links"]["pain002"])
        assert (folders.base / "out/some.jsonl.pain002.xml").read_bytes() == answered.content
    assert {"some.jsonl", "some.jsonl.sig", "some.jsonl.manifest.json"} <= folders.list_plain_names("done")


async def test_results_are_in_the_language_of_the_sender(place: Place) -> None:
    served, folders, _ = place
    theirs = create_folders(folders.base.parent, OTHER)
    theirs.leave_file("fr.jsonl", build_unknown_centres(1, "F"), by=THEIRS)
    await wait_for_log(served, "answered", "fr.jsonl")
    (row,) = csv.DictReader(io.StringIO((theirs.base / "out/fr.jsonl.refusals.csv").read_text()))
    assert row["finding"].startswith("Le centre financier")


async def test_the_same_file_again_is_the_same_submission_and_is_answered_again(place: Place) -> None:
    served, folders, dsn = place
    rows = [build_commitment("TWICE")]
    async with served.client(MINISTRY) as client:
        by_http = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    for name in ("twice.jsonl", "thrice.jsonl"):
        folders.leave_file(name, rows)
        await wait_for_log(served, "answered", name)
        assert folders.read_result(f"{name}.receipt.json") == by_http.json()
    (folders.base / "out/twice.jsonl.receipt.json").unlink()
    folders.leave_file("twice.jsonl", rows)
    await wait_for_log(served, "answered", "twice.jsonl", 2)
    assert folders.read_result("twice.jsonl.receipt.json") == by_http.json()
    query = "select count(*) from entry where reference = 'TWICE'"
    assert [row["count"] for row in await fetch(dsn, query)] == [1]


REFUSED = {
    "unsigned by any key here": (STRANGE, "signature-wrong"),
    "by a key of another sender": (THEIRS, "signature-wrong"),
    "by a key that is ended": (ENDED, "signature-wrong"),
    "by a key that is over": (OVER, "signature-wrong"),
    "by a key that has not begun": (EARLY, "signature-wrong"),
    "out of role": (DIRECTORATE, "role-not-held"),
    "out of perimeter": (NARROW, "perimeter-not-held"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_unauthorised_files_are_refused_and_audited(name: str, place: Place) -> None:
    served, folders, dsn = place
    by, code = REFUSED[name]
    file = f"{name.replace(' ', '-')}.jsonl"
    folders.leave_file(file, [build_commitment(f"NOT-{code}")], by=by)
    await wait_for_log(served, "refused", file)
    problem = folders.read_result(f"{file}.problem.json")
    assert problem["code"] == code
    assert await _read_trail(dsn, file) == [("MIN-09", "drop folder", code)]
    assert {file, f"{file}.sig"} <= folders.list_plain_names("rejected")
    assert not folders.list_names("in") & {file, f"{file}.sig"}
    assert f"{file}.receipt.json" not in folders.list_names("out")
    query = "select from submission where file_name = $1"
    assert await fetch(dsn, query, file) == []


@pytest.mark.parametrize(
    "content", [b"reference;kind\n", b'{"envelope": {}}\n', to_jsonl([build_commitment("R")])]
)
async def test_a_signer_that_sends_nothing_stores_no_file(content: bytes, place: Place) -> None:
    """A file without lines would be a submission with an empty batch."""
    served, folders, dsn = place
    count = "select (select count(*) from batch) as batches, (select count(*) from submission) as submissions"
    before = await fetch(dsn, count)
    file = f"read-{len(content)}.{'csv' if b';' in content else 'jsonl'}"
    folders.leave_file(file, content, by=READER)
    await wait_for_log(served, "refused", file)
    assert folders.read_result(f"{file}.problem.json")["code"] == "role-not-held"
    assert await _read_trail(dsn, file) == [("MIN-09", "drop folder", "role-not-held")]
    assert {file, f"{file}.sig"} <= folders.list_plain_names("rejected")
    assert await fetch(dsn, count) == before


async def test_all_wrong_signatures_get_the_same_answer(place: Place) -> None:
    _, folders, _ = place
    files = [f"{name.replace(' ', '-')}.jsonl" for name, (_, code) in REFUSED.items() if "sig" in code]
    answers = {(folders.base / f"out/{file}.problem.json").read_bytes() for file in files}
    assert len(files) == 5
    assert len(answers) == 1


async def test_a_signer_may_only_send_acts_in_its_perimeter(place: Place) -> None:
    served, folders, _ = place
    folders.leave_file("narrow.jsonl", [{**build_commitment("N1"), **ELSEWHERE}], by=NARROW)
    await wait_for_log(served, "answered", "narrow.jsonl")
    assert folders.read_result("narrow.jsonl.receipt.json")["receipt"]["accepted"]["lines"] == 1


FAULTS: dict[str, tuple[dict[str, str], bytes, str]] = {
    "other-sender.jsonl": ({"sender": OTHER}, to_jsonl([build_commitment("O1")]), "wrong-sender"),
    "inside.jsonl": (
        {},
        b'{"envelope": {"sender": "MIN-12"}}\n' + to_jsonl([build_commitment("O2")]),
        "wrong-sender",
    ),
    "count.jsonl": ({"count": "2"}, to_jsonl([build_commitment("O3")]), "envelope-mismatch"),
    "hash.jsonl": ({"sha256": "0" * 64}, to_jsonl([build_commitment("O4")]), "envelope-mismatch"),
    "key.jsonl": ({"colour": "red"}, to_jsonl([build_commitment("O5")]), "format-unknown"),
    "cut.jsonl": ({}, to_jsonl([build_commitment("O6")])[:-9], "file-unreadable"),
    "empty.jsonl": ({}, b"", "file-unreadable"),
    "page.html": ({}, b"<html>", "format-unknown"),
    "odd.arrow": ({}, build_odd_file(pa.string()), "file-unreadable"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_whole_refusal_states_place_and_remedy(name: str, place: Place) -> None:
    served, folders, dsn = place
    finding, content, code = FAULTS[name]
    folders.leave_file(name, content, manifest=finding)
    await wait_for_log(served, "refused", name)
    problem = folders.read_result(f"{name}.problem.json")
    assert problem["code"] == code
    if code != "wrong-sender":
        assert problem["where"]
        assert problem["found"]
        assert problem["remedy"]
    assert await _read_trail(dsn, name) == [("MIN-09", "drop folder", code)]
    assert name in folders.list_plain_names("rejected")


async def test_a_corrected_file_replaces_its_problem(place: Place) -> None:
    served, folders, _ = place
    folders.leave_file("later.jsonl", b"{")
    await wait_for_log(served, "refused", "later.jsonl")
    folders.leave_file("later.jsonl", [build_commitment("LATER")])
    await wait_for_log(served, "answered", "later.jsonl")
    assert "later.jsonl.problem.json" not in folders.list_names("out")
    assert "later.jsonl.receipt.json" in folders.list_names("out")


async def test_unfinished_files_are_left_alone(place: Place) -> None:
    served, folders, dsn = place
    for name in ("a.jsonl.part", ".b.jsonl", "c.jsonl.filepart", "d.jsonl.tmp"):
        (folders.incoming / name).write_bytes(b"half of")
    (folders.incoming / "waits.jsonl").write_bytes(to_jsonl([build_commitment("WAITS")]))
    folders.leave_file("behind.jsonl", [build_commitment("BEHIND")])
    await wait_for_log(served, "answered", "behind.jsonl")
    assert {
        "a.jsonl.part",
        ".b.jsonl",
        "c.jsonl.filepart",
        "d.jsonl.tmp",
        "waits.jsonl",
    } <= folders.list_names("in")
    (folders.incoming / "waits.jsonl.sig").write_bytes(
        MINE.sign((folders.incoming / "waits.jsonl").read_bytes())
    )
    await wait_for_log(served, "answered", "waits.jsonl")
    assert await fetch(dsn, "select from entry where reference = 'WAITS'")


async def test_a_signature_may_be_text(place: Place) -> None:
    served, folders, _ = place
    text = to_jsonl([build_commitment("TEXT")])
    folders.leave_file("text.jsonl", text, by=None)
    (folders.incoming / "text.jsonl.sig").write_bytes(base64.encodebytes(MINE.sign(text)))
    await wait_for_log(served, "answered", "text.jsonl")


# --------------------------------------------------------------------------------------------- hostile

NAMES = {
    "huge": b"h" * 250 + b".csv",
    "newline": b"new\nline.jsonl",
    "escape": b"\x1b[2Jcls.jsonl",
    "not UTF-8": b"\xff\xfe.jsonl",
    "upwards": b"x..%2f..%2fetc%2fpasswd\x07",
    "an option": b"-rf.jsonl",
    "right to left": "\u202elnosj.exe".encode(),
    "SQL": b"'; drop table entry; --\x01",
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_bad_name_only_refuses_its_file(name: str, place: Place) -> None:
    served, folders, _ = place
    name, path = os.fsdecode(NAMES[name]), folders.incoming / os.fsdecode(NAMES[name])
    path.write_bytes(to_jsonl([build_commitment("NAMED")]))
    await wait_for_log(served, "refused", to_safe_name(name))
    assert folders.read_result(f"{to_safe_name(name)}.problem.json")["code"] == "format-unknown"
    assert to_safe_name(name) in folders.list_plain_names("rejected")
    assert name not in folders.list_names("in")


async def test_only_regular_files_are_taken(place: Place, tmp_path: Path) -> None:
    served, folders, _ = place
    secret = tmp_path / "secret.jsonl"
    secret.write_bytes(to_jsonl([build_commitment("SECRET")]))
    (folders.incoming / "link.jsonl").symlink_to(secret)
    (folders.incoming / "dangling.jsonl").symlink_to(tmp_path / "nothing")
    os.mkfifo(folders.incoming / "pipe.jsonl")
    (folders.incoming / "folder.jsonl").mkdir()
    (folders.incoming / "folder.jsonl" / "deep").write_bytes(b"x")
    names = {"link.jsonl", "dangling.jsonl", "pipe.jsonl", "folder.jsonl"}
    for name in names:
        await wait_for_log(served, "refused", name)
        assert folders.read_result(f"{name}.problem.json")["code"] == "file-unreadable"
    assert names <= folders.list_plain_names("rejected")
    assert secret.read_bytes() == to_jsonl([build_commitment("SECRET")])


async def test_a_signature_or_manifest_that_is_a_link_is_not_followed(place: Place, tmp_path: Path) -> None:
    served, folders, _ = place
    text = to_jsonl([build_commitment("LINKED")])
    (tmp_path / "sig").write_bytes(MINE.sign(text))
    folders.leave_file("linked.jsonl", text, by=None)
    (folders.incoming / "linked.jsonl.sig").symlink_to(tmp_path / "sig")
    await wait_for_log(served, "refused", "linked.jsonl")
    assert folders.read_result("linked.jsonl.problem.json")["code"] == "file-unreadable"
    folders.leave_file("manifest.jsonl", text, by=None)
    (folders.incoming / "manifest.jsonl.manifest.json").symlink_to("/etc/passwd")
    (folders.incoming / "manifest.jsonl.sig").write_bytes(MINE.sign(text))
    await wait_for_log(served, "refused", "manifest.jsonl")
    assert "root" not in str(folders.read_result("manifest.jsonl.problem.json"))


async def test_results_are_not_written_through_links(place: Place, tmp_path: Path) -> None:
    served, folders, _ = place
    target = tmp_path / "target"
    target.write_text("untouched")
    for name in (".led.jsonl.receipt.json.part", "led.jsonl.receipt.json"):
        (folders.base / "out" / name).symlink_to(target)
    folders.leave_file("led.jsonl", [build_commitment("LED")])
    await wait_for_log(served, "answered", "led.jsonl")
    assert target.read_text() == "untouched"
    assert folders.read_result("led.jsonl.receipt.json")["state"] == "decided"


async def test_a_folder_that_is_a_link_is_not_entered(place: Place, tmp_path: Path) -> None:
    served, folders, _ = place
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root = folders.base.parent
    (root / "MIN-77").mkdir()
    (root / "MIN-77" / "in").symlink_to(elsewhere)
    (root / "MIN-78").symlink_to(elsewhere)
    (root / "not a sender!").mkdir()
    await served.wait_for_log('"event":"drop folder waits"', '"sender":"MIN-77"')
    assert list(elsewhere.iterdir()) == []
    assert list((root / "not a sender!").iterdir()) == []
    # and no other sender is delayed by it
    folders.leave_file("beside.jsonl", [build_commitment("BESIDE")])
    await wait_for_log(served, "answered", "beside.jsonl")
    (root / "MIN-77" / "in").unlink()


async def test_a_sender_without_a_signer_is_refused(place: Place) -> None:
    served, folders, dsn = place
    unknown = create_folders(folders.base.parent, "MIN-55")
    unknown.leave_file("unknown.jsonl", [build_commitment("UNKNOWN")], by=STRANGE)
    await wait_for_log(served, "refused", "unknown.jsonl")
    assert unknown.read_result("unknown.jsonl.problem.json")["code"] == "signer-unknown"
    assert await _read_trail(dsn, "unknown.jsonl") == [("MIN-55", "drop folder", "signer-unknown")]
    assert await fetch(dsn, "select from submission where sender = 'MIN-55'") == []


async def test_the_service_counted_no_failure(place: Place) -> None:
    served, _, dsn = place
    assert not [line for line in served.log_lines if "Traceback" in line or "drop failed" in line]
    figures = await fetch(dsn, "select count(*) from drop_taken")
    async with served.client() as client:
        metrics = (await client.get("/metrics")).text
    assert f'crescendo_drop_files_total{{outcome="taken"}} {figures[0]["count"]:.1f}' in metrics
    assert (
        await fetch(dsn, "select from drop_taken where taken not in (select taken from drop_answered)") == []
    )
