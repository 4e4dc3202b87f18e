"""A data folder of another user, as a copy may be: the message names the owner, the present user, and what to do."""

import asyncio
import os
import pwd
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from core.errors import DatabaseUnfit
from service.configuration import file_owners
from service.database.cluster import lock_data_folder
from service.database.embedded_server import run_embedded_server
from tests.service.database_servers import ROOT, SMALL_SETTINGS, find_cluster

# Import what the command needs, change to the user, then run the command: the user may not read the environment.
COMMAND_AS_USER = """
import os, pwd, sys
import uvloop
from service.cli import db
from service.cli.main import run_command
from service.configuration import file_owners
from service.database import command_queries
run_command(["db", "status", "--help"])
user = pwd.getpwnam(sys.argv[1])
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid)
sys.exit(run_command(sys.argv[2:]))
"""


async def _run_as(user: str, *words: str | Path) -> tuple[int | None, str]:
    command = (sys.executable, "-c", COMMAND_AS_USER, user, *map(str, words))
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE, stderr=PIPE)
    _, errors = await process.communicate()
    return process.returncode, errors.decode()


def _find_foreign_folder(tmp_path: Path) -> Path:
    """Return a data folder of root that another user may not enter."""
    if os.geteuid() != 0:
        return Path("/root")
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    for entered in (tmp_path, *tmp_path.parents):
        if entered.stat().st_uid == os.geteuid():
            entered.chmod(entered.stat().st_mode | 0o055)
    return folder


@pytest.mark.parametrize("words", [("db", "migrate"), ("db", "status")])
async def test_a_folder_of_another_user_is_named_with_both_users(
    words: tuple[str, str], tmp_path: Path
) -> None:
    folder = _find_foreign_folder(tmp_path)
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    code, errors = await _run_as(user.pw_name, *words, "--data", folder)
    assert code == 3, errors
    assert "Traceback" not in errors
    assert f"{folder} belongs to root (uid 0)" in errors
    assert f"this command runs as {user.pw_name} (uid {user.pw_uid})" in errors
    assert (
        f"run it as root, or as root give the files to this user: chown -R {user.pw_name}: {folder}" in errors
    )


async def test_a_cluster_that_was_copied_by_root_is_given_back(data: Path, tmp_path: Path) -> None:
    """``cp -r`` without ``-a`` makes root the owner, as whom PostgreSQL does not run."""
    async with run_embedded_server(data, SMALL_SETTINGS):
        pass
    user = find_cluster(data).user
    copy = shutil.copytree(data, tmp_path / "copy")
    if os.geteuid() != 0:  # an ordinary user's copy is that user's own
        async with run_embedded_server(copy, SMALL_SETTINGS):
            return
    with pytest.raises(DatabaseUnfit, match=r"belongs to root \(uid 0\)") as refusal:
        async with run_embedded_server(copy, SMALL_SETTINGS):
            pass
    advice = str(refusal.value)[str(refusal.value).index("chown") :]
    assert advice == f"chown -R {pwd.getpwuid(user.uid).pw_name}: {copy / 'postgres' / 'cluster'}"
    await (await asyncio.create_subprocess_exec(*advice.split())).wait()
    async with run_embedded_server(copy, SMALL_SETTINGS):
        pass


def test_an_own_file_without_permission_needs_its_permission_only(tmp_path: Path) -> None:
    text = file_owners.describe_denial(tmp_path / "missing" / "file")
    assert text.endswith(f"chmod u+rwX {tmp_path}")
    assert file_owners.format_user(2**31) == f"uid {2**31}"


LOCKING = """
import sys
from pathlib import Path
from service.database.cluster import lock_data_folder
with lock_data_folder(Path(sys.argv[-1])):
    print("locked", flush=True)
    sys.stdin.read()
"""


async def test_a_folder_in_use_is_named_with_the_command_that_uses_it(tmp_path: Path) -> None:
    """Its options stay out of the message: an address may contain a password."""
    words = ("run", "acts.csv", "--database", "postgresql://u:secret@host/db", tmp_path / "data")
    owner = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LOCKING, *map(str, words)), cwd=ROOT, stdin=PIPE, stdout=PIPE
    )
    assert owner.stdin
    assert owner.stdout
    assert await owner.stdout.readline() == b"locked\n"
    with pytest.raises(DatabaseUnfit) as refused, lock_data_folder(tmp_path / "data"):
        pass
    owner.stdin.close()
    await owner.wait()
    assert str(refused.value) == (
        f"{tmp_path / 'data'} is in use by process {owner.pid} (crescendo run acts.csv)."
        " Wait until that process has ended, or stop it"
    )
