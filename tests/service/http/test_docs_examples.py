"""The examples of README and of the pages of docs, run as they stand, on the ledger of the demonstration."""

import asyncio
import os
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.service.command_line import ROOT, run_crescendo

PAGES = {
    **{name: ROOT.joinpath(f"docs/{name}.md").read_text() for name in ("service", "client", "format")},
    "readme": ROOT.joinpath("README.md").read_text(),
}
PROGRAM = f"""#!/bin/sh
PYTHONPATH={ROOT} exec {sys.executable} -c 'from service.cli.main import main; main()' "$@"
"""


def find_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def list_blocks(page: str, language: str) -> list[str]:
    """Return the examples of a page in one language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like that of Crescendo after ``make demo``."""
    folder = tmp_path_factory.mktemp("home")
    program = folder / ".venv/bin/crescendo"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM)
    program.chmod(0o755)
    asyncio.run(_process_demo(folder / "crescendo-demo"))
    return folder


async def _process_demo(folder: Path) -> None:
    result = await run_crescendo("demo", "--folder", folder)
    assert result.code == 0, result.err


async def run_script(lines: str, home: Path, port: int) -> str:
    """Run a script of examples in one shell, on a free port, and return its output; each command must succeed."""
    script = f"set -euo pipefail\ntrap 'kill ${{SERVICE:-}} 2>/dev/null || true; wait' EXIT\n{lines}"
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", script.replace("8000", str(port))),
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, f"{out.decode()}\n{err.decode()}"
    return out.decode()


def mark_blocks(blocks: list[str]) -> str:
    return "".join(f"echo; echo '--- block {number}'\n{block}" for number, block in enumerate(blocks))


def split_blocks(output: str) -> Mapping[int, str]:
    parts = re.split(r"^--- block (\d+)$", output, flags=re.MULTILINE)[1:]
    return {int(number): text for number, text in zip(parts[::2], parts[1::2], strict=True)}


async def test_the_examples_of_the_service_work(home: Path) -> None:
    blocks = list_blocks("service", "sh")
    outputs = split_blocks(await run_script(mark_blocks(blocks), home, find_free_port()))
    assert len(outputs) == len(blocks)
    page = "\n".join(outputs.values())
    assert '"state":"decided"' in page
    assert "FUND_CENTRE_UNKNOWN" in page
    assert "201 Created" in page
    assert re.search(r"upload-offset: 30000", page)
    assert '"outcome":"accepted"' in page
    assert "MIN-09 is no longer paused" in page


async def test_the_example_of_the_format_is_accepted(home: Path) -> None:
    (acts,) = list_blocks("format", "csv")
    home.joinpath("mine.csv").write_text(acts)
    call = ".venv/bin/crescendo run mine.csv --sender MINE --data crescendo-demo/data"
    assert call in PAGES["format"]
    receipt = await run_script(f"{call} --json\n", home, find_free_port())
    assert re.search(r'"accepted": \{\s+"lines": 1,', receipt)


async def test_the_examples_of_the_readme_work(home: Path) -> None:
    (acts,) = list_blocks("readme", "csv")
    home.joinpath("own.csv").write_text(acts)
    (calls,) = [block for block in list_blocks("readme", "sh") if "mine.csv" in block]
    output = await run_script(calls.replace("mine.csv", "own.csv"), home, find_free_port())
    assert re.search(r"own\.csv +2 +1 +1 ", output)
    assert "line 2  MINE-2  AE_EXCEEDED" in output
    assert "No credits are opened yet" not in output


async def test_the_example_of_the_client_works(home: Path) -> None:
    start = next(block for block in list_blocks("service", "sh") if "serve --port" in block)
    (acts,), program = list_blocks("client", "csv"), list_blocks("client", "python")[0]
    home.joinpath("acts.csv").write_text(acts)
    home.joinpath("example.py").write_text(program)
    call = f"export CRESCENDO_URL=http://127.0.0.1:8000\n{sys.executable} example.py\n"
    lines = (await run_script(start + call, home, find_free_port())).splitlines()
    assert any(line.endswith("1 accepted, 1 refused") for line in lines)
    assert any("EJ-2018-000018 FUND_CENTRE_UNKNOWN" in line for line in lines)
    assert lines[-1] == "accepted EJ-2018-000019"
