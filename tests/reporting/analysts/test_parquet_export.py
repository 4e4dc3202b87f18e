"""The export of a year to Parquet: what readers see, what the manifest proves, and what an interruption leaves."""

from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pandas as pd
import pyarrow.parquet as pq
import pytest

from core.reference.files import SAMPLE_FOLDER
from posting.store.analyst_roles import PERSONAL_VIEWS
from reporting import code_labels, report_queries
from reporting.analysts import parquet_export
from reporting.analysts.export_folder import MANIFEST, ExportFolder, FolderInUse, Manifest
from reporting.analysts.parquet_export import ExportRequest, export_year, hash_file
from reporting.analysts.refresh import refresh_views
from reporting.analysts.view_streams import ExportRefused
from tests.databases import open_connection
from tests.reporting.analysts.analyst_roles import AnalystRoles, Connection

YEAR = 2018
ENTRIES = 500


async def export(connection: Connection, folder: Path, **values: Any) -> Manifest:
    request = ExportRequest(YEAR, folder, entries_at_once=ENTRIES, **values)
    return (await export_year(connection, request)).read_manifest()


def read_files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


async def test_the_manifest_counts_and_proves_every_file(views: Connection, tmp_path: Path) -> None:
    manifest = await export(views, tmp_path / "year")
    names = {name for name in read_files(tmp_path / "year") if name != MANIFEST}
    assert {file.path for file in manifest.files} == names
    for file in manifest.files:
        path = tmp_path / "year" / file.path
        table = pq.read_table(path)
        assert (file.rows, file.bytes, file.sha256) == (
            *(table.num_rows, path.stat().st_size, hash_file(path)),
        )
        assert file.sums == {name: sum(table.column(name).to_pylist()) for name in file.sums}
    lines = manifest.views["journal_line"]
    assert (
        lines.sums["debit_cents"]
        == lines.sums["credit_cents"]
        == manifest.views["balance"].sums["debit_cents"]
    )
    assert lines.rows > 0


async def test_months_have_folders_and_columns_their_meaning(views: Connection, tmp_path: Path) -> None:
    await export(views, tmp_path)
    for path in (tmp_path / "journal_line").glob("*/*.parquet"):
        table = pq.read_table(path)
        months = {
            f"{row['exercise']}-{row['month']:02}" for row in table.select(["exercise", "month"]).to_pylist()
        }
        assert months == {path.parent.name}
        assert table.schema.field("debit_cents").metadata[b"unit"] == b"cents of euro"
        assert b"(d\xc3\xa9bit)" in table.schema.field("debit_cents").metadata[b"comment"]
        assert all(field.metadata[b"comment"] for field in table.schema)
    assert len({path.parent for path in (tmp_path / "journal_line").glob("*/*.parquet")}) >= 12


async def test_duckdb_reads_what_the_views_show(views: Connection, tmp_path: Path) -> None:
    manifest = await export(views, tmp_path)
    with duckdb.connect() as database:
        for name, view in manifest.views.items():
            count = f"select count(*) from read_parquet('{tmp_path}/{name}/**/*.parquet')"
            assert database.execute(count).fetchall() == [(view.rows,)]
        months = database.execute(f"""
            select month, sum(debit_cents), sum(credit_cents) from read_parquet('{tmp_path}/journal_line/**/*.parquet')
            group by month order by month""").fetchall()
    rows = await views.fetch(
        "select month, sum(debit_cents), sum(credit_cents) from analysis_v1.balance where exercise = $1 group by 1 order by 1",
        YEAR,
    )
    assert months == [tuple(row) for row in rows]


async def test_pandas_reads_a_view_without_cleaning(views: Connection, tmp_path: Path) -> None:

    manifest = await export(views, tmp_path)
    frame = pd.read_parquet(tmp_path / "balance")
    assert frame["debit_cents"].to_numpy().sum() == manifest.views["balance"].sums["debit_cents"]
    assert str(frame["debit_cents"].dtype) == "int64"
    assert all(isinstance(code, str) for code in frame["account"])


async def test_names_are_exported_only_on_request_by_a_role_that_may(
    roles: AnalystRoles, tmp_path: Path
) -> None:
    async with open_connection(roles.plain) as plain:
        manifest = await export(plain, tmp_path / "plain")
        assert not set(PERSONAL_VIEWS) & manifest.views.keys()
        with pytest.raises(ExportRefused, match="may not read names"):
            await export(plain, tmp_path / "refused", with_names=True)
    assert not (tmp_path / "refused").exists()
    async with open_connection(roles.with_names) as auditor:
        assert not set(PERSONAL_VIEWS) & (await export(auditor, tmp_path / "auditor")).views.keys()
        manifest = await export(auditor, tmp_path / "names", with_names=True)
        assert manifest.views["third_party_name"].rows > 0
        iban = str(await auditor.fetchval("select iban from analysis_v1.third_party_name limit 1")).encode()
    assert not any(iban in content for content in read_files(tmp_path / "plain").values())


async def test_an_interrupted_export_goes_on_to_the_same_files(
    views: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await export(views, tmp_path / "whole")
    parts, stream = list[str](), parquet_export.stream_view

    async def fail_at_the_fifth(connection: Any, view: Any, work: Any, *, condition: str) -> None:
        parts.append(f"{view.name} {condition}")
        if len(parts) == 5:
            raise ConnectionError("the server is gone")
        await stream(connection, view, work, condition=condition)

    monkeypatch.setattr(parquet_export, "stream_view", fail_at_the_fifth)
    with pytest.raises(ConnectionError):
        await export(views, tmp_path / "cut")
    assert not (tmp_path / "cut" / MANIFEST).exists()
    assert not list((tmp_path / "cut").rglob("*.part"))
    before = len(parts)
    await export(views, tmp_path / "cut")
    assert read_files(tmp_path / "cut") == read_files(tmp_path / "whole")
    assert (
        len(set(parts[before:]) & set(parts[: before - 1])) <= 1
    )  # the views without entries share a condition
    parts.clear()
    await export(views, tmp_path / "cut")
    assert parts == []


async def test_the_files_do_not_depend_on_the_plan(
    views: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planner joins otherwise once it has other statistics."""
    await export(views, tmp_path / "hashed")
    settings = "set local enable_hashjoin = off; set local work_mem = '64kB'; set local enable_hashagg = off"
    monkeypatch.setitem(report_queries.SQL, "export_settings", settings)
    await export(views, tmp_path / "merged")
    assert read_files(tmp_path / "merged") == read_files(tmp_path / "hashed")


async def test_an_export_that_ended_in_its_first_part_goes_on(
    views: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is killed leaves the file that it was writing."""

    async def leave_a_file(*_: Any, **__: Any) -> None:
        (tmp_path / "act").mkdir(exist_ok=True)
        (tmp_path / "act" / "act-000000.parquet.part").write_bytes(b"PAR1")
        raise ConnectionError("the server is gone")

    with monkeypatch.context() as patch:
        patch.setattr(parquet_export, "stream_view", leave_a_file)
        with pytest.raises(ConnectionError):
            await export(views, tmp_path)
    assert (await export(views, tmp_path)).files


async def test_a_refresh_replaces_the_export(analyst_dsn: str, views: Connection, tmp_path: Path) -> None:
    """A refresh may change titles that the files of an earlier part state; one that changes nothing leaves them."""
    before = await export(views, tmp_path)
    assert (await export(views, tmp_path)).head == before.head
    async with open_connection(analyst_dsn) as connection:
        await refresh_views(connection, code_labels.load(SAMPLE_FOLDER))
        assert (await export(views, tmp_path)).head == before.head
        await connection.execute("update analyst_kind set title = upper(title)")
        await refresh_views(connection, code_labels.load(SAMPLE_FOLDER))
    after = await export(views, tmp_path)
    assert before.head.refreshed_at < after.head.refreshed_at
    assert after.head == msgspec.structs.replace(before.head, refreshed_at=after.head.refreshed_at)


async def test_another_year_replaces_the_export(views: Connection, tmp_path: Path) -> None:
    """A year of which the ledger has nothing is refused, and leaves the folder as it is."""
    before = await export(views, tmp_path)
    with pytest.raises(ExportRefused, match=f"nothing of {YEAR + 9}: it has {YEAR}"):
        await export_year(views, ExportRequest(YEAR + 9, tmp_path))
    assert (tmp_path / MANIFEST).exists()
    other = msgspec.structs.replace(before.head, year=YEAR + 1)
    assert not ExportFolder.open(tmp_path, other).is_complete
    assert read_files(tmp_path).keys() == {"progress.json"}
    manifest = await export(views, tmp_path)
    assert manifest.head == before.head
    assert {file.path for file in manifest.files} == read_files(tmp_path).keys() - {MANIFEST}


async def test_a_folder_with_other_files_is_left_alone(views: Connection, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FolderInUse, match="no export"):
        await export(views, tmp_path)
    (tmp_path / "notes.txt").unlink()
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(FolderInUse, match="not that of an export"):
        await export(views, tmp_path)
    assert read_files(tmp_path) == {MANIFEST: b"{}"}


async def test_what_was_posted_since_the_refresh_is_not_exported_by_halves(
    views: Connection, tmp_path: Path
) -> None:
    with pytest.raises(ExportRefused, match="--ledger demands other"):
        await export(views, tmp_path, ledger="other")
    transaction = views.transaction()
    await transaction.start()
    try:
        await views.execute("set local session_replication_role = replica")
        await views.execute("delete from analyst_refresh")
        with pytest.raises(ExportRefused, match="crescendo analysts refresh first"):
            await parquet_export.read_state(views)
    finally:
        await transaction.rollback()
