"""Changed reference files: once the directory knows a person, an engine uses only those that an operator has accepted."""

import shutil
from pathlib import Path

import pytest

from core.errors import PersonNotProved, ReferenceDataError
from core.person_decisions import StatedPerson
from posting.book.registry import ReferenceData
from posting.store import reference_use
from posting.store.journal_store import PostgresStore
from posting.store.migrate import migrate
from posting.store.reference_use import Acceptance, RefusedAcceptance
from reporting.verification.verify import verify
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_with
from tests.proved_persons import LOGINS, OPERATOR, PERSONS, change_directory
from tests.reporting.journals import BUDGET
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes

_ALICE = StatedPerson("Alice", user="Alice")


def _write_reference(folder: Path, comment: str = "") -> ReferenceData:
    """Load a copy of the reference data whose payment rules end with a comment, which changes no rule."""
    if not folder.exists():
        shutil.copytree(REFERENCE, folder)
    rules = folder / "payments.toml"
    rules.write_text(REFERENCE.joinpath("payments.toml").read_text() + comment)
    return ReferenceData.load(folder)


async def _start(dsn: str, reference: ReferenceData) -> None:
    """Load the codes as every start of an engine does."""
    async with PostgresStore(dsn).own_lease("test") as store:
        await store.load_numbers(reference)


async def _accept(dsn: str, reference: ReferenceData, by: StatedPerson = OPERATOR) -> Acceptance:
    async with open_connection(dsn) as connection:
        return await reference_use.accept_files(connection, reference, reason="Nouveau plafond", by=by)


async def test_a_ledger_without_persons_uses_the_files_that_it_finds(dsn: str, tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    await _start(dsn, _write_reference(folder))
    await _start(dsn, _write_reference(folder, "# 2\n"))
    assert (await verify(dsn, folder=folder)).findings == []


async def test_changed_files_are_used_once_an_operator_has_accepted_them(dsn: str, tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    await _start(dsn, _write_reference(folder))
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    await _start(dsn, _write_reference(folder))
    changed = _write_reference(folder, "# 2\n")
    with pytest.raises(ReferenceDataError, match=r"payments\.toml changed .* Let an operator accept them"):
        await _start(dsn, changed)
    with pytest.raises(PersonNotProved, match="Alice is proved by the user Alice, and has no role operator"):
        await _accept(dsn, changed, by=_ALICE)
    assert await _accept(dsn, changed) == Acceptance(1, ["payments.toml"])
    await _start(dsn, changed)
    assert (await verify(dsn, folder=folder)).findings == []


async def test_an_acceptance_holds_for_one_change(dsn: str, tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    await _start(dsn, _write_reference(folder))
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    await _accept(dsn, changed := _write_reference(folder, "# 2\n"))
    await _start(dsn, changed)
    first = _write_reference(folder)
    with pytest.raises(ReferenceDataError):
        await _start(dsn, first)
    await _accept(dsn, first)
    await _start(dsn, first)
    with pytest.raises(ReferenceDataError):
        await _start(dsn, _write_reference(folder, "# 2\n"))


async def test_files_that_are_in_use_need_no_acceptance(dsn: str, tmp_path: Path) -> None:
    reference = _write_reference(tmp_path / "reference")
    async with open_connection(dsn) as connection:
        await migrate(connection)
    with pytest.raises(RefusedAcceptance, match="the first ones need no acceptance"):
        await _accept(dsn, reference)
    await _start(dsn, reference)
    with pytest.raises(RefusedAcceptance, match="nothing is to be accepted"):
        await _accept(dsn, reference)


@pytest.mark.parametrize(
    "breach",
    [
        "delete from reference_acceptance",
        "update reference_acceptance set digest = sha256('other')",
        "update reference_acceptance set at = now() + interval '1 hour'",
    ],
)
async def test_a_use_that_nobody_accepted_is_found(breach: str, dsn: str, tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    await process_with(_write_reference(folder), dsn, tmp_path, rows=BUDGET, sender="TREASURY")
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    await _accept(dsn, changed := _write_reference(folder, "# 2\n"))
    await _start(dsn, changed)
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(breach)
        await remake_hashes(connection)
    verification = await verify(dsn, folder=folder)
    assert list_hash_findings(verification) == []
    assert "reference_uses" in {finding.check for finding in verification.findings}
