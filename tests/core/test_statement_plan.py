"""The lines of the statements: which line an account stands on, and every fault of the two files."""

from pathlib import Path

import pytest

from core import statement_plan
from core.errors import ReferenceDataError
from core.statement_plan import NO_PLAN, PrintedLine, Section

_LINES = """line,section,label,adds,source
A1,asset,Créances,,ours
A9,asset,Total actif,A1,ours
L1,liability,Dettes,,ours
L9,liability,Total passif,L1,ours
"""
_WORDS = """words,accounts,side,line,source
Tiers,,debit,A1,ours
Tiers,,credit,L1,ours
Tiers,409,,A1,ours
"""


def write_files(folder: Path, lines: str = _LINES, words: str = _WORDS) -> Path:
    (folder / "statements.csv").write_text(lines)
    (folder / "statement_words.csv").write_text(words)
    return folder


def test_the_side_and_the_first_digits_decide_on_the_line(tmp_path: Path) -> None:
    plan = statement_plan.load(write_files(tmp_path))
    assert plan.lines[1] == PrintedLine("A9", Section.ASSET, "Total actif", ((1, "A1"),))
    assert plan.find_line("Tiers", "4011100000", 5) == "A1"
    assert plan.find_line("Tiers", "4011100000", -5) == "L1"
    assert plan.find_line("Tiers", "4091000000", -5) == "A1"
    assert plan.find_line("Stocks", "3200000000", 5) == ""


def test_a_year_without_files_has_no_line(tmp_path: Path) -> None:
    plan = statement_plan.load(tmp_path)
    assert plan == NO_PLAN
    assert plan.find_line("Tiers", "4011100000", 5) == ""


@pytest.mark.parametrize(
    ("changed", "row", "finding"),
    [
        ("lines", "A1,asset,Stocks,,ours", "line 'A1' is listed twice"),
        ("lines", "A2,asset,Stocks,,", "no source"),
        ("lines", "A2,actif,Stocks,,ours", "unknown section 'actif'"),
        ("lines", "A2,asset,,,ours", "no label"),
        ("lines", "A2,asset,Total,A2,ours", "total A2 adds 'A2', itself or no line"),
        ("lines", "A2,asset,Total,-A3,ours", "total A2 adds 'A3', itself or no line"),
        ("lines", "A2,asset,Total,A3,ours\nA3,asset,Total,A2,ours", "adds 'A2', itself or no line"),
        ("words", "Stocks,,,A9,ours", "'A9' is no line"),
        ("words", "Stocks,,,A7,ours", "'A7' is no line"),
        ("words", "Stocks,,left,A1,ours", "'left' no side"),
        ("words", "Tiers,,debit,L1,ours", "same words, digits and side"),
        ("words", "Tiers,,,L1,ours", "same words, digits and side"),
    ],
)
def test_every_fault_is_named(changed: str, row: str, finding: str, tmp_path: Path) -> None:
    texts = {"lines": _LINES, "words": _WORDS}
    texts[changed] += f"{row}\n"
    with pytest.raises(ReferenceDataError, match=finding):
        statement_plan.load(write_files(tmp_path, **texts))
