"""The walk of docs/persons.md, run as it stands by a shell: its files, its commands, and the output that it shows."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from tests.service.command_line import ROOT

PROGRAM = f"""#!/bin/sh
PYTHONPATH={ROOT} exec {sys.executable} -c 'from service.cli.main import main; main()' "$@"
"""
PAGE = ROOT.joinpath("docs/persons.md").read_text().partition("## Try it\n")[2].partition("\n## ")[0]


def list_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


async def run_script(script: str, folder: Path) -> str:
    """Run the commands in a folder that has what they name of the repository; return what they print."""
    (folder / "core").symlink_to(ROOT / "core")
    program = folder / ".venv/bin/crescendo"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    program.chmod(0o755)
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    process = await asyncio.create_subprocess_exec(
        *("sh", "-e", "-c", script), cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return output.decode()


async def test_the_walk_ends_as_the_page_says(tmp_path: Path) -> None:
    names = re.findall(r"these (?:lines )?as `([a-z]+\.csv)`", PAGE)
    files, (script,) = list_blocks("csv"), list_blocks("sh")
    assert len(names) == len(files) == 3
    for name, content in zip(names, files, strict=True):
        (tmp_path / name).write_text(content)
    printed = [" ".join(line.split()) for line in (await run_script(script, tmp_path)).splitlines()]
    expected = [" ".join(line.split()) for block in list_blocks("text") for line in block.splitlines()]
    assert len(expected) > 5
    assert [line for line in expected if line not in printed] == []
