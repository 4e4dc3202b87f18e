"""Which ledger a command works on: questions never create one, and a start may demand one by its name."""

from pathlib import Path

import pytest

from service.cli.main import run_command
from tests.databases import open_connection
from tests.service.command_line import run_crescendo
from tests.service.database_servers import SMALL_SETTINGS, run_embedded_server
from tests.service.http.running_service import run_service

pytestmark = pytest.mark.usefixtures("restore_logs")

A_FILE = "README.md"
"""A file that exists, as commands look at their files before they look for the ledger."""
NO_CREATION = (
    ("db", "status"),
    ("db", "migrate"),
    ("db", "dsn"),
    ("report", "budget"),
    ("report", "proof", "--batch", "1"),
    ("explain", "A-1"),
    ("verify",),
    ("pay", "list"),
    ("pay", "show", "1"),
    ("pay", "propose", "--as", "Alice", "--until", "2018-06-30"),
    ("pay", "issue", "1", "--as", "Alice"),
    ("pay", "interest"),
    ("bank", "status"),
    ("bank", "unmatched"),
    ("bank", "import", A_FILE),
    ("access", "list"),
    ("access", "trust"),
    ("access", "create", "MIN-09", "--role", "auditor"),
    ("access", "signer", "list"),
    ("run", "--dry-run", A_FILE),
    ("run", "--existing", A_FILE),
    ("run", "--ledger", "prod", A_FILE),
    ("serve", "--existing", "--port", "0"),
    ("serve", "--ledger", "prod", "--port", "0"),
)
"""Commands that never create a ledger."""


@pytest.mark.parametrize("words", NO_CREATION, ids=" ".join)
def test_a_missing_folder_is_named_and_stays_missing(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "wrong" / "path"
    assert run_command([*words, "--data", str(missing)]) == 3
    assert f"{missing} contains no ledger" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


EMPTY_ALLOWED = {("db", "dsn"), ("db", "status")}
"""Commands that show an empty database as it is."""


@pytest.mark.parametrize(
    "words", [words for words in NO_CREATION if words not in EMPTY_ALLOWED], ids=" ".join
)
def test_an_empty_database_is_a_missing_ledger(
    words: tuple[str, ...], dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command([*words, "--database", dsn, "--data", str(tmp_path / "data")]) == 3
    error = capsys.readouterr().err
    assert "contains no ledger" in error
    assert "secret" not in error


async def test_the_status_of_an_empty_database_creates_nothing(dsn: str, tmp_path: Path) -> None:
    result = await run_crescendo("db", "status", "--database", dsn, "--data", tmp_path)
    assert (result.code, result.out) == (
        0,
        "There is no ledger: call crescendo db create, or process files, to create one.\n",
    )
    async with open_connection(dsn) as connection:
        assert await connection.fetchval("select count(*) from pg_class where relname = 'engine'") == 0


async def test_a_created_ledger_knows_its_name_and_number(tmp_path: Path) -> None:
    place = ("--data", tmp_path / "data")
    created = await run_crescendo("db", "create", "--name", "state-2018", "--number", "07", *place)
    assert created.code == 0
    assert created.out == f"Created ledger state-2018, number 07, in {tmp_path / 'data'}.\n"
    status = await run_crescendo("db", "status", *place)
    assert "ledger           state-2018, number 07\n" in status.out
    again = await run_crescendo("db", "create", "--name", "other", "--number", "08", *place)
    assert again.code == 3
    assert "contains the ledger state-2018, number 07 already" in again.err
    right = await run_crescendo("run", "--ledger", "state-2018", "--existing", *place)
    assert right.code == 0
    assert "new ledger" not in right.out + right.err
    wrong = await run_crescendo("serve", *place, environment={"CRESCENDO_LEDGER": "state-2019"})
    assert wrong.code == 3
    assert "state-2018, number 07, and the ledger state-2019 is demanded" in wrong.err


async def test_a_given_database_is_a_ledger_with_a_name(dsn: str, tmp_path: Path) -> None:
    place = ("--database", dsn, "--data", tmp_path)
    created = await run_crescendo("db", "create", "--name", "a", "--number", "99", *place, "--json")
    assert created.json() == {"ledger": "a", "number": 99}
    status = (await run_crescendo("db", "status", *place, "--json")).json()
    assert (status["ledger"], status["number"]) == ("a", 99)
    for words in (("run",), ("serve", "--port", "0"), ("verify",), ("access", "list"), ("db", "migrate")):
        refused = await run_crescendo(*words, *place, environment={"CRESCENDO_LEDGER": "b"})
        assert (refused.code, "contains the ledger a, number 99, and the ledger b" in refused.err) == (
            3,
            True,
        )


@pytest.mark.parametrize(
    ("name", "number", "message"),
    [
        ("", "01", "--name"),
        ("-a", "01", "--name"),
        ("no spaces", "01", "--name"),
        ("x" * 64, "01", "1 to 63"),
        ("a'; drop table entry", "01", "--name"),
        ("a", "1", "two digits"),
        ("a", "100", "two digits"),
        ("a", "-1", "--number"),
        ("a", "\u0660\u0661", "two digits"),
    ],
)
def test_names_and_numbers_have_limits(
    name: str, number: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["db", "create", f"--name={name}", f"--number={number}", "--data", str(tmp_path / "data")]
    assert run_command(words) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_two_names_of_one_ledger_must_agree(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "db",
        "create",
        "--name",
        "a",
        "--number",
        "01",
        "--ledger",
        "b",
        "--data",
        str(tmp_path / "data"),
    ]
    assert run_command(words) == 2
    assert "--ledger demands b" in capsys.readouterr().err


async def test_run_says_first_that_it_creates_a_ledger(tmp_path: Path) -> None:
    place = ("--data", tmp_path / "Mes données")
    first = await run_crescendo("run", *place)
    assert first.code == 0
    assert (
        first.out.splitlines()[0]
        == f"This is a new ledger: Mes-donn-es, number 01, in {tmp_path / 'Mes données'}."
    )
    second = await run_crescendo("run", *place)
    assert "new ledger" not in second.out + second.err


async def test_run_says_so_beside_a_json_document_and_for_a_database(dsn: str, tmp_path: Path) -> None:
    first = await run_crescendo("run", "--database", dsn, "--data", tmp_path, "--json")
    assert first.json()["batch"] == 0
    assert first.err.startswith(
        f"This is a new ledger: {dsn.rpartition('/')[2]}, number 01, in the database "
    )
    assert "@" not in first.err.splitlines()[0]


async def test_serve_says_first_that_it_creates_a_ledger(tmp_path: Path) -> None:
    async with run_service(None, tmp_path / "data") as service:
        assert service.log_lines[0] == f"This is a new ledger: data, number 01, in {tmp_path / 'data'}.\n"


async def test_a_cluster_without_a_ledger_is_a_missing_one(tmp_path: Path) -> None:
    """As a kill leaves it between the creation of the cluster and that of the ledger."""
    data = tmp_path / "data"
    async with run_embedded_server(data, SMALL_SETTINGS):
        pass
    missing = await run_crescendo("report", "budget", "--data", data)
    assert missing.code == 3
    assert "contains no ledger" in missing.err
    assert (await run_crescendo("run", "--existing", "--data", data)).code == 3
    created = await run_crescendo("db", "create", "--name", "a", "--number", "01", "--data", data)
    assert (created.code, "number 01" in created.out) == (0, True)
