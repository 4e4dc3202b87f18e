"""Compare the model and the engine on random years: ``python -m tests.law_model.compare --years 2 --first 1``."""

import argparse
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count
from pathlib import Path

from tests.embedded_servers import run_server
from tests.law_model.engine_run import EngineRun, Figures, start_engine
from tests.law_model.generator import ActFile, generate_year
from tests.law_model.interface import read_kinds
from tests.law_model.model import LawModel, LineResult
from tests.law_model.nomenclature import read_reference
from tests.law_model.rules import Rules, read_rules
from tests.law_model.two_years import write_reference
from tests.law_model.year_context import FIRST_DAY

_numbers = count()
LAST_DAY = date(2019, 12, 31)


@dataclass
class Comparison:
    """What was compared in a year, and where model and engine differ."""

    seed: int
    codes: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    """The accepted acts by kind."""
    advances: int = 0
    """The accepted acts that took AE of the next year."""


def compare_year(server: str, folder: Path, seed: int, acts: int, rules: Rules | None = None) -> Comparison:
    """Run one year through both, line by line, and compare both budgets and all accounts at its end.

    The year ends with the first file that differs: what follows from a difference is not told apart.
    """
    home = folder / f"seed_{seed}_{next(_numbers)}"
    home.mkdir()
    files, comparison = write_reference(home, seed), Comparison(seed)
    model = LawModel(read_reference(files), rules or read_rules())
    with start_engine(server, home, files) as engine:
        for file in generate_year(model, seed, acts):
            _compare_decisions(model, engine, file, comparison)
            _compare_step(engine, file, comparison)
            results = model.submit(file.rows, file.sender)
            comparison.codes.update(result.code for result in results)
            comparison.kinds.update(
                row["kind"] for row, result in zip(file.rows, results, strict=True) if result.number
            )
            _compare_lines(file, results, engine.submit(file.rows, file.sender), comparison)
            if comparison.differences:
                return comparison
            engine.pair_entries(results)
        _compare_nodes(model, engine, comparison)
        _compare_titles(model, engine, comparison)
        _compare_accounts(model, engine, comparison)
        comparison.advances = sum(document.anticipates for document in model.state.documents)
    return comparison


def _compare_decisions(model: LawModel, engine: EngineRun, file: ActFile, comparison: Comparison) -> None:
    """Let both decide about months, and compare what they allow."""
    for decision in file.decisions:
        expected, is_allowed = model.decide_period(decision), engine.decide_period(decision)
        comparison.decisions[f"{decision.action} {'allowed' if expected else 'refused'}"] += 1
        if is_allowed != expected:
            comparison.differences.append(f"{decision}: model {expected}, engine {is_allowed}")


def _compare_step(engine: EngineRun, file: ActFile, comparison: Comparison) -> None:
    """Compare what the model carries with what the closing would, line by line."""
    if not file.step:
        return
    year, day = FIRST_DAY.year, date.fromisoformat(file.rows[0]["date"]) if file.rows else LAST_DAY
    sets = [
        {tuple(sorted(row.items())) for row in rows}
        for rows in (file.rows, engine.list_step(file.step, year, day))
    ]
    for name, own, others in (("model", *sets), ("closing", *reversed(sets))):
        comparison.differences += [f"{file.step} {name} alone: {dict(row)}" for row in sorted(own - others)]


def _compare_lines(
    file: ActFile, results: Sequence[LineResult], codes: Sequence[str], comparison: Comparison
) -> None:
    for row, result, code in zip(file.rows, results, codes, strict=True):
        if code in result.breaches - {result.code}:
            comparison.orders[f"{result.code} before {code}"] += 1
        elif result.code != code:
            act = f"{file.sender} {row}"
            comparison.differences.append(f"model {result.code}, engine {code}: {act}")


def _compare_nodes(model: LawModel, engine: EngineRun, comparison: Comparison) -> None:
    budget = model.state.budget
    for key in sorted({*budget.nodes, *budget.withdrawn}):
        node = budget.nodes[key]
        expected = (node.ae.available, node.cp.available, node.ae.consumed, node.cp.consumed)
        expected = (*expected, node.ae.consumed - budget.withdrawn[key])
        figures = engine.read_node(key, model.state.reference)
        if figures != expected:
            comparison.differences.append(f"node {key}: model {expected}, engine {figures}")


def _compare_titles(model: LawModel, engine: EngineRun, comparison: Comparison) -> None:
    """Compare what finance laws opened on each title, and what was committed in advance on it."""
    budget = model.state.budget
    expected = {
        tuple(key): (budget.title_openings[key], budget.anticipated[key])
        for key in {*budget.title_openings, *budget.anticipated}
        if key.title
    }
    _compare_figures("title", expected, engine.read_titles(), comparison)


def _compare_accounts(model: LawModel, engine: EngineRun, comparison: Comparison) -> None:
    """Compare debit and credit of each account, of each accountant in each exercise."""
    debits, credits_ = model.state.debits, model.state.credits
    expected = {tuple(key): (debits[key], credits_[key]) for key in {*debits, *credits_}}
    _compare_figures("account", expected, engine.read_accounts(), comparison)


def _compare_figures(name: str, expected: Figures, figures: Figures, comparison: Comparison) -> None:
    for key in sorted({*expected, *figures}, key=str):
        pair = expected.get(key, (0, 0)), figures.get(key, (0, 0))
        if pair[0] != pair[1]:
            comparison.differences.append(f"{name} {key}: model {pair[0]}, engine {pair[1]}")


def compare_years(years: int, first: int, acts: int) -> int:
    """Compare many years; print the differences and a summary, and return the number of years that differ."""
    codes: Counter[str] = Counter()
    orders: Counter[str] = Counter()
    decisions: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    different = 0
    with tempfile.TemporaryDirectory() as folder, run_server(Path(folder) / "server") as server:
        for seed in range(first, first + years):
            comparison = compare_year(server, Path(folder), seed, acts)
            codes += comparison.codes
            orders += comparison.orders
            decisions += comparison.decisions
            kinds += comparison.kinds
            different += bool(comparison.differences)
            _print_year(comparison)
    print(f"{years} years of {acts} acts, seeds {first} to {first + years - 1}: {different} differ")
    print(", ".join(f"{code} {number}" for code, number in codes.most_common()))
    never = sorted(set(read_kinds()) - set(kinds))
    print(f"{len(kinds)} kinds were accepted; never: {' '.join(never)}")
    print("months:", ", ".join(f"{decision} {number}" for decision, number in decisions.most_common()))
    for order, number in orders.most_common():
        print(f"another order of two codes that both fit: the page has {order}: {number} lines")
    return different


def _print_year(comparison: Comparison) -> None:
    print(f"seed {comparison.seed}: {sum(comparison.codes.values())} lines", flush=True)
    for difference in comparison.differences:
        print(f"  {difference}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the options and compare; end with 1 if a year differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=2)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--acts", type=int, default=2_000)
    options = parser.parse_args(arguments)
    warnings.simplefilter(
        "ignore", RuntimeWarning
    )  # the kernels may run interpreted, where integers wrap loudly
    return 1 if compare_years(options.years, options.first, options.acts) else 0


if __name__ == "__main__":
    sys.exit(main())
