"""The files of a generated year, and those of its budget for the next year."""

import json
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from bench.engine_command import Command
from bench.year import act_files
from bench.year.year_generator import Year

BUDGET_FILE = "01-budget.parquet"
_DAYS_A_YEAR = 365


def generate_files(command: Command, year: Year, out: Path) -> dict[str, Any]:
    """Generate the files in a process of its own; return their summary.

    The system counts a program's peak memory from that of the process that started it, so this process must stay small.
    """
    extent = ["--seed", str(year.seed), "--acts", str(year.acts), "--senders", str(year.senders)]
    formats = [word for name in year.formats for word in ("--format", name)]
    words = [*command.words, "generate", "year", *extent, *formats, "--out", str(out), "--json"]
    # no time limit: it computes, and the benchmark may be stopped with Ctrl-C
    return json.loads(subprocess.run(words, stdout=subprocess.PIPE, check=True).stdout)


def write_next_budget(folder: Path, out: Path) -> Path:
    """Write the budget acts of January once more, for the next year; return their file."""
    table = parquet.read_table(folder / BUDGET_FILE)
    exercise = pc.call_function("add", [table["exercise"], pa.scalar(1, pa.int32())])
    day = pc.call_function("add", [table["date"], pa.scalar(timedelta(_DAYS_A_YEAR))]).cast(pa.date32())
    sender = table.schema.metadata[b"crescendo.sender"].decode()
    for name, column in (("exercise", exercise), ("date", day)):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), column)
    path = out / "next-budget.parquet"
    act_files.write_file(table.replace_schema_metadata(None), path, sender)
    return path
