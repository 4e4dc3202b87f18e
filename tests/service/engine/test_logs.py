"""The log of the service is one JSON object a line, also for what the layers below it report."""

import asyncio
import json
import sys

from tests.service.command_line import ROOT

PROGRAM = """
from core.errors import FileUnreadable
from core.reader_failures import refuse_on_failure
from service.engine.logs import log_to_standard_error

log_to_standard_error()
try:
    with refuse_on_failure("acts.csv"):
        [][7]
except FileUnreadable as error:
    print(error)
"""


async def test_the_traceback_of_a_reader_that_fails_is_in_the_log() -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, cwd=ROOT, stdout=pipe, stderr=pipe
    )
    out, err = await process.communicate()
    assert out.startswith(b"acts.csv: The reader failed: IndexError: list index out of range.")
    event = json.loads(err)
    assert event["event"] == "acts.csv is refused: its reader failed"
    assert (event["level"], event["logger"]) == ("error", "core.reader_failures")
    assert event["exception"].splitlines()[0].startswith("Traceback")
    assert event["exception"].splitlines()[-1] == "IndexError: list index out of range"
