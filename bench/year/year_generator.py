"""The State's year as files: third parties, budget, then the acts of each month and sender.

``generate_year(DIR, Year(seed=1))`` writes 10.1 million payment request lines, of which those that are paid are worth 223
billion euros, spread over programmes and items as in the finance bill of 2018, with the budgets, commitments and services
they need, programmes that run out of credits, and acts that must be refused.  The same year gives the same bytes each time,
and the names of its files sort in order of submission.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from bench.year import flat_columns, sampling
from bench.year.act_files import WRITERS, Envelope, write_file
from bench.year.line_arrays import LineArrays
from bench.year.sampling import YearSample
from bench.year.spending_mixture import ACTS, PAYEES
from bench.year.spending_units import Codes
from bench.year.third_parties import build_third_parties, count_refusals
from core import chart, nomenclature
from core.catalog import CATALOG
from core.outcome_codes import Outcome
from core.reference.files import SAMPLE_FOLDER

SENDERS_MAX = 15
_PAYEES_MIN = 50
_OCTOBER = 9

ReportProgress = Callable[[int, int, str], None]
"""Receives the lines written, all lines, and the name of the file just written."""


@dataclass(frozen=True, slots=True)
class Year:
    """The parameters of a year: the same ones give the same files.  ``formats`` are used in turn, file by file."""

    seed: int = 1
    acts: int = ACTS
    """Payment request lines; budgets, commitments and payees follow in proportion."""
    senders: int = 5
    formats: tuple[str, ...] = ("parquet",)
    anticipates: bool = True
    """Whether credits of the next year are committed from 1 November on."""

    def __post_init__(self) -> None:
        supported = [suffix[1:] for suffix in WRITERS]
        if self.acts < 1_000:
            raise ValueError(f"--acts is {self.acts}, and must be at least 1,000")
        if not 1 <= self.senders <= SENDERS_MAX:
            raise ValueError(
                f"--senders is {self.senders}, and must be 1 to {SENDERS_MAX}, because a ministry has one sender"
            )
        if not self.formats or not set(self.formats) <= set(supported):
            raise ValueError(
                f"--format is {', '.join(self.formats)}, and each of the formats must be one of {', '.join(supported)}"
            )


class _YearFile(NamedTuple):
    name: str
    sender: str
    table: pa.Table
    kinds: Counter[str]
    faults: Counter[str]


def ignore_progress(done: int, total: int, label: str) -> None:
    """Ignore the progress."""


def generate_year(out: Path, year: Year, progress: ReportProgress = ignore_progress) -> dict[str, Any]:
    """Write the files of ``year`` and ``summary.json`` into ``out``; return the summary.

    ``summary["faults"]`` counts the lines that must be refused, by code.  Refusals for lack of credits, and of the acts
    that follow those, are not counted: they depend on the decisions.
    """
    out.mkdir(parents=True, exist_ok=True)
    payees = count_payees(year.acts)
    progress(0, 0, "the year")
    sample = sampling.draw_year(
        load_codes(),
        seed=year.seed,
        acts=year.acts,
        senders=year.senders,
        payees=payees,
        anticipates=year.anticipates,
    )
    files: list[dict[str, Any]] = []
    kinds: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    total, done = sample.line_count + payees + sum(count_refusals(payees).values()), 0
    for number, file in enumerate(_build_files(sample, year.senders)):
        path = out / f"{file.name}.{year.formats[number % len(year.formats)]}"
        envelope = write_file(file.table, path, file.sender)
        kinds, faults, done = kinds + file.kinds, faults + file.faults, done + envelope.lines
        files.append(_describe_file(path, envelope))
        progress(done, total, path.name)
    summary = {
        "year": {**asdict(year), "payees": payees},
        "rows": done,
        "kinds": dict(kinds),
        "faults": dict(faults),
        **_count_repeats(sample),
        "files": files,
    }
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
    return summary


def load_codes() -> Codes:
    """Load the codes of the sample."""
    codes = nomenclature.load(SAMPLE_FOLDER / "2018")
    return Codes(codes, chart.load(SAMPLE_FOLDER / "2018", codes))


def count_payees(acts: int) -> int:
    """Return the number of payees of a year of ``acts`` payment request lines."""
    return max(_PAYEES_MIN, PAYEES * acts // ACTS)


def _describe_file(path: Path, envelope: Envelope) -> dict[str, Any]:
    return {
        "name": path.name,
        "sender": envelope.sender,
        "rows": envelope.lines,
        "control_sum": envelope.control_sum,
    }


def _count_repeats(sample: YearSample) -> dict[str, int]:
    differs = sample.spending.copies.differs
    return {
        "duplicates": int((~differs).sum()),
        "conflicts": int(differs.sum()),
        "before_their_predecessor": len(sample.early.row),
    }


def _build_files(sample: YearSample, senders: int) -> Iterator[_YearFile]:
    """Build the files in order of submission."""
    table = build_third_parties(sample.payees)
    faults = Counter({code.name: count for code, count in count_refusals(sample.payees).items()})
    yield _YearFile("00-third-parties", "THIRD-PARTIES", table, Counter(third_party=table.num_rows), faults)
    yield _build_file("01-budget", "BUDGET", sample.budget.opening, sample=sample)
    for month in range(12):
        if month == _OCTOBER and len(sample.budget.redeployment.day):
            yield _build_file("2018-10-BUDGET", "BUDGET", sample.budget.redeployment, sample=sample)
        for sender in range(senders):
            lines = sampling.build_lines(sample, month * senders + sender)
            if len(lines.day):
                name = f"MIN-{sender + 1:02}"
                yield _build_file(f"2018-{month + 1:02}-{name}", name, lines, sample=sample)


def _build_file(name: str, sender: str, lines: LineArrays, *, sample: YearSample) -> _YearFile:
    kinds = np.bincount(lines.kind, minlength=len(CATALOG))
    faults = np.bincount(lines.fault, minlength=max(Outcome) + 1)
    return _YearFile(
        name,
        sender,
        flat_columns.build_table(lines, sample.texts, sample.payees),
        Counter({kind.name: int(count) for kind, count in zip(CATALOG, kinds, strict=True) if count}),
        Counter({code.name: int(faults[code]) for code in Outcome if code and faults[code]}),
    )
