"""Wrong usage: each command looks at its files and options before it creates anything, and ends with exit code 2."""

import os
from pathlib import Path

import pytest

from tests.service.command_line import run_crescendo

KEY = "abcdefghijkm-1234"


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    path = tmp_path / "acts.csv"
    path.write_text("reference,kind,exercise,date\nR1,third_party,2018,2018-01-02\n")
    return path


# --------------------------------------------------------------------------------------------- files


@pytest.mark.parametrize("words", [("run",), ("run", "--dry-run"), ("run", "--again")])
async def test_a_missing_file_stops_the_run_before_a_ledger_is_created(
    words: tuple[str, ...], csv_file: Path, tmp_path: Path
) -> None:
    paths = (csv_file, tmp_path / "nofile.csv", "--sender", "MIN-09")
    result = await run_crescendo(*words, *paths, "--data", tmp_path / "data")
    assert result.code == 2
    assert f"{tmp_path / 'nofile.csv'}: there is no such file" in result.err
    assert "new ledger" not in result.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("run",),
        ("submit", "--key", KEY),
        ("bank", "import"),
        ("generate", "answers", "--out", "answers"),
        ("access", "signer", "add", "S", "--role", "budget_directorate", "--programme", "0177", "--key"),
        ("access", "bind", KEY, "--certificate"),
        ("serve", "--port", "0", "--tls-key", "key.pem", "--tls-cert"),
        ("db", "status", "--config"),
        ("bench", "load", "--url", "http://127.0.0.1:1", "--keys"),
        ("submit", "README.md", "--key", KEY, "--url", "https://127.0.0.1:1", "--ca"),
    ],
)
async def test_a_folder_in_the_place_of_a_file_is_wrong_usage(words: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "months"
    folder.mkdir()
    environment = {"CRESCENDO_DATA": str(tmp_path / "data")}
    result = await run_crescendo(*words, folder, environment=environment)
    assert result.code == 2, result.err
    assert f"{folder}: it is a folder, and a file is expected" in result.err
    assert "Errno" not in result.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("generate", "year", "--acts", "1000", "--out"),
        ("generate", "payments", "--out"),
        ("demo", "--folder"),
    ],
)
async def test_a_file_in_the_place_of_a_folder_is_wrong_usage(
    words: tuple[str, ...], csv_file: Path, tmp_path: Path
) -> None:
    result = await run_crescendo(*words, csv_file / "year")
    assert result.code == 2
    assert f"{csv_file} is a file" in result.err


@pytest.mark.parametrize("words", [("bank", "import"), ("generate", "answers", "--out", "answers")])
async def test_missing_files_are_wrong_usage(words: tuple[str, ...], tmp_path: Path) -> None:
    environment = {"CRESCENDO_DATA": str(tmp_path / "data")}
    missing = (tmp_path / "nofile.xml", tmp_path / "no-other.xml")
    result = await run_crescendo(*words, *missing, environment=environment)
    assert result.code == 2
    assert all(f"{path}: there is no such file" in result.err for path in missing)
    assert not (tmp_path / "data").exists()


async def test_a_file_that_is_not_readable_is_wrong_usage(csv_file: Path, tmp_path: Path) -> None:
    csv_file.chmod(0)
    words = ("run", csv_file, "--sender", "MIN-09", "--data", tmp_path / "data")
    result = await run_crescendo(*words)
    if os.geteuid():
        assert result.code == 2
        assert "permission denied" in result.err
    else:  # root reads every file
        assert result.code == 0


# --------------------------------------------------------------------------------------------- senders


async def test_a_file_without_a_sender_stops_the_run_before_a_ledger_is_created(
    csv_file: Path, tmp_path: Path
) -> None:
    result = await run_crescendo("run", csv_file, "--data", tmp_path / "data")
    assert result.code == 2
    assert f"{csv_file}: neither the file nor {csv_file.name}.manifest.json states its sender" in result.err
    assert "--sender" in result.err
    assert not (tmp_path / "data").exists()


async def test_a_manifest_states_the_sender(csv_file: Path, tmp_path: Path) -> None:
    (tmp_path / f"{csv_file.name}.manifest.json").write_text('{"sender": "MIN-09"}')
    result = await run_crescendo("run", csv_file, "--data", tmp_path / "data")
    assert result.code == 0, result.err


async def test_a_reserved_sender_stops_the_run_before_a_ledger_is_created(
    csv_file: Path, tmp_path: Path
) -> None:
    result = await run_crescendo("run", csv_file, "--sender", "treasury", "--data", tmp_path / "data")
    assert result.code == 2
    assert "--sender: Its sender is treasury" in result.err
    assert not (tmp_path / "data").exists()


# --------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("serve", "--port", "0", "--rate", "0"), "--rate"),
        (("serve", "--port", "0", "--uploads-max", "0"), "--uploads-max"),
        (("serve", "--port", "0", "--file-bytes-max", "0"), "--file-bytes-max"),
        (("bank", "unmatched", "--items", "-1"), "--items"),
        (("bank", "import"), "name at least one file"),
        (("generate", "answers", "--out", "answers"), "name at least one payment file"),
        (("generate", "payments", "--out", "payments", "--seed", "-1"), "--seed"),
        (("report", "budget", "--batch", "-1"), "--batch"),
        (("report", "budget", "--year", "1800"), "--year"),
        (("report", "refusals", "--submission", "99999999999"), "--submission"),
        (("report", "proof", "--batch", "-1"), "--batch"),
        (("pay", "show", "0"), "RUN"),
        (("pay", "show", "1", "--lines", "-5"), "--lines"),
        (("top", "--once", "--url", "http://host:99999"), "is not the address of a service"),
        (("submit", "README.md", "--key", KEY, "--url", "http://host:1x"), "is not the address of a service"),
        (("submit", "README.md", "--key", "clé€"), "the API key"),
        (("bench", "load", "--url", "http://host:99999", "--keys", "README.md"), "is not the address"),
        (("bench", "pain001", "--transfers", "0"), "--transfers"),
    ],
)
async def test_a_value_that_an_option_cannot_have_is_wrong_usage(
    words: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    result = await run_crescendo(*words, environment={"CRESCENDO_DATA": str(tmp_path / "data")})
    assert result.code == 2, result.err
    assert message in result.err
    assert not (tmp_path / "data").exists()


async def test_a_file_in_the_place_of_the_data_folder_is_wrong_usage(csv_file: Path) -> None:
    for command in (("run",), ("db", "status"), ("serve", "--port", "0")):
        result = await run_crescendo(*command, "--data", csv_file)
        assert result.code == 2
        assert f"{csv_file} is a file" in result.err


async def test_a_drop_folder_that_does_not_exist_is_not_created(tmp_path: Path) -> None:
    data, drop = tmp_path / "data", tmp_path / "drpo"
    result = await run_crescendo("serve", "--port", "0", "--drop", drop, "--data", data)
    assert result.code == 2
    assert f"--drop {drop}: there is no such folder" in result.err
    assert f"mkdir -p {drop}" in result.err
    assert not drop.exists()
    assert not data.exists()


@pytest.mark.parametrize(
    ("words", "command"),
    [(("nosuch",), "crescendo"), (("access", "resume", "treasury"), "crescendo access resume")],
)
async def test_wrong_usage_names_the_help_of_its_command(words: tuple[str, ...], command: str) -> None:
    result = await run_crescendo(*words)
    assert result.code == 2
    assert result.err.endswith(f"Try {command} --help.\n")
