"""Senders of files that commands are given: reserved names, the kinds of our own senders, and the role of the accountant."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path

import asyncpg
import pyarrow as pa
import pytest

from core.errors import SenderForbidden
from core.senders import (
    ACCOUNTANT_SETTLEMENTS,
    CONTROLLER_KINDS,
    DIRECTORATE_KINDS,
    INVOICE_SERVICE_KINDS,
    RESERVED_SENDERS,
    SENDER_OF_KIND,
)
from core.stage_timing import StageTimes
from ingest.queue.admission import Admission
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.queue.sender_rules import SenderCheck
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.store.journal_store import PostgresStore
from tests.databases import open_connection
from tests.file_strategies import REFERENCE, Row

_ACT: Row = {
    "reference": "A-1",
    "exercise": "2018",
    "date": "2018-05-02",
    "amount": "1.00",
    "predecessor": "@1",
}
_DIGEST = "decode(repeat('00', 32), 'hex')"


def _write_file(folder: Path, *kinds: str) -> Path:
    path = folder / "acts.jsonl"
    rows = [_ACT | {"kind": kind, "reference": f"A-{number}"} for number, kind in enumerate(kinds)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def _receive(folder: Path, sender: str, *kinds: str) -> tuple[Spool, SpooledFile]:
    spool, path = Spool(folder / "spool"), _write_file(folder, *kinds)
    return spool, spool.receive(path, path.name, Envelope(sender=sender))


async def _admit(
    dsn: str, folder: Path, sender: str, kinds: Sequence[str], *, is_internal: bool = False
) -> int:
    async with PostgresStore(dsn).own_lease("test") as store:
        spool, spooled = _receive(folder, sender, *kinds)
        admission = Admission(spool, store, StageTimes())
        return (await admission.admit(spooled, is_internal=is_internal)).number


def _list_originals(folder: Path) -> list[Path]:
    return [*(folder / "spool").glob("*/*/original")]


@pytest.mark.parametrize("sender", sorted(RESERVED_SENDERS))
async def test_a_reserved_name_is_refused_from_outside(sender: str, dsn: str, tmp_path: Path) -> None:
    with pytest.raises(SenderForbidden, match="reserved"):
        await _admit(dsn, tmp_path, sender, ["commitment"])
    assert _list_originals(tmp_path) == []
    assert await _admit(dsn, tmp_path, sender, ["commitment"], is_internal=True) == 1
    with pytest.raises(SenderForbidden, match="reserved"):  # although the same bytes are a submission
        await _admit(dsn, tmp_path, sender, ["commitment"])
    assert len(_list_originals(tmp_path)) == 1


@pytest.mark.parametrize("kind", sorted(SENDER_OF_KIND))
async def test_our_own_kinds_are_refused_from_any_other_sender(kind: str, dsn: str, tmp_path: Path) -> None:
    await _grant_role(dsn, "key", "accountant")
    for sender in ("accountant", "ministry"):
        with pytest.raises(SenderForbidden, match=f"{kind}, which only the sender {SENDER_OF_KIND[kind]}"):
            await _admit(dsn, tmp_path, sender, ["commitment", kind])
    for other in sorted(set(SENDER_OF_KIND.values()) - {SENDER_OF_KIND[kind]}):
        with pytest.raises(SenderForbidden, match=f"only the sender {SENDER_OF_KIND[kind]}"):
            await _admit(dsn, tmp_path, other, [kind], is_internal=True)
    assert _list_originals(tmp_path) == []
    assert await _admit(dsn, tmp_path, SENDER_OF_KIND[kind], [kind], is_internal=True) == 1


_HOLDERS = {
    "key": f"insert into access_key (key, sender, digest, roles, programmes, label, expires_at)"
    f" values ('k', $1, {_DIGEST}, $2, '{{}}', '', $3)",
    "system": "insert into access_grant (issuer, subject, sender, roles, programmes, expires_at)"
    " values ('state', 'chorus', $1, $2, '{}', $3)",
    "signer": "insert into signer (signer, sender, public_key, roles, programmes, language, pain002, valid_from, expires_at)"
    f" values ('s', $1, {_DIGEST}, $2, '{{}}', 'en', false, '2018-01-01', $3)",
}
_ENDS = {
    "key": "insert into access_key_end values ('k', '')",
    "system": "insert into access_grant_end select access_grant, '' from access_grant",
    "signer": "insert into signer_end values ('s', '')",
}


def _list_pairs(kinds: Collection[str]) -> list[tuple[str, str]]:
    """Return each kind with a holder, and each holder with a kind: neither rule reads the other's part."""
    first, *others = sorted(kinds)
    return [*((first, holder) for holder in _HOLDERS), *((kind, "key") for kind in others)]


async def _grant_role(
    dsn: str, holder: str, sender: str, role: str = "assigned_accountant", expires: str = "infinity"
) -> None:
    async with PostgresStore(dsn).own_lease("test"), open_connection(dsn) as connection:  # the lease migrates
        await _insert_issuer(connection)
        query = _HOLDERS[holder].replace("$3", f"'{expires}'")
        await connection.execute(query, sender, [role])


async def _insert_issuer(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "insert into access_issuer values ('state', 'https://id.example', 'us', 'sub', '') on conflict do nothing"
    )


@pytest.mark.parametrize(("kind", "holder"), _list_pairs(ACCOUNTANT_SETTLEMENTS))
async def test_a_debt_is_settled_by_a_sender_with_the_role_of_the_accountant(
    kind: str, holder: str, dsn: str, tmp_path: Path
) -> None:
    with pytest.raises(SenderForbidden, match="crescendo access create SENDER --role assigned_accountant"):
        await _admit(dsn, tmp_path, "MIN-09", [kind])
    await _grant_role(dsn, holder, "MIN-12")
    with pytest.raises(SenderForbidden, match=f"{kind}, and the sender MIN-09"):
        await _admit(dsn, tmp_path, "MIN-09", [kind])
    assert await _admit(dsn, tmp_path, "MIN-12", [kind]) == 1
    async with open_connection(dsn) as connection:
        await connection.execute(_ENDS[holder])
    with pytest.raises(SenderForbidden, match=f"{kind}, and the sender MIN-12"):
        await _admit(dsn, tmp_path / "other", "MIN-12", ["commitment", kind])


@pytest.mark.parametrize("holder", _HOLDERS)
async def test_an_expired_or_another_role_does_not_count(holder: str, dsn: str, tmp_path: Path) -> None:
    await _grant_role(dsn, holder, "MIN-09", expires="2018-06-01")
    with pytest.raises(SenderForbidden):
        await _admit(dsn, tmp_path, "MIN-09", ["void"])


async def test_an_authorising_officer_settles_no_debt(dsn: str, tmp_path: Path) -> None:
    await _grant_role(dsn, "key", "MIN-09", role="authorising_officer")
    with pytest.raises(SenderForbidden):
        await _admit(dsn, tmp_path, "MIN-09", ["set_off"])
    with pytest.raises(SenderForbidden):
        await _admit(dsn, tmp_path, "MIN-09", ["receipt"])
    assert await _admit(dsn, tmp_path, "MIN-09", ["payment_request_rejection", "attachment"]) == 1


@pytest.mark.parametrize(("kind", "holder"), _list_pairs(INVOICE_SERVICE_KINDS))
async def test_what_is_certified_is_requested_by_a_sender_with_the_role_of_an_invoice_service(
    kind: str, holder: str, dsn: str, tmp_path: Path
) -> None:
    """The role of an accountant is not enough, and the database gives it to no sender that orders."""
    with pytest.raises(SenderForbidden, match="crescendo access create SENDER --role invoice_service"):
        await _admit(dsn, tmp_path, "MIN-09", [kind])
    await _grant_role(dsn, "key" if holder == "signer" else "signer", "DRFIP")
    with pytest.raises(SenderForbidden, match=f"{kind}, and the sender DRFIP"):
        await _admit(dsn, tmp_path / "accountant", "DRFIP", [kind])
    await _grant_role(dsn, holder, "SFACT", role="invoice_service")
    assert await _admit(dsn, tmp_path, "SFACT", [kind]) == 1


@pytest.mark.parametrize(("kind", "holder"), _list_pairs(CONTROLLER_KINDS))
async def test_a_visa_is_decided_by_a_sender_with_the_role_of_the_controller(
    kind: str, holder: str, dsn: str, tmp_path: Path
) -> None:
    with pytest.raises(SenderForbidden, match="crescendo access create SENDER --role budget_controller"):
        await _admit(dsn, tmp_path, "MIN-09", [kind])
    await _grant_role(dsn, holder, "CBCM", role="budget_controller")
    assert await _admit(dsn, tmp_path, "CBCM", [kind]) == 1
    of_officer = ["visa_request", "tacit_visa", "commitment_with_visa"]
    assert await _admit(dsn, tmp_path / "officer", "MIN-09", of_officer) == 2


@pytest.mark.parametrize(("kind", "holder"), _list_pairs(DIRECTORATE_KINDS))
async def test_credits_are_opened_and_cancelled_by_the_budget_directorate_once_it_has_a_key(
    kind: str, holder: str, dsn: str, tmp_path: Path
) -> None:
    assert await _admit(dsn, tmp_path / "before", "MIN-09", [kind]) == 1
    await _grant_role(dsn, holder, "DB", role="budget_directorate")
    with pytest.raises(SenderForbidden, match="crescendo access create SENDER --role budget_directorate"):
        await _admit(dsn, tmp_path / "after", "MIN-09", [kind, kind])
    assert await _admit(dsn, tmp_path, "DB", [kind]) == 2
    async with open_connection(dsn) as connection:
        await connection.execute(_ENDS[holder])
    with pytest.raises(SenderForbidden, match=f"{kind}, and the sender MIN-09"):
        await _admit(dsn, tmp_path / "ended", "MIN-09", [kind, kind])


async def test_an_unfinished_submission_of_our_own_is_decided_after_a_restart(
    dsn: str, tmp_path: Path
) -> None:
    """It was registered and not decided when the command was killed; the next command names no file."""
    number = await _admit(dsn, tmp_path, "treasury", ["payment"], is_internal=True)
    async with PostgresStore(dsn).own_lease("test") as store:
        feed = FileFeed(ProcessingRequest([]), Spool(tmp_path / "spool"), store)
        await Pipeline(store, ReferenceData.load(REFERENCE)).run(feed)
        assert (feed.processed, feed.rejected) == ([number], [])
    async with open_connection(dsn) as connection:
        assert (
            await connection.fetchval("select sender from submission where submission = $1", number)
            == "treasury"
        )
        assert await connection.fetchval("select count(*) from refusal where submission = $1", number) == 1


def test_a_kind_that_no_line_has_is_not_refused() -> None:
    """The dictionary of a column may list more kinds than its lines have."""
    check = SenderCheck("ministry", "acts.parquet", frozenset())
    kinds = pa.DictionaryArray.from_arrays(pa.array([0, None, 0]), pa.array(["commitment", "payment"]))
    check.check_lines(pa.RecordBatch.from_pydict({"kind": kinds}))
    with pytest.raises(SenderForbidden, match="payment"):
        check.check_lines(
            pa.RecordBatch.from_pydict({"kind": kinds.dictionary_decode().fill_null("payment")})
        )
    check.check_lines(pa.RecordBatch.from_pydict({"reference": ["A-1"]}))
